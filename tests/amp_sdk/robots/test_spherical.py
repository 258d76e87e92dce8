"""Three hinges in the place of a spherical joint: the same rotation, without jumps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from amp_sdk import robots, rotations
from amp_sdk.robots.kinematics import KinematicTree
from amp_sdk.robots.spherical import SphericalJoints

HUMANOID = robots.load("humanoid")
TREE = KinematicTree.from_mjcf(HUMANOID.mjcf_path)


def rotation_of(joints: SphericalJoints, angles: np.ndarray) -> np.ndarray:
    """What three hinges, one after the other, do: [T, S, 4]."""
    quat = rotations.from_axis_angle(joints.axes[:, 0], angles[..., 0])
    for k in (1, 2):
        quat = rotations.multiply(
            quat, rotations.from_axis_angle(joints.axes[:, k], angles[..., k])
        )
    return quat


@pytest.mark.parametrize(
    ("name", "count"),
    [("humanoid", 8), ("humanoid_sword_shield", 9), ("smpl", 23), ("go2", 0), ("g1_29dof", 0)],
)
def test_which_bodies_are_spherical(name: str, count: int) -> None:
    robot = robots.load(name)
    joints = SphericalJoints.of(robot, KinematicTree.from_mjcf(robot.mjcf_path))
    assert len(joints.bodies) == count and joints.joints.shape == (count, 3)


@pytest.mark.parametrize("handed", [1, -1])
def test_the_angles_give_the_rotation_back(handed: int) -> None:
    joints = SphericalJoints.of(HUMANOID, TREE)
    axes = joints.axes.copy()
    axes[:, 1] *= handed
    joints = dataclasses.replace(joints, axes=axes)
    rng = np.random.default_rng(0)
    quat = rotations.normalize(rng.normal(size=(40, len(joints.bodies), 4)))
    quat[0] = [1.0, 0.0, 0.0, 0.0]
    quat[1] = rotations.from_axis_angle(axes[:, 1], np.full(len(axes), np.pi / 2))  # the pole
    error = rotations.angle_between(rotation_of(joints, joints.angles(quat)), quat)
    assert error.max() < 1e-6


def test_a_smooth_motion_within_the_limits_comes_back_as_it_was() -> None:
    joints = SphericalJoints.of(HUMANOID, TREE)
    middle, half = (joints.upper_rad + joints.lower_rad) / 2, joints.upper_rad - joints.lower_rad
    phase = np.linspace(0, 2 * np.pi, 60)[:, None, None] + np.arange(3)
    angles = middle + 0.45 * half * np.sin(phase)
    np.testing.assert_allclose(joints.angles(rotation_of(joints, angles)), angles, atol=1e-9)


def test_a_turn_past_half_a_circle_does_not_jump() -> None:
    joints = SphericalJoints.of(HUMANOID, TREE)
    angles = np.zeros((80, len(joints.bodies), 3))
    angles[..., 0] = np.linspace(-1.0, 4.5, 80)[:, None]
    found = joints.angles(rotation_of(joints, angles))
    assert np.abs(np.diff(found, axis=0)).max() < 0.1


def test_nan_stays_where_it_is() -> None:
    joints = SphericalJoints.of(HUMANOID, TREE)
    quat = np.tile([1.0, 0.0, 0.0, 0.0], (5, len(joints.bodies), 1))
    quat[2, 1] = np.nan
    bad = np.isnan(joints.angles(quat))
    assert bad[2, 1].all() and bad.sum() == 3
