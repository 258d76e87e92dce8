"""Terms as pure functions: invariances, known values, and agreement with the NumPy rotations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from amp_sdk import rotations as np_rotations
from amp_sdk.errors import InputError
from amp_training import rotations
from amp_training.backends.base import StateLayout
from amp_training.features import TERMS, joint_space
from amp_training.tasks.velocity import velocity_reward, yaw_rate
from amp_training.terms import fallen

LAYOUT = StateLayout(joints=3, keys=2)


def joint_space_features(state):
    return joint_space(LAYOUT, list(TERMS))(state.flat.unsqueeze(1))


def random_state(n: int = 32):
    generator = torch.Generator().manual_seed(1)
    state = LAYOUT.view(torch.randn(n, LAYOUT.size, generator=generator))
    state.root_quat_w.copy_(torch.nn.functional.normalize(state.root_quat_w, dim=-1))
    return state


def moved(state, yaw_rad: float, shift: list[float]):
    """The same robot elsewhere: turned about the vertical and shifted."""
    turn = np.array([math.cos(yaw_rad / 2), 0.0, 0.0, math.sin(yaw_rad / 2)], np.float32)
    other = LAYOUT.view(state.flat.clone())

    def turned(vec):
        return torch.from_numpy(np_rotations.rotate(turn, vec.numpy())).float()

    other.root_pos_w.copy_(turned(state.root_pos_w) + torch.tensor(shift))
    other.root_lin_vel_w.copy_(turned(state.root_lin_vel_w))
    quat = np_rotations.multiply(turn, state.root_quat_w.numpy())
    other.root_quat_w.copy_(torch.from_numpy(quat).float())
    return other


def test_rotations_equal_numpy() -> None:
    state = random_state()
    quat, vec = state.root_quat_w, state.root_lin_vel_w
    expected = np_rotations.rotate(quat.double().numpy(), vec.double().numpy())
    np.testing.assert_allclose(rotations.rotate(quat, vec).numpy(), expected, atol=1e-5)
    back = rotations.rotate_inverse(quat, rotations.rotate(quat, vec))
    torch.testing.assert_close(back, vec, atol=1e-5, rtol=0)
    down = torch.tensor([0.0, 0.0, -1.0]).expand_as(vec)
    gravity = rotations.projected_gravity(quat)
    torch.testing.assert_close(gravity, rotations.rotate_inverse(quat, down), atol=1e-6, rtol=0)


def test_features_ignore_place_and_heading() -> None:
    state = random_state()
    features = joint_space_features(state)
    assert features.shape == (32, 10 + 2 * 3 + 3 * 2)
    other = joint_space_features(moved(state, 1.1, [4.0, -2.0, 0.0]))
    torch.testing.assert_close(other, features, atol=1e-5, rtol=0)


def test_features_see_height_and_tilt() -> None:
    state = random_state()
    lifted = joint_space_features(moved(state, 0.0, [0.0, 0.0, 0.5]))
    assert not torch.allclose(lifted, joint_space_features(state))


def test_unknown_term_lists_the_known() -> None:
    with pytest.raises(InputError, match="did you mean 'joint_vel'"):
        joint_space(LAYOUT, ["joint_vell"])


def test_velocity_reward_is_one_on_command_and_ignores_heading() -> None:
    state = random_state()
    command = torch.cat(
        (
            rotations.heading_velocity(state.root_quat_w, state.root_lin_vel_w)[:, :2],
            yaw_rate(state).unsqueeze(-1),
        ),
        dim=-1,
    )
    reward = velocity_reward(state, command, 0.5, 0.5, 0.2)
    torch.testing.assert_close(reward, torch.ones(32), atol=1e-4, rtol=0)
    other = velocity_reward(moved(state, 2.0, [1.0, 1.0, 0.0]), command, 0.5, 0.5, 0.2)
    torch.testing.assert_close(other, reward, atol=1e-4, rtol=0)


def test_velocity_reward_has_a_slope_at_standstill() -> None:
    """A kernel that is flat far from a fast command teaches a robot to stand still."""
    flat = torch.zeros(2, LAYOUT.size)
    state = LAYOUT.view(flat)
    state.root_quat_w[:, 0] = 1.0
    state.root_lin_vel_w[1, 0] = 0.1
    command = torch.tensor([[1.85, 0.0, 0.0]]).expand(2, 3)
    still, creeping = velocity_reward(state, command, 0.5, 0.5, 0.0)
    assert creeping > 1.2 * still > 0.0


@pytest.mark.parametrize("axis", [0, 1])
def test_fallen_by_tilt_or_height(axis: int) -> None:
    state = LAYOUT.empty((3,), torch.device("cpu"))
    state.root_quat_w[:, 0] = 1.0
    state.root_pos_w[:, 2] = 0.3
    half = 0.5 * 1.1
    state.root_quat_w[1, 0], state.root_quat_w[1, 1 + axis] = math.cos(half), math.sin(half)
    state.root_pos_w[2, 2] = 0.1
    assert fallen(state, math.cos(1.0), 0.15).tolist() == [False, True, True]
