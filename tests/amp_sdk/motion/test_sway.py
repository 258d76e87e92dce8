"""The motion of any robot: feet at rest, limits kept, a closed cycle, no defects."""

from __future__ import annotations

import numpy as np
import pytest

from amp_sdk import robots, rotations
from amp_sdk.errors import InputError
from amp_sdk.motion import GaitParameters, generate, read_raw
from amp_sdk.motion.lint import lint
from amp_sdk.robots.kinematics import KinematicTree


@pytest.mark.parametrize("name", robots.names())
def test_feet_rest_while_the_body_moves(name: str) -> None:
    robot = robots.load(name)
    clip = generate("sway", robot, GaitParameters(fps=20.0))
    assert (clip.num_frames, clip.loop) == (41, "wrap")
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    pos, quat = tree.forward(clip.root_pos_w, clip.root_quat_w, clip.joint_pos)
    feet = tree.body_index(robot.foot_bodies)
    assert np.abs(pos[:, feet] - pos[0, feet]).max() < 1e-4
    if robot.name != "go2":  # whose feet are points
        assert rotations.angle_between(quat[:, feet], quat[0, feet]).max() < 1e-3
    assert np.ptp(clip.root_pos_w[:, 1]) > 0.05 * robot.default_base_height_m
    assert np.ptp(clip.root_pos_w[:, 2]) > 0.01 * robot.default_base_height_m
    np.testing.assert_allclose(clip.joint_pos[0], clip.joint_pos[-1], atol=1e-6)


@pytest.mark.parametrize("name", ["g1_29dof", "humanoid", "pi_plus"])
def test_it_is_clean(name: str) -> None:
    robot = robots.load(name)
    assert lint(read_raw("sway", robot, 60.0), robot) == []


def test_a_base_out_of_reach_is_refused() -> None:
    with pytest.raises(InputError, match="cannot stay on the ground; choose a base height below"):
        generate("sway", robots.load("g1_29dof"), GaitParameters(body_height_m=1.2))
