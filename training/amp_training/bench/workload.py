"""What one update of an AMP learner works on, and how much of it goes through each network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence, Tuple

from amp_training.build import Session


@dataclass(frozen=True)
class Workload:
    """Sizes of an update: of the rollout, of the networks, of the batches."""

    num_envs: int
    horizon: int
    epochs: int
    minibatches: int
    observation: int  # inputs of the policy
    critic_observation: int  # inputs of the value
    actions: int
    window: int  # inputs of the discriminator
    actor_hidden: Tuple[int, ...]
    critic_hidden: Tuple[int, ...]
    disc_hidden: Tuple[int, ...]
    disc_updates: int
    disc_batch: int  # windows of the policy per update, and as many demonstrations
    penalty_on_both: bool
    demonstrations: int
    replay: int

    @property
    def samples(self) -> int:
        """Environment steps of a rollout."""
        return self.num_envs * self.horizon

    @property
    def minibatch(self) -> int:
        """Samples of one step of the policy's optimiser."""
        return self.samples // self.minibatches

    @property
    def steps(self) -> int:
        """Steps of the policy's optimiser."""
        return self.epochs * self.minibatches


@dataclass(frozen=True)
class Passes:
    """Samples that one update sends through the discriminator, and its optimiser's steps.

    ``trained`` windows go forward and backward, ``penalised`` ones (part of them, or again) are
    differentiated twice for the gradient penalty, ``scored`` ones only go forward.
    """

    steps: int
    trained: int
    penalised: int
    scored: int

    def network_work(self, work: Workload) -> float:
        """Multiply-adds in the discriminator, in 1e9: a window trained passes forward and back; one
        penalised also through its slopes, and through these back again."""
        first, *rest = _products((work.window, *work.disc_hidden, 1))
        forward = first + sum(rest)
        trained = 2 * first + 3 * sum(rest)
        total = self.trained * trained + (3 * self.penalised + self.scored) * forward
        return 1e-9 * total


def _products(sizes: Sequence[int]) -> List[int]:
    """Multiply-adds of each linear layer for one sample."""
    return [m * n for m, n in zip(sizes[:-1], sizes[1:])]


def workload(session: Session) -> Workload:
    """The sizes of a session's update."""
    recipe, learner = session.recipe, session.learner
    ppo, prior = recipe.ppo, recipe.discriminator
    return Workload(
        num_envs=recipe.simulation.num_envs,
        horizon=ppo.horizon,
        epochs=ppo.epochs,
        minibatches=ppo.minibatches,
        observation=learner.actor.normalizer.mean.numel(),
        critic_observation=learner.critic.normalizer.mean.numel(),
        actions=learner.actor.log_std.numel(),
        window=learner.prior.network.normalizer.mean.numel(),
        actor_hidden=ppo.actor_hidden,
        critic_hidden=ppo.critic_hidden,
        disc_hidden=prior.hidden,
        disc_updates=prior.updates,
        disc_batch=prior.batch,
        penalty_on_both=prior.penalty_on == "both",
        demonstrations=prior.demo_windows,
        replay=prior.replay_capacity,
    )


def own_passes(work: Workload) -> Passes:
    """Of our learner, and of its bare networks."""
    windows = work.disc_updates * work.disc_batch
    penalised = 2 * windows if work.penalty_on_both else windows
    return Passes(work.disc_updates, 2 * windows, penalised, work.samples)
