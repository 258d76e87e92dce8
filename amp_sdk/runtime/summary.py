"""What happened in a run: modes, faults with their times, losses and timing, from its record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

import numpy as np

from amp_sdk.runtime.flight_log import FlightLog
from amp_sdk.runtime.messages import fault_names
from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.timing import Distribution


@dataclass(frozen=True)
class ModeSpan:
    """A mode from ``start_s`` to ``end_s`` of the run."""

    mode: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class FaultEvent:
    """Faults that began at ``time_s``, in tick ``tick`` of the loop."""

    time_s: float
    tick: int
    faults: Tuple[str, ...]


@dataclass(frozen=True)
class RunSummary:
    """``complete``: the loop ended in order; ``lost_cells``: records the disk was too slow for;
    ``missed_ticks``: numbers of the loop's ticks that are not in the record.
    """

    robot: str
    created_utc: str
    duration_s: float
    ticks: int
    complete: bool
    lost_cells: int
    missed_ticks: int
    modes: Tuple[ModeSpan, ...]
    faults: Tuple[FaultEvent, ...]


def summarize(log: FlightLog) -> RunSummary:
    """The summary of a record; one without ticks has a duration of 0."""
    ticks = log.ticks
    time_s = tick_times_s(log)
    numbers = ticks["status.tick"].astype(np.int64)
    return RunSummary(
        robot=f"{log.header.robot} ({log.header.variant})",
        created_utc=log.header.created_utc,
        duration_s=float(time_s[-1]) if len(time_s) else 0.0,
        ticks=len(ticks),
        complete=log.complete,
        lost_cells=log.lost_cells,
        missed_ticks=int(np.maximum(np.diff(numbers) - 1, 0).sum()),
        modes=_modes(ticks["status.mode"], time_s),
        faults=_faults(ticks["status.faults"], numbers, time_s),
    )


def timing(log: FlightLog) -> List[Distribution]:
    """Period, lateness and computing time of all ticks, and the latency of all policy answers."""
    ticks = log.ticks
    answers = ticks[ticks["has_target"] != 0]
    return [
        Distribution.of_samples("period", ticks["timing.period_ns"][1:]),
        Distribution.of_samples("lateness", ticks["timing.lateness_ns"]),
        Distribution.of_samples("compute", ticks["timing.compute_ns"][1:]),
        Distribution.of_samples("policy_latency", answers["timing.policy_latency_ns"]),
    ]


def tick_times_s(log: FlightLog) -> np.ndarray:
    """Time of every tick since the first one, ``[N]`` in s."""
    time_ns = log.ticks["timing.time_ns"]
    return (time_ns - time_ns[:1]) * 1e-9


def _modes(modes: np.ndarray, time_s: np.ndarray) -> Tuple[ModeSpan, ...]:
    starts = _changes(modes)
    ends = [*starts[1:], len(modes) - 1]
    return tuple(
        ModeSpan(_mode_name(int(modes[a])), float(time_s[a]), float(time_s[b]))
        for a, b in zip(starts, ends)
    )


def _faults(faults: np.ndarray, numbers: np.ndarray, time_s: np.ndarray) -> Tuple[FaultEvent, ...]:
    events = []
    before = 0
    for i in _changes(faults):
        new = int(faults[i]) & ~before
        before = int(faults[i])
        if new:
            events.append(FaultEvent(float(time_s[i]), int(numbers[i]), fault_names(new)))
    return tuple(events)


def _changes(values: np.ndarray) -> List[int]:
    """Where a new value begins, the first one included."""
    if not len(values):
        return []
    return [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist()]


def _mode_name(number: int) -> str:
    known = number in list(map(int, Mode))
    return Mode(number).name.lower() if known else f"mode {number}"
