"""Simulated time waits for a policy that owes an answer, and for nothing else."""

from __future__ import annotations

import pytest
from runtime_rig import CONTRACT, GO2, patient

from amp_sdk.runtime import Board, loop_config, messages
from amp_sdk.runtime.modes import Mode
from amp_sim2sim.wire.answers import PolicyAnswers

PERIOD_NS = round(1e9 * CONTRACT.control_period_s)


@pytest.mark.parametrize(
    ("mode", "age_ns", "owed"),
    [
        (Mode.POLICY, 0, False),
        (Mode.POLICY, PERIOD_NS, False),
        (Mode.POLICY, 2 * PERIOD_NS, True),
        (Mode.STAND, 2 * PERIOD_NS, False),
        (Mode.DAMP, 100 * PERIOD_NS, False),
    ],
)
def test_an_answer_is_owed_once_it_is_late(mode: Mode, age_ns: int, owed: bool) -> None:
    board = Board.local(loop_config(GO2, [CONTRACT], patient(10.0)))
    state, status, target = (
        messages.new(kind) for kind in (messages.STATE, messages.STATUS, messages.TARGET)
    )
    state["time_ns"], status["mode"] = 10**12, mode
    target["time_ns"] = 10**12 - age_ns
    board.native.write_state(state)
    board.native.write_status(status)
    board.write_target(target)
    assert PolicyAnswers(board).owed() == owed
