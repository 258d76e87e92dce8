"""A session on the package's own trot, small enough to build for every test."""

from __future__ import annotations

from amp_training.config import Recipe, load_recipe

SMALL = (
    "simulation.num_envs=8",
    "simulation.threads=1",
    "ppo.horizon=6",
    "ppo.epochs=1",
    "ppo.minibatches=2",
    "ppo.actor_hidden=[16]",
    "ppo.critic_hidden=[16]",
    "discriminator.hidden=[16]",
    "discriminator.updates=1",
    "discriminator.batch=16",
    "discriminator.demo_windows=64",
    "discriminator.replay_capacity=128",
    "discriminator.replay_push=32",
    "evaluation.period_samples=null",
)


def small_recipe(*overrides: str) -> Recipe:
    """The shipped trot recipe, made tiny."""
    return load_recipe("go2_trot", [*SMALL, *overrides])
