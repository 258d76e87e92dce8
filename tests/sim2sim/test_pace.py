"""Real time, on a clock of the test's own."""

from __future__ import annotations

import pytest

from amp_sim2sim.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.ns = 0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ns += round(1e9 * seconds)


def test_a_step_that_takes_less_is_waited_for() -> None:
    clock = Clock()
    pace = Pace(0.02, lambda: clock.ns, clock.sleep)
    for work_ns in (5_000_000, 0, 19_000_000):
        clock.ns += work_ns
        pace.wait()
    assert clock.slept == pytest.approx([0.015, 0.02, 0.001])
    assert clock.ns == 60_000_000 and pace.behind_s == 0.0


def test_a_short_delay_is_made_up_for_and_a_long_one_left_out() -> None:
    clock = Clock()
    pace = Pace(0.02, lambda: clock.ns, clock.sleep)
    clock.ns += 30_000_000
    pace.wait()
    clock.ns += 5_000_000
    pace.wait()
    assert clock.ns == 40_000_000 and pace.behind_s == 0.0
    clock.ns += 500_000_000
    pace.wait()
    assert pace.behind_s == pytest.approx(0.48)
    pace.wait()
    assert clock.slept[-1] == pytest.approx(0.02)
