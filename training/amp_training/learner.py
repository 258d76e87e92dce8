"""One iteration of AMP: collect, score the style, estimate advantages, update all networks."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from amp_sdk import kernels
from amp_training.config import RewardConfig
from amp_training.environment import Environment
from amp_training.features import FeatureFunction
from amp_training.networks import Actor, Critic
from amp_training.ppo import Batch, Ppo, PpoStats
from amp_training.rollout import Rollout
from amp_training.style import MotionPrior, StyleStats


@dataclass(frozen=True)
class IterationStats:
    """What one iteration did; rewards are means per step."""

    style_reward: float
    task_reward: float
    style_share: float
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
    ) -> None:
        self.environment, self.rollout, self.features = environment, rollout, features
        self.actor, self.critic, self.ppo, self.prior = actor, critic, ppo, prior
        self._reward, self._gamma, self._lam = reward, gamma, lam
        self._dt_s = dt_s
        self._generator = generator

    def iterate(self, samples: int) -> IterationStats:
        """Collect one rollout and learn from it; ``samples`` were collected before."""
        self.ppo.schedule_noise(samples)
        self.environment.schedule(samples)
        begin = time.perf_counter()
        self.rollout.collect(self.environment, self.actor, self._generator)
        windows = self.rollout.discriminator_windows(self.features)
        collected = time.perf_counter()
        reward, style, task = self.rewards(windows)
        before, after = self.rollout.critic_inputs(self.environment)
        batch, explained = self._batch(reward, before, after)
        ppo = self.ppo.update(batch)
        kept = windows[~self.rollout.failed]
        prior = self.prior.update(kept)
        self._observe(before, kept)
        config = self._reward
        total = config.style * style.mean() + config.task * task.mean()
        return IterationStats(
            style_reward=float(style.mean()),
            task_reward=float(task.mean()),
            style_share=float(config.style * style.mean() / total.clamp(min=1e-9)),
            falls_per_s=float(self.rollout.failed.float().mean()) / self._dt_s,
            value_explained=explained,
            std=float(self.actor.log_std.detach().exp().mean()),
            collect_s=collected - begin,
            learn_s=time.perf_counter() - collected,
            ppo=ppo,
            prior=prior,
        )

    def rewards(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Step reward of the rollout, its style and its task term, all [T, N]."""
        config = self._reward
        style, _ = self.prior.reward(windows.flatten(0, 1))
        style, task = style.unflatten(0, windows.shape[:2]), self._task()
        penalty = config.action_rate * self.rollout.action_change()
        return config.style * style + config.task * task - penalty, style, task

    def _task(self) -> Tensor:
        state = self.environment.backend.layout.view(self.rollout.state)
        return self.environment.task.reward(state, self.rollout.goal)

    @torch.no_grad()
    def _batch(self, reward: Tensor, before: Tensor, after: Tensor) -> tuple[Batch, float]:
        """Advantages by GAE; the batch and the share of the targets' variance explained.

        ``before`` and ``after`` are the critic's observations around each step, [T, N, O + P].

        Rewards are scaled by ``1 - gamma``, so that a value is a mean reward and of order one.
        """
        rollout = self.rollout
        critic_input = self.critic.normalizer(before.flatten(0, 1))
        value = self.critic.value(critic_input).view(reward.shape)
        next_value = self.critic(after.flatten(0, 1)).view(reward.shape)
        advantage, target = kernels.gae(
            reward * (1.0 - self._gamma),
            value,
            next_value,
            rollout.failed.float(),
            rollout.done.float(),
            self._gamma,
            self._lam,
        )
        explained = 1.0 - float((target - value).var() / target.var().clamp(min=1e-12))
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        batch = Batch(
            actor_input=self.actor.normalizer(rollout.observation.flatten(0, 1)),
            critic_input=critic_input,
            action=rollout.action.flatten(0, 1),
            mean=rollout.mean.flatten(0, 1),
            log_prob=rollout.log_prob.flatten(),
            advantage=advantage.flatten(),
            value=value.flatten(),
            target=target.flatten(),
        )
        return batch, explained

    def _observe(self, critic_observation: Tensor, windows: Tensor) -> None:
        """Move the normalisers, after the update: the next rollout acts on what it learns on."""
        self.actor.normalizer.update(self.rollout.observation.flatten(0, 1))
        self.critic.normalizer.update(critic_observation.flatten(0, 1))
        self.prior.observe(windows)
