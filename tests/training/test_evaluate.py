"""Test mode: every environment contributes alike, falls and time-outs are told apart."""

from __future__ import annotations

import torch
from small_session import small_recipe

from amp_training.build import build_session
from amp_training.evaluate import evaluate


def still(observation: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(observation), 12)


def test_standing_still_never_falls_and_goes_nowhere() -> None:
    recipe = small_recipe(
        "action.center=default",
        "episode.reference_start_share=0.0",
        "episode.length_s=0.5",
    )
    result = evaluate(build_session(recipe), still, 10)
    assert result.episodes == 16  # two of each of the eight environments
    assert result.falls == 0
    assert abs(result.episode_length_s - 0.5) < 1e-9
    assert abs(result.forward_speed_m_s) < 0.2
    assert 0.5 < result.speed_error_m_s < 1.3


def test_falls_end_episodes_early() -> None:
    recipe = small_recipe("episode.max_tilt_rad=0.02", "episode.length_s=2.0")
    result = evaluate(build_session(recipe), still, 8)
    assert result.falls == 8
    assert result.episode_length_s < 1.0
