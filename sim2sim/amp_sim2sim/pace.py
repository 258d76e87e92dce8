"""Real time: one step after another, each when it is due."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Holds a loop to one step every ``step_s``. Where it is late by more than a step, the missed
    time is left out instead of being made up for; ``behind_s`` sums it."""

    def __init__(
        self,
        step_s: float,
        now_ns: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._step_ns, self._now_ns, self._sleep = round(1e9 * step_s), now_ns, sleep
        self._due_ns = now_ns()
        self.behind_s = 0.0

    def wait(self) -> None:
        """Until the next step is due."""
        self._due_ns += self._step_ns
        left_ns = self._due_ns - self._now_ns()
        if left_ns > 0:
            self._sleep(left_ns * 1e-9)
        elif left_ns < -self._step_ns:
            self.behind_s -= left_ns * 1e-9
            self._due_ns -= left_ns
