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

from amp_sdk.policy import load_policy
from amp_sdk.runtime import start_loop
from amp_sdk.runtime.flight_log import DamagedRecordWarning, FlightLog
from amp_sdk.runtime.messages import now_ns
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
