"""Key bodies in torch against the NumPy kinematics of the robot layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from amp_sdk import robots
from amp_sdk.robots.kinematics import KinematicTree
from amp_training.key_bodies import KeyBodies


@pytest.mark.parametrize("name", robots.names())
def test_equals_numpy_kinematics(name: str) -> None:
    robot = robots.load(name)
    joints = torch.randn(5, 7, len(robot.joint_names), generator=torch.Generator().manual_seed(0))
    found = KeyBodies(robot, torch.device("cpu")).positions_b(joints)
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    poses = joints.double().numpy().reshape(35, -1)
    expected, _ = tree.forward(np.zeros((35, 3)), np.tile([1.0, 0, 0, 0], (35, 1)), poses)
    expected = expected[:, tree.body_index(robot.key_bodies)].reshape(5, 7, -1, 3)
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-6)
