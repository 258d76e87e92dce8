"""Task and style as one reward, as a product, or as two critics."""

from __future__ import annotations

import math

import pytest
import torch
from small_session import small_recipe

from amp_training.build import build_session
from amp_training.config import RewardConfig
from amp_training.reward_mix import critics, mixed_advantages, mixed_rewards, shares

STYLE, TASK = torch.rand(5, 3), torch.rand(5, 3)
PENALTY = 0.1 * torch.rand(5, 3)


def config(mix: str, style: float = 0.7, task: float = 0.3) -> RewardConfig:
    return RewardConfig(mix=mix, style=style, task=task)


def test_sum_and_product() -> None:
    added = mixed_rewards(config("sum"), STYLE, TASK, PENALTY)
    torch.testing.assert_close(added[..., 0], 0.7 * STYLE + 0.3 * TASK - PENALTY)
    product = mixed_rewards(config("product", 1.0, 1.0), STYLE, TASK, PENALTY)
    torch.testing.assert_close(product[..., 0], STYLE * TASK - PENALTY)
    none = mixed_rewards(config("product"), torch.zeros(2, 2), torch.ones(2, 2), torch.zeros(2, 2))
    assert float(none.max()) < 1e-3  # neither factor makes up for the other


def test_product_ignores_a_factor_of_weight_zero() -> None:
    product = mixed_rewards(config("product", 0.0, 1.0), STYLE, TASK, torch.zeros(5, 3))
    torch.testing.assert_close(product[..., 0], TASK.clamp(min=1e-6))


def test_critics_keep_rewards_apart_and_weigh_normalised_advantages() -> None:
    mix = config("critics", 3.0, 1.0)
    both = mixed_rewards(mix, STYLE, TASK, PENALTY)
    assert torch.equal(both[..., 0], STYLE) and torch.equal(both[..., 1], TASK - PENALTY)
    advantage = torch.randn(50, 40, 2)
    # a reward in other units changes nothing
    scaled = advantage * torch.tensor([1000.0, 0.001])
    mixed = mixed_advantages(mix, advantage, None)
    torch.testing.assert_close(mixed_advantages(mix, scaled, None), mixed, atol=1e-4, rtol=1e-4)
    correlation = float((mixed * advantage[..., 0]).mean())
    assert math.isclose(correlation, 3.0 / math.sqrt(10.0), rel_tol=0.05)
    assert 0.7 < shares(mix, STYLE, TASK, advantage).style_share < 0.8


def test_advantages_are_clipped_after_they_are_normalised() -> None:
    advantage = torch.randn(100, 10, 1) * 50 + 7
    free = mixed_advantages(config("sum"), advantage, None)
    assert abs(float(free.mean())) < 1e-5 and math.isclose(float(free.std()), 1.0, rel_tol=1e-4)
    torch.testing.assert_close(
        mixed_advantages(config("sum"), advantage, 1.5), free.clamp(-1.5, 1.5)
    )


def test_shares_are_weighted() -> None:
    """Task 0.08 and style 0.72 a step with weights 1 and 0.02 give style 15 % of the total."""
    style, task = torch.full((4, 2), 0.72), torch.full((4, 2), 0.08)
    found = shares(config("sum", 0.02, 1.0), style, task, torch.zeros(4, 2, 1))
    assert math.isclose(found.style_share, 0.1525, rel_tol=1e-2)


@pytest.mark.parametrize(("mix", "values"), [("sum", 1), ("product", 1), ("critics", 2)])
def test_training(mix: str, values: int) -> None:
    session = build_session(small_recipe(f"reward.mix={mix}", "ppo.advantage_clip=3"))
    assert critics(session.recipe.reward) == values
    stats = session.learner.iterate(0)
    assert 0.0 <= stats.shares.style_share <= 1.0
    observation = torch.zeros(2, session.learner.critic.normalizer.mean.numel())
    assert session.learner.critic(observation).shape == (2, values)


def test_two_critics_learn_their_own_returns() -> None:
    session = build_session(small_recipe("reward.mix=critics", "reward.action_rate=0"))
    learner = session.learner
    learner.iterate(0)
    before, after = learner.rollout.critic_inputs(learner.environment)
    reward = torch.rand(*learner.rollout.log_prob.shape, 2)
    whole = learner._advantages(reward, before, after)
    changed = reward.clone()
    changed[..., 1] += 5.0
    other = learner._advantages(changed, before, after)
    assert torch.equal(whole[0][..., 0], other[0][..., 0])
    assert not torch.equal(whole[0][..., 1], other[0][..., 1])
