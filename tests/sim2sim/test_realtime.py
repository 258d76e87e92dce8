"""The loop process with a simulated robot as another process: they stand up and lie down. No
figure depends on the machine's speed; the time-outs are long."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from runtime_rig import CONTRACT, DAMP, GO2, STAND, STOP, patient

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_sdk.runtime import Board, Reader, fault_names, loop_config, messages, start_loop
from amp_sim2sim.realtime import RealtimeRobot, main

SETTINGS = dataclasses.replace(patient(10.0), driver="shared_memory", stand_time_s=0.5)


def wait(reader: Reader, reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 90.0
    while not (reader.poll() and reached()):
        assert time.monotonic() < end, (reader.message["mode"], reader.message["faults"])
        time.sleep(0.002)


def request(board: Board, mode: int) -> None:
    operator = messages.new(messages.OPERATOR)
    operator["requested_mode"] = mode
    board.write_operator_input(operator)


def test_a_simulated_robot_stands_and_is_damped_when_it_is_killed() -> None:
    settings = dataclasses.replace(
        SETTINGS, safety=dataclasses.replace(SETTINGS.safety, state_timeout_s=2.0)
    )
    with start_loop(GO2, [CONTRACT], settings) as loop:
        command = [sys.executable, "-m", "amp_sim2sim.realtime", loop.board.name, "--robot", "go2"]
        robot = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            status, state = loop.board.status(), loop.board.state()
            request(loop.board, STOP)
            wait(status, lambda: status.message["faults"] == 0 and status.message["armed"] == 1)
            request(loop.board, STAND)
            wait(status, lambda: status.message["stand_done"] == 1)
            assert state.poll()
            error = state.message["joint_pos"][:12] - CONTRACT.joint_array("default_pos_rad")
            assert abs(error).max() < 0.3
            robot.send_signal(signal.SIGKILL)
            wait(status, lambda: status.message["mode"] == DAMP)
            assert "state_stale" in fault_names(status.message["first_faults"])
        finally:
            robot.kill()
            robot.wait()


def test_it_steps_with_the_newest_command_and_is_limp_before_the_first() -> None:
    board = Board.local(loop_config(GO2, [CONTRACT], SETTINGS))
    robot = RealtimeRobot(board, GO2)
    height = robot.robot.sim.base_pose_w[2]
    command = messages.new(messages.COMMAND)
    command["kp"], command["kd"], command["mode"] = 60.0, 2.0, 1
    command["target_pos"][:12] = CONTRACT.joint_array("default_pos_rad")

    def steps(count: int) -> float:
        for _ in range(count):
            command["time_ns"] = messages.now_ns()
            board.native.write_robot_command(command)
            robot.step()
        return float(robot.robot.sim.base_pose_w[2])

    assert steps(250) > 0.8 * height
    command["mode"] = 0
    assert steps(250) < 0.6 * height
    assert robot.robot.state["tick"] == 500


def test_the_motors_damp_themselves_when_commands_stop() -> None:
    board = Board.local(loop_config(GO2, [CONTRACT], SETTINGS))
    robot = RealtimeRobot(board, GO2)
    height = robot.robot.sim.base_pose_w[2]
    command = messages.new(messages.COMMAND)  # of long ago
    command["kp"], command["kd"], command["mode"] = 60.0, 2.0, 1
    command["target_pos"][:12] = CONTRACT.joint_array("default_pos_rad")
    board.native.write_robot_command(command)
    for _ in range(1000):
        robot.step()
    assert robot.robot.sim.base_pose_w[2] < 0.7 * height


def test_another_robot_and_an_unknown_board_are_refused() -> None:
    board = Board.local(loop_config(GO2, [CONTRACT], SETTINGS))
    with pytest.raises(InputError, match="expected those of robot"):
        RealtimeRobot(board, robots.load("g1_12dof"))
    with pytest.raises(InputError, match="start the loop first"):
        main(["/amp-nothing", "--robot", "go2"])
