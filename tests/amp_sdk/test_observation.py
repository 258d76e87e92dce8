"""The observation is what the contract says: term order, scale, clip, history."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from small_policy import make_contract

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.observation import ObservationBuilder, RobotState, projected_gravity


def state(value: float, joints: int = 2, quat=(1.0, 0.0, 0.0, 0.0)) -> RobotState:
    return RobotState(
        np.full(3, value), np.array(quat), np.full(joints, value), np.full(joints, 10 * value)
    )


def test_terms_follow_each_other_in_contract_order():
    contract = make_contract()  # joint default 0.1
    obs = ObservationBuilder(contract).build(state(0.5), np.array([0.7]), np.array([3.0, 4.0]))
    expected = [0.5] * 3 + [0, 0, -1] + [0.7] + [0.4] * 2 + [5.0] * 2 + [3.0, 4.0]
    np.testing.assert_allclose(obs, expected, rtol=1e-6)
    assert obs.dtype == np.float32


def test_history_is_oldest_first_and_filled_by_the_first_sample():
    builder = ObservationBuilder(make_contract(history=3))
    gyro = slice(0, 9)
    for value, expected in ((1, [1, 1, 1]), (2, [1, 1, 2]), (3, [1, 2, 3]), (4, [2, 3, 4])):
        obs = builder.build(state(value), np.zeros(1), np.zeros(2))
        np.testing.assert_array_equal(obs[gyro], np.repeat(expected, 3))
    builder.reset()
    obs = builder.build(state(9), np.zeros(1), np.zeros(2))
    np.testing.assert_array_equal(obs[gyro], 9)


def test_a_sample_is_scaled_then_clipped():
    contract = make_contract()
    gyro = dataclasses.replace(contract.observation[0], scale=0.25, clip=(-1.0, 0.5))
    contract = dataclasses.replace(contract, observation=(gyro,) + contract.observation[1:])
    builder = ObservationBuilder(contract)
    measured = RobotState(np.array([1.0, 4.0, -8.0]), np.array([1.0, 0, 0, 0]), *np.zeros((2, 2)))
    obs = builder.build(measured, np.zeros(1), np.zeros(2))
    np.testing.assert_array_equal(obs[:3], [0.25, 0.5, -1.0])


def test_gravity_is_the_rotated_down_vector_and_ignores_yaw_and_length():
    rng = np.random.default_rng(0)
    for quat in rotations.normalize(rng.normal(size=(50, 4))):
        expected = rotations.rotate_inverse(quat, np.array([0.0, 0.0, -1.0]))
        np.testing.assert_allclose(projected_gravity(quat), expected, atol=1e-12)
        np.testing.assert_allclose(projected_gravity(-1.3 * quat), expected, atol=1e-12)
        yaw = rotations.from_heading(rng.uniform(-3, 3))
        turned = rotations.multiply(yaw, quat)
        np.testing.assert_allclose(projected_gravity(turned), expected, atol=1e-12)


def test_results_are_not_overwritten_unless_asked():
    builder = ObservationBuilder(make_contract())
    first = builder.build(state(1), np.zeros(1), np.zeros(2))
    out = np.empty_like(first)
    assert builder.build(state(2), np.zeros(1), np.zeros(2), out=out) is out
    assert first[0] == 1 and out[0] == 2


@pytest.mark.parametrize("quat", [(0, 0, 0, 0), (np.nan, 0, 0, 1), (9, 0, 0, 0)])
def test_a_dead_imu_is_named_and_leaves_the_history(quat):
    builder = ObservationBuilder(make_contract(history=2))
    builder.build(state(1), np.zeros(1), np.zeros(2))
    with pytest.raises(InputError, match="quat_w.*IMU"):
        builder.build(state(5, quat=quat), np.zeros(1), np.zeros(2))
    obs = builder.build(state(2), np.zeros(1), np.zeros(2))
    np.testing.assert_array_equal(obs[:6], [1, 1, 1, 2, 2, 2])


def test_a_wrong_size_is_named():
    builder = ObservationBuilder(make_contract())
    with pytest.raises(InputError, match=r"joint_pos has shape \[3\]; expected \[2\]"):
        builder.build(state(0, joints=3), np.zeros(1), np.zeros(2))
    with pytest.raises(InputError, match="command has shape"):
        builder.build(state(0), np.zeros(3), np.zeros(2))
