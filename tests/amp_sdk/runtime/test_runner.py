"""The runner equals the parts it is made of, and refuses what does not fit."""

from __future__ import annotations

import dataclasses
import gc
import tracemalloc

import numpy as np
import pytest
from small_policy import make_contract, robot_contract, write_policy

import amp_sdk
from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_sdk.observation import ObservationBuilder, RobotState
from amp_sdk.runtime import PolicyRunner

GO2 = robots.load("go2")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("policy") / "stand.onnx"
    contract = robot_contract(GO2, history=3)
    weight = np.random.default_rng(0).normal(size=(contract.obs_dim, 12)).astype(np.float32)
    write_policy(path, dataclasses.replace(contract, action_clip=2.0), weight)
    return path


@pytest.fixture(scope="module")
def policy(file):
    return amp_sdk.load_policy(file)


def states(count=20, seed=1):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        quat = rng.normal(size=4)
        joints = rng.normal(size=(2, 12))
        yield RobotState(rng.normal(size=3), quat / np.linalg.norm(quat), *joints)


def test_a_step_is_observation_network_and_contract(policy):
    runner, builder = PolicyRunner(policy), ObservationBuilder(policy.contract)
    contract, command, applied = policy.contract, np.array([0.3]), np.zeros(12)
    clipped = False
    for state in states():
        obs = builder.build(state, command, applied)
        action = policy.act(obs)[0]
        applied = contract.applied_action(action.astype(np.float64))
        target = runner.step(state, command)
        np.testing.assert_array_equal(runner.observation, obs)
        np.testing.assert_allclose(runner.action, action, rtol=1e-6, atol=1e-6)
        applied = runner.applied_action.copy()
        np.testing.assert_array_equal(
            applied, contract.applied_action(runner.action.astype(np.float64))
        )
        np.testing.assert_array_equal(target, contract.joint_target_rad(applied))
        clipped = clipped or np.abs(runner.action).max() > 2.0
    assert clipped, "no action of this test reaches the clip"


def test_the_buffers_stay_and_nothing_is_left_behind(policy):
    runner, command = PolicyRunner(policy), np.array([0.3])
    buffers = [runner.observation, runner.action, runner.applied_action, runner.target_rad]
    addresses = [b.ctypes.data for b in buffers]
    samples = list(states(20))

    def run(rounds):
        for _ in range(rounds):
            for state in samples:
                assert runner.step(state, command) is runner.target_rad

    def growth() -> int:
        before = tracemalloc.get_traced_memory()[0]
        run(25)
        return tracemalloc.get_traced_memory()[0] - before

    run(1)
    gc.collect()
    tracemalloc.start()
    try:
        run(5)
        # what other threads of the process keep meanwhile is in it: a leak of ours is in each
        grown = min(growth() for _ in range(4))
    finally:
        tracemalloc.stop()
    assert grown < 500 * 8, f"500 steps kept {grown} bytes: an object each"
    assert [b.ctypes.data for b in buffers] == addresses


def test_two_runners_of_one_policy_do_not_share_buffers(policy):
    first, second = PolicyRunner(policy), PolicyRunner(policy)
    a, b = states(2)
    first.step(a, np.zeros(1))
    kept = first.observation.copy(), first.action.copy()
    second.step(b, np.zeros(1))
    np.testing.assert_array_equal(first.observation, kept[0])
    np.testing.assert_array_equal(first.action, kept[1])


def test_a_reset_makes_steps_repeat(policy):
    runner, samples = PolicyRunner(policy), list(states(5))
    first = [runner.step(s, np.zeros(1)).copy() for s in samples]
    runner.reset()
    again = [runner.step(s, np.zeros(1)).copy() for s in samples]
    np.testing.assert_array_equal(again, first)


def test_what_is_not_finite_is_named(policy):
    runner = PolicyRunner(policy)
    (state,) = states(1)
    state.joint_vel[3] = np.nan
    with pytest.raises(InputError, match="term 'joint_vel', element 3"):
        runner.step(state, np.zeros(1))
    runner.reset()
    state.joint_vel[:] = 3e38
    with pytest.raises(InputError, match="returned .* for joint"):
        runner.step(state, np.zeros(1))
    assert not np.isfinite(runner.action).all()
    runner.reset()
    runner.step(next(states(1)), np.zeros(1))


def arm(policy, robot=GO2, joints=None, tick_s=0.002):
    PolicyRunner(policy).arm(robot, GO2.joint_names if joints is None else joints, tick_s)


def test_arming_asks_for_robot_joints_and_period(policy):
    arm(policy)
    with pytest.raises(InputError, match="robot 'g1_29dof'.*for robot 'go2'"):
        arm(policy, robots.load("g1_29dof"))
    with pytest.raises(InputError, match="variant 'other'|variant"):
        arm(policy, dataclasses.replace(GO2, variant="other"))
    swapped = list(GO2.joint_names)
    swapped[3], swapped[4] = swapped[4], swapped[3]
    with pytest.raises(InputError, match=f"at position 3: {swapped[3]!r}"):
        arm(policy, joints=swapped)
    with pytest.raises(InputError, match="the loop has 11 joints, expected the contract's 12"):
        arm(policy, joints=GO2.joint_names[:-1])
    for tick_s in (0.003, 0.0, 0.03):
        with pytest.raises(InputError, match="control period is 0.02 s.*whole number"):
            arm(policy, tick_s=tick_s)


@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "remove", "folder"])
def test_a_file_that_changed_after_loading_is_not_armed(file, tmp_path, damage):
    path = tmp_path / "p.onnx"
    data = bytearray(file.read_bytes())
    path.write_bytes(data)
    policy = amp_sdk.load_policy(path)
    arm(policy)
    data[len(data) // 2] ^= 1
    if damage in ("remove", "folder"):
        path.unlink()
        if damage == "folder":
            path.mkdir()
    else:
        path.write_bytes({"flip": data, "cut": data[:-1], "grow": data + b"x"}[damage])
    message = "can no longer be read" if damage in ("remove", "folder") else "changed since"
    with pytest.raises(InputError, match=message) as caught:
        arm(policy)
    assert "\n" not in str(caught.value)
    path.rmdir() if damage == "folder" else None
    path.write_bytes(file.read_bytes())
    arm(policy)


def test_measured_joints_in_another_order_are_found_by_name(policy):
    order = np.random.default_rng(0).permutation(12)
    plain = PolicyRunner(policy)
    by_name = PolicyRunner(policy, [GO2.joint_names[i] for i in order])
    for state in states(3):
        other = dataclasses.replace(
            state, joint_pos=state.joint_pos[order], joint_vel=state.joint_vel[order]
        )
        expected = plain.step(state, np.zeros(1)).copy()
        np.testing.assert_array_equal(by_name.step(other, np.zeros(1)), expected)


def test_a_policy_of_one_joint_works(tmp_path):
    write_policy(tmp_path / "p.onnx", make_contract(("a",)))
    runner = PolicyRunner(amp_sdk.load_policy(tmp_path / "p.onnx"))
    state = RobotState(np.zeros(3), np.array([1.0, 0, 0, 0]), np.zeros(1), np.zeros(1))
    np.testing.assert_array_equal(runner.step(state, np.zeros(1)), [0.1])
