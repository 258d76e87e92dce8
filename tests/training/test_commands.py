"""Commands: ranges, the clip's own speed, and how long they are held."""

from __future__ import annotations

import pytest
import torch
from amp_sdk import motion, robots
from amp_training.commands import CommandSampler, command_terms
from amp_training.config import CommandConfig

CLIP = motion.load_clip("go2_trot", robots.load("go2"))


def test_without_a_range_the_command_is_the_speed_of_the_clip() -> None:
    speed = command_terms(CommandConfig(), [CLIP])[0]
    assert speed.lower == speed.upper == speed.nominal
    assert speed.nominal == pytest.approx(float(CLIP.mean_velocity_xy[0]))


def test_nominal_stays_within_the_range() -> None:
    terms = command_terms(CommandConfig(lin_vel_x=(0.1, 0.2), ang_vel_z=(0.3, 0.5)), [CLIP])
    assert terms[0].nominal == 0.2
    assert terms[2].nominal == 0.3


def test_commands_cover_their_range_and_are_held() -> None:
    terms = command_terms(CommandConfig(lin_vel_x=(0.0, 1.0)), [CLIP])
    sampler = CommandSampler(terms, (0.1, 0.1), 0.02, 500, torch.Generator().manual_seed(0))
    first = sampler.command.clone()
    assert 0.0 <= first[:, 0].min() < 0.05 and 0.95 < first[:, 0].max() <= 1.0
    for _ in range(4):
        sampler.tick()
        assert torch.equal(sampler.command, first)
    sampler.tick()
    assert not torch.equal(sampler.command, first)
