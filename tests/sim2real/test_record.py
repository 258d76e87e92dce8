"""The verdict of the record in real time."""

from __future__ import annotations

import pytest
from record import judge

GOOD = {
    "asked_s": 120.0,
    "deploy_status": 0,
    "simulate_status": 0,
    "error": "",
    "fell": False,
    "stood": True,
    "held_s": 123.0,
    "command_timeouts": 0,
    "commands": {"accepted": 60000, "bad_crc": 0},
    "crc_errors": 0,
    "faults": [],
    "loop": {"ticks": 60000, "missed": 1},
    "bare": {"ticks": 60000, "missed": 1},
}


def test_a_run_as_it_must_be_has_no_problem() -> None:
    assert judge(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"loop": {"ticks": 0, "missed": 0}}, "no ticks in mode policy"),
        ({"held_s": 119.0}, "held for 119.0 s, less than the 120 s asked"),
        ({"deploy_status": 1}, "deploy ended with status 1"),
        ({"simulate_status": -6}, "simulate ended with status -6"),
        ({"fell": True}, "it fell"),
        ({"faults": ["tilt"]}, "faults: tilt"),
        ({"loop": {"ticks": 60000, "missed": 2}}, "more deadlines missed than by the bare loop"),
    ],
)
def test_what_is_not_so_is_told(changes: dict, problem: str) -> None:
    assert judge({**GOOD, **changes}) == [problem]
