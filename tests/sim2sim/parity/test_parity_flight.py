"""The flight record of a loop against the policy file: parity, and mistakes by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="sim2sim needs MuJoCo (extra 'sim')")

from flight_of_lockstep import record_walk
from small_policy import robot_contract, write_policy

import amp_sdk
from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_sim2sim.parity.command import parity
from amp_sim2sim.parity.parity import ParityResult

TROT = amp_sdk.load_policy("go2_trot")
THIGH, CALF = 1, 2


def judged(tmp_path: Path, **changes) -> ParityResult:
    return parity(TROT, record_walk(tmp_path / "run.flight", TROT, **changes))


def named(result: ParityResult) -> set[tuple[str, str]]:
    assert not result.in_parity and not result.unexplained
    return {(cause.link, cause.kind) for cause in result.causes}


def test_a_walk_is_in_parity(tmp_path) -> None:
    result = judged(tmp_path)
    assert result.in_parity and not result.causes
    assert [link.name for link in result.links] == [
        "observation",
        "action",
        "target",
        "gains",
        "torque",
    ]
    assert result.links[0].rows > 10 and "no whole states" in result.not_compared[0]


def test_quaternion_order(tmp_path) -> None:
    def change(tick) -> None:
        tick["state"]["quat_wxyz"] = np.roll(tick["state"]["quat_wxyz"], -1)

    result = judged(tmp_path, change=change)
    assert named(result) == {("observation", "quaternion_order")}


def test_two_joints_swapped(tmp_path) -> None:
    def change(tick) -> None:
        for name in ("joint_pos", "joint_vel"):
            values = tick["state"][name]
            values[[THIGH, CALF]] = values[[CALF, THIGH]]

    causes = judged(tmp_path, change=change).causes
    assert ("observation", "joint_order") in {(cause.link, cause.kind) for cause in causes}
    assert "FL_thigh_joint and FL_calf_joint are swapped" in causes[0].text


def test_gains_that_the_loop_halves(tmp_path) -> None:
    def change(tick) -> None:
        tick["command"]["kp"] *= 0.5
        tick["command"]["kd"] *= 0.5

    result = judged(tmp_path, change=change)
    assert named(result) == {("gains", "gains"), ("torque", "gains")}
    assert "0.5 times the kp and 0.5 times the kd" in result.causes[0].text


def test_gains_that_the_motors_halve(tmp_path) -> None:
    def motors(command):
        command["kp"] *= 0.5
        command["kd"] *= 0.5
        return command

    result = judged(tmp_path, motors=motors)
    assert named(result) == {("torque", "gains")}
    assert "0.5 times the kp and 0.5 times the kd" in result.causes[0].text


def test_motors_that_are_late(tmp_path) -> None:
    past = []

    def motors(command):
        past.append(command)
        return past[max(0, len(past) - 4)]

    result = judged(tmp_path, motors=motors)
    assert named(result) == {("torque", "delay")}
    assert "6 ms late" in result.causes[0].text


def test_the_record_of_another_policy(tmp_path) -> None:
    path = record_walk(tmp_path / "run.flight", TROT)
    write_policy(tmp_path / "stand.onnx", robot_contract(robots.load("go2")))
    with pytest.raises(InputError, match="record of another policy"):
        parity(amp_sdk.load_policy(tmp_path / "stand.onnx"), path)


def test_a_robot_that_reports_no_torque_is_not_judged_by_it(tmp_path) -> None:
    def change(tick) -> None:
        tick["state"]["joint_torque"] = 0.0

    result = judged(tmp_path, change=change)
    assert result.in_parity and [link.name for link in result.links][-1] == "gains"
    assert "torques: the robot reports none" in result.not_compared
