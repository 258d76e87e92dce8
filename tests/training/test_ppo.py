"""Choices of the policy's update: noise, optimisers."""

from __future__ import annotations

import pytest
import torch
from small_session import small_recipe

from amp_sdk.errors import InputError
from amp_training.build import build_session
from amp_training.checkpoint import Progress, load_checkpoint, restore, save_checkpoint
from amp_training.config import PpoConfig


@pytest.mark.parametrize(
    ("overrides", "noise"),
    [
        ((), "scheduled"),
        (("ppo.final_std=null",), "learned"),
        (("ppo.sigma=learned",), "learned"),
        (("ppo.sigma=fixed", "ppo.initial_std=0.1"), "fixed"),
    ],
)
def test_noise(overrides: tuple[str, ...], noise: str) -> None:
    session = build_session(small_recipe(*overrides, "ppo.entropy_coef=0.1"))
    assert session.recipe.ppo.noise == noise
    learner = session.learner
    std = [float(learner.actor.log_std.detach().exp().mean())]
    for samples in (0, 2_000_000):
        std.append(learner.iterate(samples).std)
    if noise == "fixed":
        assert std == [pytest.approx(0.1)] * 3
    elif noise == "scheduled":
        assert std[1] == pytest.approx(1.0) and std[2] < 0.3
    else:
        assert 0.9 < std[2] < 1.1 and std[2] != std[1]


def test_scheduled_noise_needs_somewhere_to_fall_to() -> None:
    with pytest.raises(InputError, match="final_std"):
        PpoConfig(sigma="scheduled", final_std=None)


def test_a_joint_optimiser_updates_both_and_is_restored(tmp_path) -> None:
    recipe = small_recipe("ppo.optimizer=joint", "ppo.value_coef=0.5")
    session = build_session(recipe)
    networks = (session.learner.actor.mean, session.learner.critic.value)
    before = [p.clone() for n in networks for p in n.parameters()]
    session.learner.iterate(0)
    after = [p for n in networks for p in n.parameters()]
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    save_checkpoint(tmp_path, session, Progress(1, 48, 1.0))
    other = build_session(recipe)
    restore(other, load_checkpoint(tmp_path))
    one, two = (s.learner.ppo.actor_optimizer.state_dict()["state"] for s in (session, other))
    assert len(one) == len(after)
    assert all(torch.equal(one[i]["exp_avg"], two[i]["exp_avg"]) for i in one)


def test_joint_and_separate_give_one_actor_gradient_where_nothing_is_clipped() -> None:
    """The first step of Adam has the sign of the gradient: alike for the actor in both."""
    steps = []
    for kind in ("joint", "separate"):
        learner = build_session(
            small_recipe(
                f"ppo.optimizer={kind}",
                "ppo.minibatches=1",
                "ppo.max_grad_norm=1e9",
                "ppo.schedule=constant",
            )
        ).learner
        before = learner.actor.mean[0].weight.detach().clone()
        learner.iterate(0)
        steps.append(learner.actor.mean[0].weight.detach() - before)
    torch.testing.assert_close(*steps)
