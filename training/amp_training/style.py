"""The motion prior: the discriminator, its update, the replay of past windows.

Peng et al. 2021, "AMP: Adversarial Motion Priors for Stylized Physics-Based Character Control".
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Tuple

import torch
from torch import Tensor

from amp_training import workers
from amp_training.config import DiscriminatorConfig
from amp_training.elu_network import Layers, backward, forward, layers, slope_penalty
from amp_training.networks import Discriminator, adam
from amp_training.style_losses import prediction_loss, style_reward


def draw(rows: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """[n, size] of ``rows`` [m, size], drawn with replacement."""
    pick = torch.randint(0, len(rows), (n,), generator=generator, device=rows.device)
    return rows.index_select(0, pick)


class Replay:
    """Ring of past policy windows (raw)."""

    def __init__(self, capacity: int, size: int, generator: torch.Generator) -> None:
        self.data = torch.zeros(capacity, size, device=generator.device)
        self.filled = 0
        self.next = 0
        self._generator = generator

    def push(self, windows: Tensor) -> None:
        """Write [n, size] over the oldest entries."""
        windows = windows[-len(self.data) :]
        where = (self.next + torch.arange(len(windows), device=self.data.device)) % len(self.data)
        self.data[where] = windows
        self.next = int((self.next + len(windows)) % len(self.data))
        self.filled = min(len(self.data), self.filled + len(windows))

    def sample(self, n: int) -> Tensor:
        """[n, size] drawn with replacement."""
        return draw(self.data[: self.filled], n, self._generator)

    def state(self) -> Dict[str, Any]:
        """Content for a checkpoint."""
        return {"data": self.data[: self.filled].clone(), "next": self.next}

    def load_state(self, state: Dict[str, Any]) -> None:
        """Take the content back."""
        self.filled = len(state["data"])
        self.data[: self.filled] = state["data"]
        self.next = int(state["next"])


@dataclass(frozen=True)
class StyleStats:
    """Means over the updates of one iteration."""

    loss: float
    policy_logit: float
    demo_logit: float
    accuracy: float
    applied_share: float
    """Share of the updates that were not throttled."""


class MotionPrior:
    """Discriminator, its optimiser and the replay of the policy's past windows."""

    def __init__(
        self, size: int, config: DiscriminatorConfig, demos: Tensor, generator: torch.Generator
    ) -> None:
        self._config = config
        self._demos = demos
        self._generator = generator
        self.network = Discriminator(size, config.hidden, config.normalizer_samples).to(
            generator.device
        )
        self.replay = Replay(config.replay_capacity, size, generator)
        parameters = self.network.parameters()
        self.optimizer = adam(parameters, config.learning_rate, config.weight_decay)

    @torch.no_grad()
    def reward(self, windows: Tensor) -> Tuple[Tensor, Tensor]:
        """Style reward and logit of raw windows [n, size], both [n]."""
        logit = self.network(self.network.normalizer(windows))
        config = self._config
        reward = style_reward(logit, config.loss, config.reward_scale, config.wasserstein_eta)
        return reward, logit

    def schedule(self, samples: int) -> None:
        """Set the learning rate that belongs to ``samples`` environment steps, where it falls:
        geometrically, as the noise does."""
        config = self._config
        if config.final_learning_rate is None:
            return
        begin, end = config.learning_rate_decay
        share = min(1.0, max(0.0, (samples - begin) / (end - begin)))
        ratio = config.final_learning_rate / config.learning_rate
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * ratio**share

    def observe(self, windows: Tensor) -> None:
        """Take the statistics of policy windows [n, size] and of as many demonstrations."""
        self.network.normalizer.update(torch.cat((windows, self._draw_demos(len(windows)))))

    def update(self, windows: Tensor) -> StyleStats:
        """Train on raw windows [n, size] that end in no fall; then some go to the replay.

        Where every step ended in a fall there are none: then the replay alone is learned from, and
        without one nothing is (the figures are NaN).
        """
        if workers.agreed(not len(windows) and not self.replay.filled):
            return StyleStats(math.nan, math.nan, math.nan, math.nan, 0.0)
        totals, applied = torch.zeros(4, device=windows.device), 0
        for policy in self._batches(windows):
            figures, done = self._batch(policy, self._draw_demos(len(policy)))
            totals += figures
            applied += done
        pick = torch.randperm(len(windows), generator=self._generator, device=windows.device)
        self.replay.push(windows[pick[: self._config.replay_push]])
        updates = self._config.updates
        loss, policy_logit, demo_logit, accuracy = (totals / updates).tolist()
        return StyleStats(loss, policy_logit, demo_logit, accuracy, applied / updates)

    def _batch(self, policy: Tensor, demos: Tensor) -> Tuple[Tensor, bool]:
        """One step of the optimiser on raw policy windows [n, size] and as many demonstrations:
        loss, logits and accuracy [4], and whether it was not throttled."""
        network = layers(self.network.logit)
        # one forward pass for both: policy windows, then demonstrations
        values = forward(network, self.network.normalizer(torch.cat((policy, demos))))
        figures, slope = self._prediction(values[-1].squeeze(-1))
        if float(workers.mean(figures[0])) < self._config.throttle_loss:
            return figures, False
        weights = list(self.network.logit.parameters())
        for parameter, gradient in zip(weights, self._gradients(network, values, slope)):
            parameter.grad = gradient
        workers.average_gradients(weights)
        self.optimizer.step()
        return figures, True

    def _prediction(self, logit: Tensor) -> Tuple[Tensor, Tensor]:
        """Figures [4] of logits [2n] of policy windows and demonstrations, and the slope [2n] of
        their prediction loss."""
        logit.requires_grad_(True)
        negative, positive = logit.chunk(2)
        config = self._config
        loss = prediction_loss(negative, positive, config.loss, config.wasserstein_eta)
        (slope,) = torch.autograd.grad(loss, logit)
        with torch.no_grad():
            accuracy = 0.5 * ((negative < 0).float().mean() + (positive > 0).float().mean())
            return torch.stack((loss, negative.mean(), positive.mean(), accuracy)), slope

    def _gradients(self, network: Layers, values: List[Tensor], slope: Tensor) -> List[Tensor]:
        """Of the whole loss: prediction, gradient penalty and logit penalty. ``values`` are the
        layers of n policy windows and n demonstrations, ``slope`` is of ``_prediction``."""
        config, n = self._config, len(slope) // 2
        both = config.penalty_on == "both"
        rows = slice(0 if both else n, 2 * n)
        weight = config.gradient_penalty / (2 * n if both else n)
        through, curvatures = slope_penalty(network, [value[rows] for value in values], weight)
        gradients = backward(network, values, slope.unsqueeze(-1), curvatures, rows)
        for gradient, part in zip(gradients[::2], through):
            gradient += part
        gradients[-2] += 2.0 * config.logit_penalty * self.network.output_weight.detach()
        return gradients

    def _batches(self, windows: Tensor) -> Iterator[Tensor]:
        """``updates`` batches of policy windows, part of each from the replay."""
        config = self._config
        old = int(config.batch * config.replay_share) if self.replay.filled else 0
        if not len(windows):
            old = config.batch
        for _ in range(config.updates):
            new = config.batch - old
            parts = []
            if new:
                parts.append(draw(windows, new, self._generator))
            if old:
                parts.append(self.replay.sample(old))
            yield torch.cat(parts)

    def demonstrations_sha256(self) -> str:
        """Hash of the demonstration windows: a resumed run must learn from the same ones."""
        return hashlib.sha256(self._demos.cpu().numpy().tobytes()).hexdigest()

    def _draw_demos(self, n: int) -> Tensor:
        return draw(self._demos, n, self._generator)
