"""Recipes: all load, hash by value, and refuse what makes no sense."""

from __future__ import annotations

import pytest

from amp_sdk.errors import InputError
from amp_training.config import load_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_loads(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name


def test_hash_follows_values() -> None:
    recipe = load_recipe("go2_trot")
    assert recipe.sha256() == load_recipe("go2_trot", [f"seed={recipe.seed}"]).sha256()
    assert recipe.sha256() != load_recipe("go2_trot", ["seed=99"]).sha256()


@pytest.mark.parametrize(
    "override",
    [
        "motion.weights=[1.0, 2.0]",
        "discriminator.window=1",
        "discriminator.spacing=0",
        "discriminator.spacing=40",
        "discriminator.final_learning_rate=0",
        "discriminator.learning_rate_decay=[5,5]",
        "ppo.gamma=1.5",
        "command.lin_vel_y=[1.0, -1.0]",
        "observation.history=0",
        "simulation.num_envs=0",
        "reward.style=-1",
        "episode.reference_start_share=2",
    ],
)
def test_values_out_of_range_are_refused(override: str) -> None:
    with pytest.raises(InputError):
        load_recipe("go2_trot", [override])
