"""Listening to a robot for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Tuple

import numpy as np

from amp_sim2real.link import Link, LinkStatus

_DISCOVERY_S, _WATCH_S = 10.0, 1.5


@dataclass
class Observed:
    """What was heard of a robot. ``state`` is the last one, ``rate_hz`` of good states."""

    seconds: float = 0.0
    states: int = 0
    rate_hz: float = 0.0
    longest_gap_s: float = 0.0
    before: LinkStatus = field(default_factory=lambda: _NOTHING)
    after: LinkStatus = field(default_factory=lambda: _NOTHING)
    state: np.ndarray = field(default_factory=lambda: np.zeros(()))
    state_types: Tuple[str, ...] = ()
    command_types: Tuple[str, ...] = ()


_NOTHING = LinkStatus(0, 0, 0, 0, 0, 0, 0, 0, 0, (0.0, 0.0, 0.0, 0.0))


def observe(link: Link) -> Observed:
    """Listen for a while, once the first state has come."""
    end = time.monotonic() + _DISCOVERY_S
    while not link.poll() and time.monotonic() < end:
        time.sleep(0.01)
    seen = Observed(before=link.status())
    begin = last = time.monotonic()
    while time.monotonic() - begin < _WATCH_S:
        if link.poll():
            now = time.monotonic()
            seen.longest_gap_s, last = max(seen.longest_gap_s, now - last), now
        time.sleep(0.0005)
    seen.seconds = time.monotonic() - begin
    seen.after = link.status()
    seen.states = seen.after.received - seen.before.received
    seen.rate_hz = seen.states / seen.seconds
    seen.state = link.state
    seen.state_types, seen.command_types = link.state_types(), link.command_types()
    return seen
