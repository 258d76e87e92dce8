"""Pass or fail, with margins: of each point, of each scenario, of the policy."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from amp_sim2sim.gate.conditions import unit
from amp_sim2sim.gate.falls import CONTROLLER
from amp_sim2sim.gate.measure import Measures, RunResult
from amp_sim2sim.gate.suite import Scenario, Thresholds
from amp_sim2sim.gate.sweep import Judged, Point, Reach, reaches

FALLS = "fall_share"
LIMITS = tuple(f.name for f in dataclasses.fields(Thresholds))


@dataclass(frozen=True)
class ScenarioResult:
    """``status`` is pass, fail or skipped (for ``reason``). ``margin`` is the smallest margin of a
    required point, ``pass_share`` the share of all points that pass."""

    name: str
    about: str
    status: str
    reason: str
    vary: str
    across: str
    unit: str
    required: tuple[float, float] | None
    margin: float | None
    pass_share: float | None
    points: tuple[Point, ...]
    reach: tuple[Reach, ...]


def judge_scenario(
    name: str, scenario: Scenario, thresholds: Thresholds, results: Sequence[RunResult]
) -> ScenarioResult:
    """The verdict on one scenario's runs; ``thresholds`` are the suite's."""
    limits = thresholds.overridden(scenario.thresholds)
    points = []
    for value, across, _ in scenario.grid():
        group = [r for r in results if (r.run.value, r.run.across) == (value, across)]
        points.append(_point(group, value, across, scenario.requires(value), limits))
    required = [point for point in points if point.required]
    failed = [point for point in required if not point.passed]
    return ScenarioResult(
        name=name,
        about=scenario.about,
        status="fail" if failed else "pass",
        reason=_reason(scenario, failed),
        vary=scenario.vary,
        across=scenario.across,
        unit=unit(scenario.vary),
        required=scenario.required,
        margin=min(
            (j.margin for p in required for j in p.judged if j.margin is not None), default=None
        ),
        pass_share=sum(point.passed for point in points) / len(points),
        points=tuple(points),
        reach=reaches(scenario, points),
    )


def skipped(name: str, scenario: Scenario, reason: str) -> ScenarioResult:
    """A scenario that this policy's contract leaves nothing to test in."""
    return ScenarioResult(
        name=name,
        about=scenario.about,
        status="skipped",
        reason=reason,
        vary=scenario.vary,
        across=scenario.across,
        unit=unit(scenario.vary),
        required=scenario.required,
        margin=None,
        pass_share=None,
        points=(),
        reach=(),
    )


def _reason(scenario: Scenario, failed: Sequence[Point]) -> str:
    if not failed:
        return ""
    first = failed[0]
    where = []
    if first.value is not None:
        where.append(f"{scenario.vary} {first.value:g}")
    if first.across is not None:
        where.append(f"{scenario.across} {first.across:g}")
    return f"{', '.join(where)}: {first.why}" if where else first.why


def _point(
    results: Sequence[RunResult],
    value: float | None,
    across: float | None,
    required: bool,
    limits: Thresholds,
) -> Point:
    falls = [r.fall for r in results if r.fall is not None]
    earliest = min(falls, key=lambda fall: fall.time_s) if falls else None
    standing = [r.measures for r in results if r.fall is None]
    judged = []
    for name in LIMITS:
        limit = getattr(limits, name)
        if limit is None:
            continue
        measure = name.removeprefix("max_")
        worst = len(falls) / len(results) if measure == FALLS else _worst(standing, measure)
        if worst is not None:
            judged.append(_judge(measure, worst, limit))
    return Point(
        value=value,
        across=across,
        required=required,
        passed=all(j.passed for j in judged),
        runs=len(results),
        falls=len(falls),
        first_fall_s=earliest.time_s if earliest else None,
        first_fall=earliest.reason if earliest else "",
        judged=tuple(judged),
        damped=sum(fall.reason.startswith(CONTROLLER) for fall in falls),
    )


def _worst(all_of: Sequence[Measures], name: str) -> float | None:
    return max((v for m in all_of if (v := getattr(m, name)) is not None), default=None)


def _judge(name: str, value: float, limit: float) -> Judged:
    margin = (limit - value) / limit if limit > 0.0 else None
    # not "value > limit": a number that is none has not passed
    return Judged(name, value, limit, margin, bool(value <= limit))
