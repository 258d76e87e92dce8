"""Proximal policy optimisation with a clipped objective and a learning rate held by the KL.

Schulman et al. 2017, "Proximal Policy Optimization Algorithms".
"""

from __future__ import annotations

import copy
import math
from typing import Any, Dict, Iterator, List, Optional, Tuple

import torch
from torch import Tensor, nn

from amp_training import workers
from amp_training.batch import Batch, PpoStats
from amp_training.config import PpoConfig
from amp_training.elu_network import evaluate
from amp_training.mirror import Affine
from amp_training.networks import Actor, Critic, adam
from amp_training.ppo_losses import (
    bound_loss,
    clipped_surrogate,
    clipped_value_loss,
    gaussian_entropy,
    gaussian_kl,
    gaussian_log_density,
    symmetry_loss,
)

_LEARNING_RATE_RANGE = (1e-5, 1e-2)


class Ppo:
    """Updates an actor and a critic, each with its own optimiser or both with one.

    Args:
        actor, critic: the networks.
        config: see there.
        generator: of the minibatches.
        mirror_action: mirror image of actions; needed where ``config.symmetry`` adds a loss.
    """

    def __init__(
        self,
        actor: Actor,
        critic: Critic,
        config: PpoConfig,
        generator: torch.Generator,
        mirror_action: Optional[Affine] = None,
    ) -> None:
        self.actor, self.critic = actor, critic
        self._config = config
        self._generator = generator
        self._mirror_action = mirror_action
        self.learning_rate = config.learning_rate
        actor.log_std.requires_grad_(config.noise == "learned")
        joint = config.optimizer == "joint"
        policy = list(actor.parameters()) + (list(critic.parameters()) if joint else [])
        self.actor_optimizer = adam(policy, config.learning_rate)
        self.critic_optimizer = None
        if not joint:
            self.critic_optimizer = adam(critic.parameters(), config.critic_learning_rate)
        self.average = copy.deepcopy(actor)

    def schedule_noise(self, samples: int) -> None:
        """Set the noise that belongs to ``samples`` environment steps, where it is scheduled."""
        config = self._config
        if config.noise != "scheduled" or config.final_std is None:
            return
        begin, end = config.std_decay
        share = min(1.0, max(0.0, (samples - begin) / (end - begin)))
        log_std = (1.0 - share) * math.log(config.initial_std) + share * math.log(config.final_std)
        self.actor.log_std.data.fill_(log_std)

    def update(self, batch: Batch) -> PpoStats:
        """Several epochs of minibatches over ``batch``, then one step of the average."""
        old_log_std = self.actor.log_std.detach().clone()
        totals, count = torch.zeros(5, device=batch.action.device), 0
        for part in self._minibatches(batch):
            totals += self._minibatch(part, old_log_std)
            count += 1
        self._average()
        return PpoStats(*(totals / count).tolist(), learning_rate=self.learning_rate)

    def state(self) -> Dict[str, Any]:
        """Content for a checkpoint, the actor's and the critic's own weights excepted."""
        critic = self.critic_optimizer
        return {
            "average": self.average.state_dict(),
            "actor_optimizer": self.actor_optimizer.state_dict(),
            "critic_optimizer": None if critic is None else critic.state_dict(),
            "learning_rate": self.learning_rate,
        }

    def load_state(self, state: Dict[str, Any]) -> None:
        """Take the content back."""
        self.average.load_state_dict(state["average"])
        self.actor_optimizer.load_state_dict(state["actor_optimizer"])
        if self.critic_optimizer is not None:
            self.critic_optimizer.load_state_dict(state["critic_optimizer"])
        self.learning_rate = float(state["learning_rate"])

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
            order = torch.randperm(n, generator=self._generator, device=batch.action.device)
            for ids in order.chunk(self._config.minibatches):
                yield batch.rows(ids)

    def _minibatch(self, batch: Batch, old_log_std: Tensor) -> Tensor:
        config, log_std = self._config, self.actor.log_std
        mean = evaluate(self.actor.mean, batch.actor_input)
        with torch.no_grad():
            kl = gaussian_kl(batch.mean, old_log_std, mean, log_std)
            self._adapt(float(workers.mean(kl)))
        ratio, advantage, asymmetry = self._ratio(batch, mean)
        policy_loss = clipped_surrogate(ratio, advantage, config.clip)
        entropy = gaussian_entropy(log_std)
        loss = policy_loss - config.entropy_coef * entropy
        if config.bound_coef:
            loss = loss + config.bound_coef * bound_loss(mean)
        if config.symmetry in ("loss", "both"):
            loss = loss + config.symmetry_coef * asymmetry
        if self.critic_optimizer is None:
            value_loss = self._value_loss(batch)
            both = [*self.actor.parameters(), *self.critic.parameters()]
            self._descend(self.actor_optimizer, both, loss + config.value_coef * value_loss)
        else:
            self._descend(self.actor_optimizer, list(self.actor.parameters()), loss)
            value_loss = self._value_loss(batch)
            self._descend(self.critic_optimizer, list(self.critic.parameters()), value_loss)
        return torch.stack((policy_loss, value_loss, entropy, kl, asymmetry)).detach()

    def _ratio(self, batch: Batch, mean: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        """Probability ratios and advantages, with those of the mirror images where they are learned
        from, and the asymmetry. An image counts as drawn with its original's probability."""
        log_std, mirror = self.actor.log_std, batch.mirror
        log_prob = gaussian_log_density(batch.action, mean, log_std)
        ratio = torch.exp(log_prob - batch.log_prob)
        if mirror is None:
            return ratio, batch.advantage, mean.new_zeros(())
        of_image = evaluate(self.actor.mean, mirror.actor_input)
        assert self._mirror_action is not None
        asymmetry = symmetry_loss(of_image, self._mirror_action(mean))
        if self._config.symmetry == "loss":
            return ratio, batch.advantage, asymmetry
        log_prob = gaussian_log_density(mirror.action, of_image, log_std)
        ratio = torch.cat((ratio, torch.exp(log_prob - batch.log_prob)))
        return ratio, torch.cat((batch.advantage, batch.advantage)), asymmetry

    def _value_loss(self, batch: Batch) -> Tensor:
        inputs, old, target = batch.critic_input, batch.value, batch.target
        if batch.mirror is not None and self._config.symmetry != "loss":
            inputs = torch.cat((inputs, batch.mirror.critic_input))
            old, target = torch.cat((old, old)), torch.cat((target, target))
        return clipped_value_loss(self.critic.values(inputs), old, target, self._config.value_clip)

    def _descend(
        self, optimizer: torch.optim.Optimizer, parameters: List[nn.Parameter], loss: Tensor
    ) -> None:
        optimizer.zero_grad()
        loss.backward()
        workers.average_gradients(parameters)
        nn.utils.clip_grad_norm_(parameters, self._config.max_grad_norm)
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
