"""Proximal policy optimisation with a clipped objective and a learning rate held by the KL.

Schulman et al. 2017, "Proximal Policy Optimization Algorithms".
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Iterator, Optional

import torch
from torch import Tensor, nn

from amp_training.config import PpoConfig
from amp_training.networks import Actor, Critic

_LEARNING_RATE_RANGE = (1e-5, 1e-2)


@dataclass(frozen=True)
class Batch:
    """Samples of one iteration, flattened over time and environments; observations normalised."""

    actor_input: Tensor  # [B, O]
    critic_input: Tensor  # [B, O + P]
    action: Tensor  # [B, A]
    mean: Tensor  # [B, A] of the policy that acted
    log_prob: Tensor  # [B]
    advantage: Tensor  # [B] normalised
    value: Tensor  # [B]
    target: Tensor  # [B] value target

    def rows(self, ids: Tensor) -> Batch:
        """The rows ``ids``."""
        return Batch(*[getattr(self, name)[ids] for name in self.__dataclass_fields__])


@dataclass(frozen=True)
class PpoStats:
    """Means over the minibatches of one iteration."""

    policy_loss: float
    value_loss: float
    entropy: float
    kl: float
    learning_rate: float


class Ppo:
    """Updates an actor and a critic, each with its own optimiser."""

    def __init__(
        self, actor: Actor, critic: Critic, config: PpoConfig, generator: torch.Generator
    ) -> None:
        self.actor, self.critic = actor, critic
        self._config = config
        self._generator = generator
        self.learning_rate = config.learning_rate
        actor.log_std.requires_grad_(config.final_std is None)
        self.average = copy.deepcopy(actor)
        self.actor_optimizer = torch.optim.Adam(actor.parameters(), lr=config.learning_rate)
        self.critic_optimizer = torch.optim.Adam(
            critic.parameters(), lr=config.critic_learning_rate
        )

    def schedule_noise(self, samples: int) -> None:
        """Set the action noise after ``samples`` environment steps, where it is scheduled."""
        config = self._config
        if config.final_std is None:
            return
        begin, end = config.std_decay
        share = min(1.0, max(0.0, (samples - begin) / (end - begin)))
        log_std = (1.0 - share) * math.log(config.initial_std) + share * math.log(config.final_std)
        self.actor.log_std.data.fill_(log_std)

    def update(self, batch: Batch) -> PpoStats:
        """Several epochs of minibatches over ``batch``, then one step of the average."""
        old_log_std = self.actor.log_std.detach().clone()
        totals, count = torch.zeros(4), 0
        for part in self._minibatches(batch):
            totals += self._minibatch(part, old_log_std)
            count += 1
        self._average()
        policy_loss, value_loss, entropy, kl = (totals / count).tolist()
        return PpoStats(policy_loss, value_loss, entropy, kl, self.learning_rate)

    @torch.no_grad()
    def _average(self) -> None:
        """Move the averaged weights; the statistics of the normaliser are taken as they are."""
        share = 1.0 - self._config.average_decay
        for slow, fast in zip(self.average.parameters(), self.actor.parameters()):
            slow.lerp_(fast, share)
        for slow, fast in zip(self.average.buffers(), self.actor.buffers()):
            slow.copy_(fast)

    def _minibatches(self, batch: Batch) -> Iterator[Batch]:
        n = len(batch.action)
        for _ in range(self._config.epochs):
            order = torch.randperm(n, generator=self._generator)
            for ids in order.chunk(self._config.minibatches):
                yield batch.rows(ids)

    def _minibatch(self, batch: Batch, old_log_std: Tensor) -> Tensor:
        config, log_std = self._config, self.actor.log_std
        mean = self.actor.mean(batch.actor_input)
        noise = (batch.action - mean) * torch.exp(-log_std)
        log_prob = -(0.5 * noise.pow(2) + log_std + 0.5 * math.log(2 * math.pi)).sum(-1)
        with torch.no_grad():
            kl = gaussian_kl(batch.mean, old_log_std, mean, log_std)
            self._adapt(float(kl))
        ratio = torch.exp(log_prob - batch.log_prob)
        policy_loss = clipped_surrogate(ratio, batch.advantage, config.clip)
        entropy = (log_std + 0.5 * math.log(2 * math.pi * math.e)).sum()
        loss = policy_loss - config.entropy_coef * entropy
        if config.bound_coef:
            loss = loss + config.bound_coef * bound_loss(mean)
        self._descend(self.actor_optimizer, self.actor, loss)
        value = self.critic.value(batch.critic_input).squeeze(-1)
        value_loss = clipped_value_loss(value, batch.value, batch.target, config.value_clip)
        self._descend(self.critic_optimizer, self.critic, value_loss)
        return torch.stack((policy_loss, value_loss, entropy, kl)).detach()

    def _descend(self, optimizer: torch.optim.Optimizer, network: nn.Module, loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), self._config.max_grad_norm)
        optimizer.step()

    def _adapt(self, kl: float) -> None:
        if self._config.schedule == "constant":
            return
        low, high = _LEARNING_RATE_RANGE
        if kl > 2.0 * self._config.target_kl:
            self.learning_rate = max(low, self.learning_rate / 1.5)
        elif 1e-6 < kl < 0.5 * self._config.target_kl:
            self.learning_rate = min(high, self.learning_rate * 1.5)
        for group in self.actor_optimizer.param_groups:
            group["lr"] = self.learning_rate


def clipped_surrogate(ratio: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """``-E min(r A, clip(r) A)``."""
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage).mean()


def clipped_value_loss(value: Tensor, old: Tensor, target: Tensor, clip: Optional[float]) -> Tensor:
    """Mean squared error of the value; with ``clip``, the larger of it and that of the value held
    within ``clip`` of the old one."""
    error = (value - target) ** 2
    if clip is not None:
        near = old + (value - old).clamp(-clip, clip)
        error = torch.maximum(error, (near - target) ** 2)
    return error.mean()


def bound_loss(mean: Tensor, bound: float = 1.0) -> Tensor:
    """Mean over samples of the squared part of the mean action outside ``[-bound, bound]``."""
    return ((mean.abs() - bound).clamp(min=0.0) ** 2).sum(-1).mean()


def gaussian_kl(mean_p: Tensor, log_std_p: Tensor, mean_q: Tensor, log_std_q: Tensor) -> Tensor:
    """Mean over samples of ``KL(p || q)`` of diagonal Gaussians."""
    ratio = torch.exp(2.0 * (log_std_p - log_std_q))
    distance = (mean_p - mean_q) ** 2 * torch.exp(-2.0 * log_std_q)
    return (log_std_q - log_std_p + 0.5 * (ratio + distance - 1.0)).sum(-1).mean()
