"""The policy process as a process. Waits are long; nothing depends on how fast the machine is."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from runtime_rig import CONTRACT, DAMP, GO2, STOP, patient
from runtime_rig import POLICY as POLICY_MODE

from amp_sdk import load_policy
from amp_sdk.runtime import Board, Role, fault_names, messages, start_loop

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the runtime needs POSIX")
WAIT_S = 90.0
POLICY = "go2_trot"


class FakeLoop(threading.Thread):
    """Beats, measures a standing robot and wants policy 0, until it is told to end."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        contract = load_policy(POLICY).contract
        config = messages.new(messages.CONFIG)
        config["joints"], config["period_s"] = 12, 0.002
        config["joint"]["name"][:12] = [n.encode() for n in contract.joint_names]
        for name in ("state_timeout_s", "frozen_timeout_s", "overrun_timeout_s"):
            config["safety"][name] = WAIT_S
        slot = config["policy"][0]
        slot["present"], slot["period_s"], slot["timeout_s"] = 1, 0.02, WAIT_S
        slot["kp"][:12], slot["kd"][:12] = (contract.joint_array(k) for k in ("kp", "kd"))
        self.board, self.loop, self.ended = Board.create(config), Role.LOOP, threading.Event()
        self.now_ns = messages.now_ns
        self.state, self.status = messages.new(messages.STATE), messages.new(messages.STATUS)
        self.state["joint_pos"][:12] = contract.joint_array("default_pos_rad")
        self.status["wanted_policies"] = 1
        self.board.claim(self.loop)
        self.board.beat(self.loop)
        self.start()

    def run(self) -> None:
        while not self.ended.wait(0.005):
            self.board.beat(self.loop)
            self.state["time_ns"], self.state["tick"] = self.now_ns(), self.state["tick"] + 1
            self.board.native.write_state(self.state)
            self.board.native.write_status(self.status)

    def end(self) -> None:
        self.ended.set()
        self.join()
        self.board.release(self.loop)


@pytest.fixture
def loop() -> Iterator[FakeLoop]:
    loop = FakeLoop()
    yield loop
    loop.end()
    loop.board.unlink()


def start(board: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "amp_sdk.runtime.policy_process", board, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    return process.returncode, out, err


def test_it_answers_until_it_is_told_to_end(loop: FakeLoop) -> None:
    process = start(loop.board.name, POLICY, "--robot", "go2")
    target, limit = loop.board.target(0), time.monotonic() + WAIT_S
    try:
        while not (target.poll() and target.message["sequence"] >= 3):
            assert process.poll() is None and time.monotonic() < limit, process.communicate()
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGTERM)
    status, out, err = end(process)
    assert (status, err) == (0, "") and "policy 0 is armed" in out and "answers" in out
    assert np.isfinite(target.message["target"]).all() and target.message["action"].any()
    # its role is free again
    loop.board.claim(Role.POLICY)


def test_a_loop_that_ends_ends_it_with_one_line(loop: FakeLoop) -> None:
    process = start(loop.board.name, POLICY, "--robot", "go2")
    assert process.stdout is not None and "armed" in process.stdout.readline()
    loop.end()
    status, _, err = end(process)
    assert status == 1 and err.startswith("failed: the loop ") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((POLICY, "--robot", "g1_29dof"), "does not fit robot 'g1_29dof'"),
        ((POLICY, POLICY, "--robot", "go2"), "another policy in slot 1"),
        (("nothing", "--robot", "go2"), "neither a file nor a shipped policy"),
        ((POLICY, "--robot", "go2", "--cpu", "9999"), "--cpu"),
        ((POLICY, "--robot", "go2", "--complete", "1=x.yaml"), "expected SLOT=FILE with a slot"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(loop: FakeLoop, arguments, message) -> None:
    status, _, err = end(start(loop.board.name, *arguments))
    assert status == 2 and message in err and err.count("\n") == 1
    assert not loop.board.target(0).poll()


def test_no_loop_is_one_line() -> None:
    status, _, err = end(start("/amp-nothing-here", POLICY, "--robot", "go2"))
    assert status == 2 and "start the loop first" in err and err.count("\n") == 1


def test_a_robot_walks_into_its_policy_and_is_damped_without_it() -> None:
    """The whole of it: native loop, policy process, operator."""
    with start_loop(GO2, [CONTRACT], patient(3.0)) as running:
        board, status = running.board, running.board.status()

        def request(mode: int, reached: str, value: int) -> None:
            wish = messages.new(messages.OPERATOR)
            wish["requested_mode"], wish["time_ns"] = mode, messages.now_ns()
            board.write_operator_input(wish)
            wait(reached, value)

        def wait(field: str, value: int) -> None:
            limit = time.monotonic() + WAIT_S
            while status.message[field] != value:
                faults = fault_names(status.message["faults"])
                assert time.monotonic() < limit, (status.message["mode"], faults)
                status.poll()
                time.sleep(0.002)

        process = start(board.name, POLICY, "--robot", "go2")
        assert process.stdout is not None and "armed" in process.stdout.readline()
        request(STOP, "armed", 1)
        request(POLICY_MODE, "mode", POLICY_MODE)
        assert process.poll() is None
        process.kill()
        wait("mode", DAMP)
        assert fault_names(status.message["first_faults"]) == ("target_stale",)
        end(process)
