"""The loop's own controller in MuJoCo: equal in every run, walking, and damped by faults."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import amp_sdk
from amp_sdk import robots
from amp_sdk.runtime import LoopSettings, SafetySettings, fault_names
from amp_sim2sim.lockstep import DAMP, POLICY, STAND, Lockstep, LockstepLog, walk_after

TROT = amp_sdk.load_policy("go2_trot")
GO2 = robots.load("go2")
SETTINGS = LoopSettings(stand_time_s=0.5)


def walk(settings: LoopSettings = SETTINGS, ticks: int = 2000) -> LockstepLog:
    return Lockstep(GO2, [TROT], settings, walk_after(0.6)).run(ticks)


@pytest.fixture(scope="module")
def log() -> LockstepLog:
    return walk()


def test_two_runs_are_equal_to_the_last_bit(log: LockstepLog) -> None:
    again = walk()
    for field in dataclasses.fields(LockstepLog):
        a, b = getattr(log, field.name), getattr(again, field.name)
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes(), field.name


def test_the_shipped_policy_walks_as_it_did_without_the_loop(log: LockstepLog) -> None:
    assert log.mode[-1] == POLICY and not log.faults[10:].any()
    first = int(np.argmax(log.mode == POLICY)) + 500
    seconds = (len(log.mode) - first) * log.period_s
    moved = log.base_pose_w[-1, :3] - log.base_pose_w[first, :3]
    assert 0.7 < moved[0] / seconds < 1.05  # m/s, trained for 0.9
    assert abs(moved[1]) / seconds < 0.15
    assert log.base_pose_w[first:, 2].min() > 0.2


@pytest.mark.parametrize("interpolation", [0.0, 1.0])
def test_it_walks_however_targets_are_interpolated(interpolation: float) -> None:
    log = walk(dataclasses.replace(SETTINGS, interpolation=interpolation), 1500)
    assert log.mode[-1] == POLICY and log.base_pose_w[-1, 0] > 0.7


def test_modes_follow_one_another_and_standing_holds_the_pose(log: LockstepLog) -> None:
    assert list(np.unique(log.mode)) == [0, DAMP, STAND, POLICY]
    assert np.all(np.diff(log.mode.astype(int)) >= 0)
    last = int(np.argmax(log.mode == POLICY)) - 1
    pose = TROT.contract.joint_array("default_pos_rad")
    assert np.abs(log.command["target_pos"][last][:12] - pose).max() < 1e-9
    assert np.abs(log.state["joint_pos"][last][:12] - pose).max() < 0.3  # it sags in its gains


def test_torques_stay_in_the_robots_limits(log: LockstepLog) -> None:
    torque = np.abs(log.state["joint_torque"][:, :12])
    assert (torque <= GO2.effort_limit_nm + 1e-9).all()


def test_a_tilt_past_the_limit_damps_and_the_robot_sinks_gently() -> None:
    safety = SafetySettings(max_tilt_rad=0.02)
    log = walk(dataclasses.replace(SETTINGS, safety=safety), 1500)
    fault = 10 + int(np.argmax(log.faults[10:] != 0))
    assert fault_names(log.faults[fault]) == ("tilt",)
    assert log.mode[fault - 1] >= STAND and np.all(log.mode[fault : fault + 900] == DAMP)
    assert np.all(log.command["kp"][fault:] == 0.0)
    speed = np.abs(np.diff(log.base_pose_w[:, 2])).max() / log.period_s
    assert speed < 1.5  # m/s; free fall from the trunk's height would end at 2.4


def test_a_policy_to_policy_switch_goes_on_walking() -> None:
    both = [TROT, amp_sdk.load_policy("go2_trot")]

    def operate(time_s: float, status: np.ndarray, operator: np.ndarray) -> None:
        walk_after(0.6)(time_s, status, operator)
        operator["requested_policy"] = int(time_s > 2.0)

    lockstep = Lockstep(GO2, both, SETTINGS, operate)
    log = lockstep.run(2000)
    assert log.mode[-1] == POLICY and lockstep.controller.status["active_policy"] == 1
    assert log.base_pose_w[-1, 0] > 1.0 and log.base_pose_w[1000:, 2].min() > 0.2
