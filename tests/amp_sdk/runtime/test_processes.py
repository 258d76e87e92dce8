"""Real processes that are killed and stopped. Nothing here depends on how fast the machine is: the
time-outs are seconds, and what is waited for may take a minute."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from runtime_rig import CONTRACT, DAMP, GO2, POLICY, STOP, is_damped, patient

from amp_sdk.errors import InputError
from amp_sdk.runtime import Board, LoopProcess, Reader, Role, fault_names, start_loop
from amp_sdk.runtime import messages as m
from amp_sdk.runtime._native import loop_program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the runtime needs POSIX")
TESTS = Path(__file__).resolve().parents[1]
TIMEOUT_S = 3.0

POLICY_PROCESS = """
import sys, time
from amp_sdk.runtime import Board, Role
from amp_sdk.runtime import messages as m
board = Board.attach(sys.argv[1])
board.claim(Role.POLICY)
state, status, target = board.state(), board.status(), m.new(m.TARGET)
while True:
    if state.poll():
        status.poll()
        target["time_ns"], target["state_tick"] = state.message["time_ns"], state.message["tick"]
        target["written_ns"] = m.now_ns()
        target["target"] = board.config["joint"]["stand_pos_rad"]
        target["sequence"] += 1
        board.write_target(target)
    time.sleep(0.01)
"""

OWNER_PROCESS = """
import dataclasses, sys, time
from runtime_rig import CONTRACT, GO2, patient
from amp_sdk.runtime import start_loop
settings = dataclasses.replace(patient(), orphan_time_s=float(sys.argv[1]))
loop = start_loop(GO2, [CONTRACT], settings)
print(loop.board.name, loop.pid, flush=True)
time.sleep(600)
"""


def python(code: str, *arguments: str, **options: object) -> subprocess.Popen[str]:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(TESTS), *sys.path]))
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, env=environment, text=True, **options)  # type: ignore[call-overload]


def wait(reader: Reader, reached: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 90.0
    while not (reader.poll() and reached()):
        if time.monotonic() > end:
            faults = fault_names(reader.message["faults"])
            raise AssertionError(f"no {what}: mode {reader.message['mode']}, faults {faults}")
        time.sleep(0.002)


def request(board: Board, mode: int) -> None:
    operator = m.new(m.OPERATOR)
    operator["requested_mode"] = mode
    operator["time_ns"] = operator["deadman_ns"] = m.now_ns()
    board.write_operator_input(operator)


def run_policy(board: Board, status: Reader) -> None:
    request(board, STOP)
    wait(status, lambda: status.message["armed"] == 1, "arming")
    request(board, POLICY)
    wait(status, lambda: status.message["mode"] == POLICY, "policy")


@pytest.fixture
def loop() -> Iterator[LoopProcess]:
    with start_loop(GO2, [CONTRACT], patient(TIMEOUT_S)) as process:
        yield process


@pytest.fixture
def policy(loop: LoopProcess) -> Iterator[subprocess.Popen[str]]:
    process = python(POLICY_PROCESS, loop.board.name)
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_policy_process_that_dies_or_stops_leaves_the_robot_damped(
    loop: LoopProcess, policy: subprocess.Popen[str], how: int
) -> None:
    status, command = loop.board.status(), loop.board.operator_input()
    run_policy(loop.board, status)
    policy.send_signal(how)
    wait(status, lambda: status.message["mode"] == DAMP, "damping")
    assert fault_names(status.message["first_faults"]) == ("target_stale",)
    assert loop.alive and command.poll()
    policy.send_signal(signal.SIGCONT)  # coming back changes nothing
    for _ in range(20):
        wait(status, lambda: True, "tick")
        assert status.message["mode"] == DAMP
    assert loop.stop() == 0


def test_the_loop_damps_when_the_python_that_started_it_is_killed() -> None:
    owner = python(OWNER_PROCESS, "1.0", stdout=subprocess.PIPE)
    assert owner.stdout is not None
    name, pid = owner.stdout.readline().split()
    board = Board.attach(name)
    policy = python(POLICY_PROCESS, name)
    try:
        status = board.status()
        run_policy(board, status)
        owner.kill()
        wait(status, lambda: status.message["mode"] == DAMP, "damping")
        assert fault_names(status.message["first_faults"]) == ("orphan",)
        wait(status, lambda: status.message["mode"] == STOP, "end of the damping")
        end = time.monotonic() + 60.0
        while board.native.running != 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert board.native.running == 2
    finally:
        for process in (owner, policy):
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        if board.native.running != 2:
            os.kill(int(pid), signal.SIGKILL)
            board.unlink()


def test_the_loop_ends_limp_when_told(loop: LoopProcess) -> None:
    status = loop.board.status()
    assert loop.alive and loop.board.writer(Role.LOOP)[0] == loop.pid
    with pytest.raises(InputError, match="already the loop"):
        loop.board.claim(Role.LOOP)
    assert loop.stop() == 0
    assert status.poll() and status.message["mode"] == STOP
    with pytest.raises(InputError, match="start the loop first"):
        Board.attach(loop.board.name)


def test_what_the_system_does_not_permit_is_one_line() -> None:
    settings = dataclasses.replace(patient(TIMEOUT_S), cpu=1000)
    with start_loop(GO2, [], settings) as process:
        assert len(process.board.notes) == 1
        assert process.board.notes[0].startswith("the loop is not pinned to CPU 1000: ")


def test_a_second_loop_for_one_board_is_refused(loop: LoopProcess) -> None:
    done = subprocess.run(
        [str(loop_program("mock")), loop.board.name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "has a loop already" in done.stderr
    done = subprocess.run([str(loop_program("mock"))], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1


def test_a_signal_ends_it_as_well(loop: LoopProcess) -> None:
    status = loop.board.status()
    request(loop.board, DAMP)
    wait(status, lambda: status.message["mode"] == DAMP, "damping")
    os.kill(loop.pid, signal.SIGTERM)
    end = time.monotonic() + 60.0
    while loop.alive and time.monotonic() < end:
        time.sleep(0.01)
    assert not loop.alive and loop.board.native.running == 2


def test_a_robot_behind_shared_memory() -> None:
    """The same messages that a user's own robot writes and reads."""
    settings = dataclasses.replace(patient(TIMEOUT_S), driver="shared_memory")
    with start_loop(GO2, [], settings) as process:
        board, status = process.board, process.board.status()
        command = board.robot_command()
        wait(command, lambda: command.message["mode"][0] == 0, "idle command")
        wait(status, lambda: fault_names(status.message["faults"]) == ("no_state",), "no state")
        request(board, DAMP)
        wait(command, lambda: is_damped(command.message), "damping")
        state = m.new(m.STATE)
        state["time_ns"], state["tick"] = m.now_ns(), 1
        state["joint_pos"][:12] = GO2.default_joint_pos_rad
        board.write_robot_state(state)
        wait(status, lambda: status.message["faults"] == 0, "state")
