"""Things that go wrong with a robot at a chosen time: ``KIND@START[:DURATION][=VALUE]``."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from amp_sdk.errors import InputError, closest

KINDS = {
    "freeze": "the counter and all measurements stand still",
    "silent": "no state is sent (the cable is pulled)",
    "corrupt": "states are sent with a wrong check sum",
    "nan": "a joint's position is not a number",
    "restart": "the robot reboots: its counter starts again",
    "hot": "all motors are VALUE C hot (default 110)",
    "battery": "the battery has VALUE percent (default 3)",
    "gyro": "the gyro is off by VALUE rad/s (default 20)",
    "tilt": "the attitude is off by VALUE rad (default 1.4)",
    "joint": "the first joint's position is off by VALUE rad (default 10)",
    "remote": "the remote's L2 and B are pressed",
}
_DEFAULTS = {"hot": 110.0, "battery": 3.0, "gyro": 20.0, "tilt": 1.4, "joint": 10.0}
_FORM = re.compile(r"(\w+)@(\d+\.?\d*)(?::(\d+\.?\d*))?(?:=(-?\d+\.?\d*))?")


@dataclass(frozen=True)
class Event:
    """``kind`` from ``start_s`` on for ``duration_s``; times since the robot was first held up by
    its motors."""

    kind: str
    start_s: float
    duration_s: float = math.inf
    value: float = 0.0


def parse(text: str) -> Event:
    """One event. Raises InputError."""
    form = _FORM.fullmatch(text)
    if form is None:
        raise InputError(
            f"--inject {text!r}: expected KIND@START[:DURATION][=VALUE], such as freeze@3:0.5"
        )
    kind, start, duration, value = form.groups()
    if kind not in KINDS:
        raise InputError(f"--inject {text!r}: unknown kind {kind!r}; {closest(kind, KINDS)}")
    return Event(
        kind,
        float(start),
        math.inf if duration is None else float(duration),
        _DEFAULTS.get(kind, 0.0) if value is None else float(value),
    )


class Schedule:
    """Which events hold at a time."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = tuple(events)

    def value(self, kind: str, time_s: float) -> float | None:
        """The value of ``kind`` where it holds at ``time_s``, otherwise None."""
        for event in self._events:
            if event.kind == kind and 0.0 <= time_s - event.start_s < event.duration_s:
                return event.value
        return None

    def holds(self, kind: str, time_s: float) -> bool:
        """Whether ``kind`` holds at ``time_s``."""
        return self.value(kind, time_s) is not None
