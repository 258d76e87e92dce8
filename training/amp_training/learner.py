"""One iteration of AMP: collect, score the style, estimate advantages, update all networks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Optional, Tuple

import torch
from torch import Tensor

from amp_sdk import kernels
from amp_training.batch import Batch, MirrorBatch, PpoStats
from amp_training.config import RewardConfig
from amp_training.environment import Environment
from amp_training.features import FeatureFunction
from amp_training.networks import Actor, Critic
from amp_training.ppo import Ppo
from amp_training.reward_mix import Shares, mixed_advantages, mixed_rewards, shares
from amp_training.rollout import Rollout
from amp_training.style import MotionPrior, StyleStats
from amp_training.symmetry import Symmetry


@dataclass(frozen=True)
class IterationStats:
    """What one iteration did; rewards are means per step."""

    style_reward: float
    task_reward: float
    shares: Shares
    falls_per_s: float
    value_explained: float
    std: float
    collect_s: float
    learn_s: float
    ppo: PpoStats
    prior: StyleStats


class Learner:
    """Owns the update of actor, critic and motion prior; see ``iterate``."""

    def __init__(
        self,
        environment: Environment,
        rollout: Rollout,
        features: FeatureFunction,
        actor: Actor,
        critic: Critic,
        ppo: Ppo,
        prior: MotionPrior,
        reward: RewardConfig,
        gamma: float,
        lam: float,
        dt_s: float,
        generator: torch.Generator,
        symmetry: Optional[Symmetry] = None,
        advantage_clip: Optional[float] = None,
    ) -> None:
        self.environment, self.rollout, self.features = environment, rollout, features
        self.actor, self.critic, self.ppo, self.prior = actor, critic, ppo, prior
        self._reward, self._gamma, self._lam = reward, gamma, lam
        self._dt_s = dt_s
        self._generator = generator
        self._symmetry = symmetry
        self._advantage_clip = advantage_clip

    def iterate(self, samples: int) -> IterationStats:
        """Collect one rollout and learn from it; ``samples`` were collected before."""
        self.ppo.schedule_noise(samples)
        self.prior.schedule(samples)
        self.environment.schedule(samples)
        begin = time.perf_counter()
        self.rollout.collect(self.environment, self.actor, self._generator)
        windows = self.rollout.discriminator_windows(self.features)
        collected = time.perf_counter()
        reward, style, task = self.rewards(windows)
        before, after = self.rollout.critic_inputs(self.environment)
        advantage, value, target = self._advantages(reward, before, after)
        batch = self._batch(before, advantage, value, target)
        ppo = self.ppo.update(batch)
        kept = windows[~self.rollout.failed]
        prior = self.prior.update(kept)
        self._observe(before, kept)
        return IterationStats(
            style_reward=float(style.mean()),
            task_reward=float(task.mean()),
            shares=shares(self._reward, style, task, advantage),
            falls_per_s=float(self.rollout.failed.float().mean()) / self._dt_s,
            value_explained=1.0 - float((target - value).var() / target.var().clamp(min=1e-12)),
            std=float(self.actor.log_std.detach().exp().mean()),
            collect_s=collected - begin,
            learn_s=time.perf_counter() - collected,
            ppo=ppo,
            prior=prior,
        )

    def rewards(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Step rewards of the rollout [T, N, K] (K critics), its style and task term [T, N]."""
        config = self._reward
        style, _ = self.prior.reward(windows.flatten(0, 1))
        style, task = style.unflatten(0, windows.shape[:2]), self._task()
        penalty = config.action_rate * self.rollout.action_change()
        return mixed_rewards(config, style, task, penalty), style, task

    def _task(self) -> Tensor:
        state = self.environment.backend.layout.view(self.rollout.state)
        return self.environment.task.reward(state, self.rollout.goal)

    @torch.no_grad()
    def _advantages(
        self, reward: Tensor, before: Tensor, after: Tensor
    ) -> Tuple[Tensor, Tensor, Tensor]:
        """Advantages by GAE, values and value targets, all [T, N, K] as ``reward``.

        ``before`` and ``after`` are the critic's observations around each step, [T, N, O + P].
        Rewards are scaled by ``1 - gamma``, so that a value is a mean reward and of order one.
        """
        failed, done = self.rollout.failed.float(), self.rollout.done.float()
        value = self.critic(before.flatten(0, 1)).view(reward.shape)
        next_value = self.critic(after.flatten(0, 1)).view(reward.shape)
        columns = []
        for k in range(reward.shape[-1]):
            scaled, now, following = (
                part[..., k].contiguous()
                for part in (reward * (1.0 - self._gamma), value, next_value)
            )
            columns.append(
                kernels.gae(scaled, now, following, failed, done, self._gamma, self._lam)
            )
        advantage, target = (torch.stack(parts, dim=-1) for parts in zip(*columns))
        return advantage, value, target

    @torch.no_grad()
    def _batch(self, before: Tensor, advantage: Tensor, value: Tensor, target: Tensor) -> Batch:
        """The rollout as a batch; ``before`` as in ``_advantages``."""
        rollout, actor, critic = self.rollout, self.actor, self.critic
        observation, critic_observation = rollout.observation.flatten(0, 1), before.flatten(0, 1)
        action, mirror = rollout.action.flatten(0, 1), None
        if self._symmetry is not None:
            mirror = MirrorBatch(
                actor_input=actor.normalizer(self._symmetry.observation(observation)),
                critic_input=critic.normalizer(self._symmetry.critic(critic_observation)),
                action=self._symmetry.action(action),
            )
        mixed = mixed_advantages(self._reward, advantage, self._advantage_clip)
        return Batch(
            actor_input=actor.normalizer(observation),
            critic_input=critic.normalizer(critic_observation),
            action=action,
            mean=rollout.mean.flatten(0, 1),
            log_prob=rollout.log_prob.flatten(),
            advantage=mixed.flatten(),
            value=value.flatten(0, 1),
            target=target.flatten(0, 1),
            mirror=mirror,
        )

    def _observe(self, critic_observation: Tensor, windows: Tensor) -> None:
        """Move the normalisers, after the update: the next rollout acts on what it learns on."""
        self.actor.normalizer.update(self.rollout.observation.flatten(0, 1))
        self.critic.normalizer.update(critic_observation.flatten(0, 1))
        self.prior.observe(windows)
