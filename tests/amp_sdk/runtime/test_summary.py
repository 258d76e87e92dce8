"""Modes and faults of a record with their times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flight_runs import PERIOD_NS, Run

from amp_sdk.runtime._native import native
from amp_sdk.runtime.flight_log import FlightLog
from amp_sdk.runtime.messages import fault_bit
from amp_sdk.runtime.summary import FaultEvent, ModeSpan, summarize, timing


def test_modes_faults_and_missed_ticks(tmp_path: Path) -> None:
    run = Run(tmp_path / "run", (), ("a",))
    tick = np.zeros((), native().DTYPES["TickRecord"])
    tilt, stale = fault_bit("tilt"), fault_bit("target_stale")
    script = [(0, 0), (2, 0), (2, 0), (3, 0), (1, tilt), (1, tilt | stale), (1, 0), (1, tilt)]
    for n, (mode, faults) in enumerate(script):
        status = tick["status"]
        status["tick"] = n if n < 6 else n + 2
        status["mode"], status["faults"] = mode, faults
        status["timing"]["time_ns"] = 5 * 10**9 + n * PERIOD_NS
        run.recorder.record(tick)
    run.close()
    log = FlightLog(tmp_path / "run")
    found = summarize(log)
    assert found.ticks == 8 and found.missed_ticks == 2 and found.complete
    assert found.duration_s == pytest.approx(7 * 0.002)
    assert [span.mode for span in found.modes] == ["stop", "stand", "policy", "damp"]
    assert found.modes[1] == ModeSpan("stand", pytest.approx(0.002), pytest.approx(0.006))
    assert found.faults == (
        FaultEvent(pytest.approx(0.008), 4, ("tilt",)),
        FaultEvent(pytest.approx(0.010), 5, ("target_stale",)),
        FaultEvent(pytest.approx(0.014), 9, ("tilt",)),
    )
    assert timing(log)[3].count == 0


def test_a_record_without_ticks(tmp_path: Path) -> None:
    Run(tmp_path / "run", (), ("a",)).close()
    found = summarize(FlightLog(tmp_path / "run"))
    assert found.ticks == 0 and found.duration_s == 0.0 and not found.modes
