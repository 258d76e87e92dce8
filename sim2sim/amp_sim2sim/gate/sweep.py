"""The points of a sweep, and how far it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amp_sim2sim.gate.suite import Scenario


@dataclass(frozen=True)
class Judged:
    """A measure beside its limit: the worst run's. ``margin`` is 1 at zero, 0 at the limit and
    negative beyond it; None for a limit of zero."""

    name: str
    value: float
    limit: float
    margin: float | None
    passed: bool


@dataclass(frozen=True)
class Point:
    """One value of a scenario's condition: all its repeats together. ``damped`` is how many of the
    ``falls`` were ended by the robot's own control loop, which found a fault."""

    value: float | None
    across: float | None
    required: bool
    passed: bool
    runs: int
    falls: int
    first_fall_s: float | None
    first_fall: str
    judged: tuple[Judged, ...]
    damped: int = 0

    @property
    def why(self) -> str:
        """What failed, in one line; empty where nothing did."""
        texts = [f"{j.name} {j.value:.3g} > {j.limit:.3g}" for j in self.judged if not j.passed]
        if self.falls and texts:
            texts[0] = f"{self._ends()} ({self.first_fall})"
        return ", ".join(texts)

    def _ends(self) -> str:
        fell, counts = self.falls - self.damped, []
        if fell:
            counts.append(f"{fell} of {self.runs} fell")
        if self.damped:
            counts.append(f"{self.damped} of {self.runs} damped")
        return ", ".join(counts)


@dataclass(frozen=True)
class Reach:
    """How far a sweep goes for one value of ``across``: the outermost values below and above
    neutral up to which every point passes (None where the nearest one fails already), the first
    failing values, and why. ``ratio`` is the upper reach beside the largest required value."""

    across: float | None
    passes_down_to: float | None
    passes_up_to: float | None
    fails_down_at: float | None
    fails_up_at: float | None
    why: str
    ratio: float | None


def reaches(scenario: Scenario, points: Sequence[Point]) -> tuple[Reach, ...]:
    """How far the points pass, for each value of ``across``; nothing where nothing varies."""
    if not scenario.vary:
        return ()
    return tuple(
        _reach(scenario, across, [p for p in points if p.across == across])
        for across in scenario.across_values or (None,)
    )


def _reach(scenario: Scenario, across: float | None, points: Sequence[Point]) -> Reach:
    def walk(outwards: list[Point]) -> tuple[float | None, Point | None]:
        reached = None
        for point in outwards:
            if not point.passed:
                return reached, point
            reached = point.value
        return reached, None

    ordered = sorted(points, key=lambda p: p.value or 0.0)
    up, up_fail = walk([p for p in ordered if (p.value or 0.0) >= scenario.neutral])
    down, down_fail = walk([p for p in reversed(ordered) if (p.value or 0.0) <= scenario.neutral])
    top = scenario.required[1] if scenario.required else max(scenario.values)
    ratio = None if up is None or top <= 0.0 else up / top
    first = up_fail or down_fail
    return Reach(
        across=across,
        passes_down_to=down,
        passes_up_to=up,
        fails_down_at=down_fail.value if down_fail else None,
        fails_up_at=up_fail.value if up_fail else None,
        why=first.why if first else "",
        ratio=ratio,
    )
