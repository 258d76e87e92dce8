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
from amp_sim2sim.parity.console import print_parity
from amp_sim2sim.parity.parity import ParityResult

TROT = amp_sdk.load_policy("go2_trot")
THIGH, CALF = 1, 2
WEAK = 4
NAME = TROT.contract.joint_names[WEAK]


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


@pytest.mark.parametrize(
    ("ratios", "text"),
    [
        ((0.5, 1.0), "turned with 0.5 times the kp and 1 times the kd"),
        ((0.7, 0.7), "turned with 0.7 times the kp and 0.7 times the kd"),
        ((0.0, 0.0), "gave no torque"),
    ],
)
def test_one_motor_that_is_weak_or_dead(tmp_path, ratios, text) -> None:
    def motors(command):
        command["kp"][WEAK] *= ratios[0]
        command["kd"][WEAK] *= ratios[1]
        return command

    result = judged(tmp_path, motors=motors)
    assert named(result) == {("torque", "gains")}
    (cause,) = result.causes
    assert cause.groups == (NAME,) and f"{NAME} {text}" in cause.text


def test_torques_that_differ_a_little_are_physics(tmp_path) -> None:
    rng = np.random.default_rng(0)

    def change(tick) -> None:
        tick["state"]["joint_torque"][WEAK] += 0.3 * rng.normal()

    result = judged(tmp_path, change=change)
    assert result.in_parity and result.physics_only == ("torque",)


def test_torques_that_differ_by_as_much_as_they_vary_are_unexplained(tmp_path) -> None:
    rng = np.random.default_rng(0)

    def change(tick) -> None:
        tick["state"]["joint_torque"][WEAK] += 30.0 * rng.normal()

    result = judged(tmp_path, change=change)
    assert not result.in_parity and not result.causes and not result.physics_only
    assert result.unexplained == (f"torque: {NAME}",)


def test_a_record_without_a_whole_observation_shows_no_parity(tmp_path, capsys) -> None:
    def change(tick) -> None:
        tick["target"]["sequence"] *= 2  # every other answer is missing

    result = judged(tmp_path, change=change)
    assert not result.in_parity and not result.causes and not result.unexplained
    assert "observation" not in [link.name for link in result.links]
    assert any(line.startswith("observation: ") for line in result.not_compared)
    print_parity(result)
    assert "not shown to be in parity" in capsys.readouterr().out


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
