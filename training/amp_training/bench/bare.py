"""A session's networks without a learner: forward, backward and optimiser steps, nothing else.

The same samples in the same batches go through copies of the same networks, the gradient penalty's
second differentiation and the values and style scores of the rollout included. There is no drawing
or normalising of batches, no loss but a mean, no clipping of gradients and no figure to report.
"""

from __future__ import annotations

import copy
from typing import Iterator

import torch
from torch import Tensor, nn

from amp_training.bench.replay import elapsed_s
from amp_training.bench.workload import workload
from amp_training.build import Session


class BareNetworks:
    """Copies of a session's networks with optimisers of their own; see the module."""

    def __init__(self, session: Session) -> None:
        learner = session.learner
        self._work = work = workload(session)
        self._actor = copy.deepcopy(learner.actor.mean)
        self._critic = copy.deepcopy(learner.critic.value)
        self.discriminator = copy.deepcopy(learner.prior.network.logit)
        networks = (self._actor, self._critic, self.discriminator)
        self._adam = [torch.optim.Adam(n.parameters(), lr=1e-5) for n in networks]
        self._device = device = session.environment.backend.device
        self._observations = torch.randn(work.samples, work.observation, device=device)
        self._critic_observations = torch.randn(
            work.samples, work.critic_observation, device=device
        )
        self._rollout_windows = torch.randn(work.samples, work.window, device=device)
        self._windows = torch.randn(4, 2, work.disc_batch, work.window, device=device)

    def act_s(self) -> float:
        """Seconds of the policy's forward passes of one rollout."""
        return elapsed_s(self._act, self._device)

    def learn_s(self, applied_share: float = 1.0) -> float:
        """Seconds of one update; ``applied_share`` of the discriminator's are not left out."""
        return elapsed_s(lambda: self._learn(applied_share), self._device)

    @torch.no_grad()
    def _act(self) -> None:
        for observation in self._observations.split(self._work.num_envs):
            self._actor(observation)

    def _learn(self, applied_share: float) -> None:
        with torch.no_grad():
            self.discriminator(self._rollout_windows)
            # before and after each step
            self._critic(self._critic_observations)
            self._critic(self._critic_observations)
        actor, critic, disc = self._adam
        for _ in range(self._work.epochs):
            for x in self._minibatches(self._observations):
                _descend(actor, self._actor(x).mean())
            for x in self._minibatches(self._critic_observations):
                _descend(critic, self._critic(x).mean())
        applied = round(applied_share * self._work.disc_updates)
        for i in range(self._work.disc_updates):
            self._discriminate(disc, self._windows[i % len(self._windows)], i < applied)

    def _minibatches(self, x: Tensor) -> Iterator[Tensor]:
        return iter(x.chunk(self._work.minibatches))

    def _discriminate(self, adam: torch.optim.Optimizer, windows: Tensor, applied: bool) -> None:
        policy, demo = (x.detach() for x in windows)
        demo.requires_grad_(True)
        policy.requires_grad_(self._work.penalty_on_both)
        negative, positive = self.discriminator(policy), self.discriminator(demo)
        if not applied:
            return
        loss = negative.mean() - positive.mean()
        for x, logit in ((demo, positive), (policy, negative)):
            if x.requires_grad:
                (slope,) = torch.autograd.grad(logit.sum(), x, create_graph=True)
                loss = loss + slope.pow(2).mean()
        adam.zero_grad()
        loss.backward(inputs=_parameters(self.discriminator))
        adam.step()


def _descend(adam: torch.optim.Optimizer, loss: Tensor) -> None:
    adam.zero_grad()
    loss.backward()
    adam.step()


def _parameters(network: nn.Module) -> list[Tensor]:
    return list(network.parameters())
