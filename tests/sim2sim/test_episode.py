"""Episodes: the contract decides everything, and a seed decides the rest."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from small_policy import robot_contract, write_policy

import amp_sdk
from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sim2sim.episode import fall_reason, pd_torque, run_episode, steps_per_period


def test_a_stand_policy_stands_for_ten_seconds(model, go2, stand):
    log = run_episode(model, go2, stand, seed=0, number=3, duration_s=10.0)
    assert log.fall is None
    assert log.action.shape == (500, 12) and log.fine.torque_nm.shape == (5000, 12)
    assert log.base_pos_w[-1, 2] > 0.8 * go2.default_base_height_m
    assert log.foot_contact[100:].all()
    np.testing.assert_array_equal(log.action, 0.0)


def test_an_episode_depends_on_its_seed_and_number_only(model, go2, stand):
    def run(seed, number):
        return run_episode(model, go2, stand, seed, number, duration_s=2.0)

    first, again = run(1, 2), run(1, 2)
    np.testing.assert_array_equal(first.base_pos_w, again.base_pos_w)
    np.testing.assert_array_equal(first.fine.torque_nm, again.fine.torque_nm)
    for other in (run(1, 3), run(2, 2)):
        assert np.abs(first.joint_pos[0] - other.joint_pos[0]).max() > 1e-3
        assert abs(rotations.heading(first.base_quat_w[0] - other.base_quat_w[0])) > 1e-3
    assert np.abs(first.joint_pos[0] - go2.default_joint_pos_rad).max() <= 0.05


def test_torque_is_pd_within_the_effort_limit(go2):
    contract = robot_contract(go2)
    kp, kd = contract.joint_array("kp"), contract.joint_array("kd")
    limit = contract.joint_array("effort_limit_nm")
    rng = np.random.default_rng(0)
    for scale in (0.1, 10.0):
        target, pos, vel = scale * rng.normal(size=(3, 12))
        torque = pd_torque(contract, target, pos, vel)
        np.testing.assert_allclose(torque, np.clip(kp * (target - pos) - kd * vel, -limit, limit))
    assert (np.abs(torque) == limit).any()


def test_the_applied_torque_follows_the_contract(model, go2, tmp_path):
    """Gains, offset and scale of the contract, not those of the robot, move the joints."""
    contract = robot_contract(go2)
    joints = tuple(
        dataclasses.replace(j, kp=25.0, kd=0.7, action_offset_rad=j.default_pos_rad + 0.02)
        for j in contract.joints
    )
    contract = dataclasses.replace(contract, joints=joints, action_clip=0.5)
    weight = np.zeros((contract.obs_dim, contract.action_dim))
    weight[5] = -2.0  # gravity z is -1 upright: the action is 2, applied as 0.5
    write_policy(tmp_path / "p.onnx", contract, weight)
    policy = amp_sdk.load_policy(tmp_path / "p.onnx")
    log = run_episode(model, go2, policy, seed=0, number=0, duration_s=2.0)
    np.testing.assert_array_equal(log.action, 0.5)
    target = go2.default_joint_pos_rad + 0.02 + 0.25 * 0.5
    fine = log.fine
    expected = 25.0 * (target - fine.joint_pos) - 0.7 * fine.joint_vel
    limit = go2.effort_limit_nm
    np.testing.assert_allclose(fine.torque_nm, np.clip(expected, -limit, limit), atol=1e-4)


def test_a_policy_that_tips_over_is_seen_to_fall(model, go2, fall):
    log = run_episode(model, go2, fall, seed=0, number=0, duration_s=10.0)
    assert log.fall is not None and 0.0 < log.fall.time_s < 10.0
    assert len(log.action) == pytest.approx(log.fall.time_s / 0.02)
    assert len(log.fine.torque_nm) == 10 * len(log.action)


@pytest.mark.parametrize(
    ("angle", "height", "trunk_down", "reason"),
    [
        (0.0, 0.3, False, ""),
        (0.9, 0.3, False, ""),
        (1.1, 0.3, False, "tilted"),
        (0.0, 0.1, False, "below 0.5 of its standing height"),
        (0.0, 0.3, True, "trunk on the floor"),
    ],
)
def test_what_counts_as_a_fall(angle, height, trunk_down, reason):
    quat = rotations.from_axis_angle(np.array([1.0, 0.0, 0.0]), angle)
    found = fall_reason(np.array([0.0, 0.0, height, *quat]), trunk_down, min_height=0.15)
    assert reason in found and bool(found) == bool(reason)


def test_the_control_period_must_be_a_whole_number_of_steps(go2):
    contract = robot_contract(go2)
    assert steps_per_period(contract, 0.002) == 10
    for period in (0.005, 0.001, 0.0201):
        odd = dataclasses.replace(contract, control_period_s=period)
        with pytest.raises(InputError, match=f"{period}; expected a whole number"):
            steps_per_period(odd, 0.002)


def test_a_default_pose_that_does_not_stand_is_refused(model, go2, tmp_path):
    contract = robot_contract(go2)
    joints = tuple(  # legs up
        dataclasses.replace(j, default_pos_rad=-1.5 if "thigh" in j.name else j.default_pos_rad)
        if j.name[0] == "F"
        else dataclasses.replace(j, default_pos_rad=4.0 if "thigh" in j.name else j.default_pos_rad)
        for j in contract.joints
    )
    write_policy(tmp_path / "p.onnx", dataclasses.replace(contract, joints=joints))
    policy = amp_sdk.load_policy(tmp_path / "p.onnx")
    with pytest.raises(InputError, match="does not stand: its lowest point is on 'base_link'"):
        run_episode(model, go2, policy, seed=0, number=0, duration_s=2.0)
