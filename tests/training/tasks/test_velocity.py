"""Velocity commands: ranges, the clip's own speed, how long they are held, how they grow."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from amp_sdk import motion, robots, rotations
from amp_training.backends.base import SimState, StateLayout
from amp_training.config import CommandConfig, RewardConfig
from amp_training.reference import Reference
from amp_training.tasks.velocity import Velocity, velocity_terms

CLIP_VELOCITY = (0.9, -0.1)


def test_without_a_range_the_command_is_the_velocity_of_the_clip() -> None:
    forward, lateral, yaw = velocity_terms(CommandConfig(), CLIP_VELOCITY)
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
    terms = velocity_terms(CommandConfig(lin_vel_x=(0.1, 0.2), ang_vel_z=(0.3, 0.5)), CLIP_VELOCITY)
    assert terms[0].nominal == 0.2
    assert terms[2].nominal == 0.3


def velocity(config: CommandConfig, n: int = 500, masked: bool = False) -> Velocity:
    terms = velocity_terms(config, CLIP_VELOCITY)
    generator = torch.Generator().manual_seed(0)
    return Velocity(terms, config, RewardConfig(), 0.02, n, generator, masked)


def any_state(n: int = 500) -> SimState:
    return StateLayout(1, 1).empty((n,), torch.device("cpu"))


@pytest.mark.parametrize("masked", [False, True])
def test_commands_cover_their_range_and_are_held(masked: bool) -> None:
    config = CommandConfig(lin_vel_x=(0.0, 1.0), resample_s=(0.1, 0.1))
    task = velocity(config, masked=masked)
    first = task.command.clone()
    assert 0.0 <= first[:, 0].min() < 0.05 and 0.95 < first[:, 0].max() <= 1.0
    for _ in range(4):
        task.tick(any_state())
        assert torch.equal(task.command, first)
    task.tick(any_state())
    assert not torch.equal(task.command, first)


def test_a_curriculum_widens_the_range_around_the_nominal_command() -> None:
    config = CommandConfig(lin_vel_x=(0.0, 2.0), growth_samples=1000, first_share=0.1)
    task = velocity(config)
    widths = []
    for samples in (0, 500, 1000, 9999):
        task.schedule(samples)
        task.restart(torch.arange(500), any_state())
        forward = task.command[:, 0]
        share = min(1.0, 0.1 + 0.9 * samples / 1000)
        assert forward.min() >= 0.9 - share * 0.9 - 1e-6
        assert forward.max() <= 0.9 + share * 1.1 + 1e-6
        widths.append(float(forward.max() - forward.min()))
    assert widths[0] < 0.3 < widths[1] < widths[2]


def test_a_command_of_one_value_draws_nothing() -> None:
    generator = torch.Generator().manual_seed(3)
    before = generator.get_state()
    terms = velocity_terms(CommandConfig(), CLIP_VELOCITY)
    task = Velocity(terms, CommandConfig(), RewardConfig(), 0.02, 8, generator, False)
    task.restart(torch.arange(8), any_state(8))
    task.tick(any_state(8))
    assert torch.equal(generator.get_state(), before)
