"""Commands: ranges, the clip's own speed, and how long they are held."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from amp_sdk import motion, robots, rotations
from amp_training.commands import CommandSampler, command_terms
from amp_training.config import CommandConfig
from amp_training.reference import Reference

CLIP_VELOCITY = (0.9, -0.1)


def test_without_a_range_the_command_is_the_velocity_of_the_clip() -> None:
    forward, lateral, yaw = command_terms(CommandConfig(), CLIP_VELOCITY)
    assert forward.lower == forward.upper == forward.nominal == 0.9
    assert lateral.lower == lateral.upper == lateral.nominal == -0.1
    assert yaw.nominal == 0.0


def test_mean_velocity_of_a_clip_that_walks_aslant() -> None:
    """The heading is 0.1 rad to the right of the way that the clip goes."""
    go2 = robots.load("go2")
    clip = motion.load_clip("go2_trot", go2)
    turn = rotations.from_heading(-0.1)
    aslant = dataclasses.replace(clip, root_quat_w=rotations.multiply(clip.root_quat_w, turn))
    library = motion.MotionLibrary([aslant], go2)
    forward, lateral = Reference(library, go2, 2, 0.02, 0).mean_velocity_h()
    assert math.atan2(lateral, forward) == pytest.approx(0.1, abs=1e-3)
    assert math.hypot(forward, lateral) == pytest.approx(float(clip.mean_velocity_xy[0]), rel=1e-3)


def test_nominal_stays_within_the_range() -> None:
    terms = command_terms(CommandConfig(lin_vel_x=(0.1, 0.2), ang_vel_z=(0.3, 0.5)), CLIP_VELOCITY)
    assert terms[0].nominal == 0.2
    assert terms[2].nominal == 0.3


def test_commands_cover_their_range_and_are_held() -> None:
    terms = command_terms(CommandConfig(lin_vel_x=(0.0, 1.0)), CLIP_VELOCITY)
    sampler = CommandSampler(terms, (0.1, 0.1), 0.02, 500, torch.Generator().manual_seed(0))
    first = sampler.command.clone()
    assert 0.0 <= first[:, 0].min() < 0.05 and 0.95 < first[:, 0].max() <= 1.0
    for _ in range(4):
        sampler.tick()
        assert torch.equal(sampler.command, first)
    sampler.tick()
    assert not torch.equal(sampler.command, first)
