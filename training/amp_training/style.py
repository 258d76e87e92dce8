"""The motion prior: discriminator losses, gradient penalty, style reward, replay.

Peng et al. 2021, "AMP: Adversarial Motion Priors for Stylized Physics-Based Character Control".
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any, Dict, Iterator, Tuple

import torch
from torch import Tensor, nn

from amp_training.config import DiscriminatorConfig
from amp_training.networks import Discriminator


def style_reward(logit: Tensor, loss: str, scale: float) -> Tensor:
    """Style reward of logits [...].

    lsgan: ``scale * max(0, 1 - (D - 1)^2 / 4)``; bce: ``-scale * log(max(1 - sigmoid(D), 1e-4))``.
    """
    if loss == "lsgan":
        return scale * (1.0 - 0.25 * (logit - 1.0) ** 2).clamp(min=0.0)
    return -scale * torch.log((1.0 - torch.sigmoid(logit)).clamp(min=1e-4))


def prediction_loss(policy: Tensor, demo: Tensor, loss: str) -> Tensor:
    """Mean of the losses on policy logits [n] and on demonstration logits [m]."""
    if loss == "lsgan":
        return 0.5 * (((policy + 1.0) ** 2).mean() + ((demo - 1.0) ** 2).mean())
    bce = nn.functional.binary_cross_entropy_with_logits
    return 0.5 * (bce(policy, torch.zeros_like(policy)) + bce(demo, torch.ones_like(demo)))


def gradient_penalty(discriminator: Discriminator, normalized: Tensor) -> Tensor:
    """``E |dD/dx|^2`` at normalised windows [n, size]: the space that D sees."""
    x = normalized.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.pow(2).sum(-1).mean()


class Replay:
    """Ring of past policy windows (raw)."""

    def __init__(self, capacity: int, size: int, generator: torch.Generator) -> None:
        self.data = torch.zeros(capacity, size)
        self.filled = 0
        self.next = 0
        self._generator = generator

    def push(self, windows: Tensor) -> None:
        """Write [n, size] over the oldest entries."""
        windows = windows[-len(self.data) :]
        where = (self.next + torch.arange(len(windows))) % len(self.data)
        self.data[where] = windows
        self.next = int((self.next + len(windows)) % len(self.data))
        self.filled = min(len(self.data), self.filled + len(windows))

    def sample(self, n: int) -> Tensor:
        """[n, size] drawn with replacement."""
        return self.data[torch.randint(0, self.filled, (n,), generator=self._generator)]

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
        self.network = Discriminator(size, config.hidden, config.normalizer_samples)
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
        return style_reward(logit, self._config.loss, self._config.reward_scale), logit

    def observe(self, windows: Tensor) -> None:
        """Take the statistics of policy windows [n, size] and of as many demonstrations."""
        self.network.normalizer.update(torch.cat((windows, self._draw_demos(len(windows)))))

    def update(self, windows: Tensor) -> StyleStats:
        """Train on raw windows [n, size] that end in no fall; then some go to the replay.

        Where every step ended in a fall there are none: then the replay alone is learned from, and
        without one nothing is (the figures are NaN).
        """
        if not len(windows) and not self.replay.filled:
            return StyleStats(math.nan, math.nan, math.nan, math.nan, 0.0)
        totals, applied = torch.zeros(4), 0
        normalize = self.network.normalizer
        for policy in self._batches(windows):
            demo = normalize(self._draw_demos(len(policy)))
            policy = normalize(policy)
            negative = self.network(policy)
            positive = self.network(demo)
            loss = prediction_loss(negative, positive, self._config.loss)
            with torch.no_grad():
                accuracy = 0.5 * ((negative < 0).float().mean() + (positive > 0).float().mean())
                means = (negative.mean(), positive.mean(), accuracy)
                totals += torch.stack((loss, *means)).detach()
            if float(loss.detach()) < self._config.throttle_loss:
                continue
            both = self._config.penalty_on == "both"
            penalty = gradient_penalty(self.network, torch.cat((demo, policy)) if both else demo)
            logit_penalty = self.network.output_weight.pow(2).sum()
            total = (
                loss
                + self._config.gradient_penalty * penalty
                + self._config.logit_penalty * logit_penalty
            )
            self.optimizer.zero_grad()
            total.backward()
            self.optimizer.step()
            applied += 1
        pick = torch.randperm(len(windows), generator=self._generator)
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
                pick = torch.randint(0, len(windows), (new,), generator=self._generator)
                parts.append(windows[pick])
            if old:
                parts.append(self.replay.sample(old))
            yield torch.cat(parts)

    def demonstrations_sha256(self) -> str:
        """Hash of the demonstration windows: a resumed run must learn from the same ones."""
        return hashlib.sha256(self._demos.numpy().tobytes()).hexdigest()

    def _draw_demos(self, n: int) -> Tensor:
        return self._demos[torch.randint(0, len(self._demos), (n,), generator=self._generator)]
