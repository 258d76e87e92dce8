"""The motion prior: the discriminator, its update, the replay of past windows.

Peng et al. 2021, "AMP: Adversarial Motion Priors for Stylized Physics-Based Character Control".
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any, Dict, Iterator, Tuple

import torch
from torch import Tensor

from amp_training import workers
from amp_training.config import DiscriminatorConfig
from amp_training.networks import Discriminator
from amp_training.style_losses import gradient_penalty, prediction_loss, style_reward


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
        self.optimizer = torch.optim.Adam(
            self.network.parameters(),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
        )

    @torch.no_grad()
    def reward(self, windows: Tensor) -> Tuple[Tensor, Tensor]:
        """Style reward and logit of raw windows [n, size], both [n]."""
        logit = self.network(self.network.normalizer(windows))
        config = self._config
        reward = style_reward(logit, config.loss, config.reward_scale, config.wasserstein_eta)
        return reward, logit

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
        normalize = self.network.normalizer
        weights = list(self.network.parameters())
        both = self._config.penalty_on == "both"
        for policy in self._batches(windows):
            # the penalty is of the same logits as the prediction: one forward pass for both
            demo = normalize(self._draw_demos(len(policy))).requires_grad_(True)
            policy = normalize(policy).requires_grad_(both)
            negative = self.network(policy)
            positive = self.network(demo)
            loss = prediction_loss(
                negative, positive, self._config.loss, self._config.wasserstein_eta
            )
            with torch.no_grad():
                accuracy = 0.5 * ((negative < 0).float().mean() + (positive > 0).float().mean())
                means = (negative.mean(), positive.mean(), accuracy)
                totals += torch.stack((loss, *means)).detach()
            if float(workers.mean(loss.detach())) < self._config.throttle_loss:
                continue
            penalty = gradient_penalty(positive, demo)
            if both:
                penalty = 0.5 * (penalty + gradient_penalty(negative, policy))
            logit_penalty = self.network.output_weight.pow(2).sum()
            total = (
                loss
                + self._config.gradient_penalty * penalty
                + self._config.logit_penalty * logit_penalty
            )
            self.optimizer.zero_grad()
            total.backward(inputs=weights)
            workers.average_gradients(weights)
            self.optimizer.step()
            applied += 1
        pick = torch.randperm(len(windows), generator=self._generator, device=windows.device)
        self.replay.push(windows[pick[: self._config.replay_push]])
        updates = self._config.updates
        loss, policy_logit, demo_logit, accuracy = (totals / updates).tolist()
        return StyleStats(loss, policy_logit, demo_logit, accuracy, applied / updates)

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
