"""The loop's process with its recorder: a run, a kill, a full disk."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from runtime_rig import CONTRACT, GO2, patient

from amp_sdk.contract import COMMAND_NAMES
from amp_sdk.observation import RobotState
from amp_sdk.policy import load_policy
from amp_sdk.runtime import Board, PolicyRunner, start_loop
from amp_sdk.runtime.flight_log import DamagedRecordWarning, FlightLog
from amp_sdk.runtime.messages import OPERATOR, TARGET, new, now_ns
from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.replay import compare
from amp_sdk.runtime.summary import summarize


def wait_for(condition, what: str) -> None:
    end = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def read(path: Path) -> FlightLog:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedRecordWarning)  # a kill may cut a record
        return FlightLog(path)


def test_every_tick_of_a_run_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "run.flight"
    loop = start_loop(GO2, [load_policy("go2_trot")], patient(), record=path)
    with loop:
        wait_for(lambda: loop.status()["tick"] > 100, "the loop does not tick")
    log = FlightLog(path)
    assert log.complete and log.lost_cells == 0
    assert log.header.joint_names == CONTRACT.joint_names
    assert log.header.contract(0) == CONTRACT
    summary = summarize(log)
    assert summary.missed_ticks == 0 and summary.ticks == len(log.ticks) > 100
    assert [span.mode for span in summary.modes][-1] == "stop"
    timing = {d.name: d for d in loop.timing()}
    assert timing["lateness"].count == len(log.ticks) == timing["period"].count + 1
    lateness = log.ticks["timing.lateness_ns"]
    assert timing["lateness"].max_s == pytest.approx(lateness.max() * 1e-9)
    written = json.loads(path.with_suffix(".timing.json").read_text())
    assert written["lateness"]["count"] == len(log.ticks)
    assert path.with_suffix(".timing.svg").read_text().startswith("<svg")


def test_a_killed_loop_loses_less_than_a_second(tmp_path: Path) -> None:
    path = tmp_path / "run.flight"
    loop = start_loop(GO2, [CONTRACT], patient(), record=path)
    try:
        wait_for(lambda: loop.status()["tick"] > 300, "the loop does not tick")
        os.kill(loop.pid, signal.SIGKILL)
        wait_for(lambda: not loop.alive, "the loop lives on")
        last_ns = int(loop.status()["timing"]["time_ns"])
    finally:
        loop.stop()
    log = read(path)
    recorded_ns = int(log.ticks["timing.time_ns"][-1])
    assert not log.complete and len(log.ticks) > 0
    assert 0 <= last_ns - recorded_ns < 10**9
    numbers = log.ticks["status.tick"].astype(np.int64)
    assert (np.diff(numbers) == 1).all()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process: Linux only")
def test_a_full_disk_ends_the_recording_and_not_the_loop(tmp_path: Path, capfd) -> None:
    path = tmp_path / "run.flight"
    with start_loop(GO2, [CONTRACT], patient(), record=path) as loop:
        # a limit of the file's size stands for a full disk: the same error path
        room = path.stat().st_size + 200_001
        hard = resource.prlimit(loop.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(loop.pid, resource.RLIMIT_FSIZE, (room, hard))
        wait_for(lambda: loop.board.native.recorder_failed, "the limit was not noticed")
        begin = now_ns()
        wait_for(lambda: loop.status()["timing"]["time_ns"] > begin + 10**8, "the loop stopped")
        assert loop.alive
        assert loop.board.native.records_lost > 0
        assert loop.stop() == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing of it is damaged
        log = FlightLog(path)
    assert not log.complete and len(log.ticks) > 10
    lines = capfd.readouterr().err.splitlines()
    assert len([line for line in lines if "flight recorder stopped" in line]) == 1


class _Answers:
    """The policy's process, as far as a replay is concerned: newest measurement to target."""

    def __init__(self, board: Board, policy) -> None:
        self._board, self._runner = board, PolicyRunner(policy)
        self._state, self._status = board.state(), board.status()
        self._target = new(TARGET)
        self._target["obs_size"] = policy.contract.obs_dim
        self._commands = [list(COMMAND_NAMES).index(c.name) for c in policy.contract.commands]
        self._wanted = False

    def step(self) -> None:
        self._status.poll()
        wanted = bool(self._status.message["wanted_policies"])
        if wanted and not self._wanted:
            self._runner.reset()
        self._wanted = wanted
        if not wanted or not self._state.poll():
            return
        state, target = self._state.message, self._target
        joints = self._runner.contract.action_dim
        measured = RobotState(
            ang_vel_b=state["gyro_b"],
            quat_w=state["quat_wxyz"],
            joint_pos=state["joint_pos"][:joints],
            joint_vel=state["joint_vel"][:joints],
        )
        command = self._status.message["velocity_command"]
        target["target"][:joints] = self._runner.step(measured, command[self._commands])
        target["command"], target["time_ns"] = command, state["time_ns"]
        target["state_tick"], target["written_ns"] = state["tick"], now_ns()
        target["action"][:joints] = self._runner.action
        target["observation"][: len(self._runner.observation)] = self._runner.observation
        target["sequence"] += 1
        self._board.write_target(target)


def test_what_ran_in_the_loop_replays_to_the_same_bits(tmp_path: Path) -> None:
    path, policy = tmp_path / "run.flight", load_policy("go2_trot")
    with start_loop(GO2, [policy], patient(), record=path) as loop:
        answers, operator = _Answers(loop.board, policy), new(OPERATOR)

        def ask(mode: Mode, until) -> None:
            operator["requested_mode"], operator["time_ns"] = mode, now_ns()
            operator["sequence"] += 1
            operator["deadman_ns"] = now_ns()
            loop.board.write_operator_input(operator)
            end = time.monotonic() + 60.0
            while not until():
                assert time.monotonic() < end, f"{mode!r} was not reached"
                answers.step()
                time.sleep(0.005)

        ask(Mode.DAMP, lambda: loop.status()["mode"] == Mode.DAMP)
        ask(Mode.POLICY, lambda: loop.status()["mode"] == Mode.POLICY)
        tick = int(loop.status()["tick"])
        ask(Mode.POLICY, lambda: loop.status()["tick"] > tick + 200)
    log = FlightLog(path)
    found = compare(log, 0, policy)
    longest = max(term.history for term in policy.contract.observation)
    assert found.answers > 10
    assert found.different_actions == 0 and found.different_observations == 0
    # on a busy machine two answers may come between two ticks: the loop takes the newer one
    gaps = 1 + np.count_nonzero(np.diff(log.policies[0].rows["sequence"].astype(np.int64)) != 1)
    assert found.not_rebuilt <= longest * gaps < found.answers
    assert [s.mode for s in summarize(log).modes][:4] == ["stop", "damp", "stand", "policy"]
    assert not summarize(log).faults
