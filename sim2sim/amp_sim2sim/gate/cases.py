"""Which runs of a gate are worth a look: the nominal one and the worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amp_sim2sim.gate.gate import Gate
from amp_sim2sim.gate.recording import GroupLog
from amp_sim2sim.gate.sweep import Point
from amp_sim2sim.gate.traces import find_run
from amp_sim2sim.gate.verdict import ScenarioResult


@dataclass(frozen=True, eq=False)
class Case:
    """Run ``i`` of a group's ``log``; ``name`` is short, ``condition`` says what was different."""

    name: str
    condition: str
    log: GroupLog
    i: int


def cases(gate: Gate) -> list[Case]:
    """The first scenario's first run, and the worst required point of the others: the most falls,
    then the smallest margin."""
    ran = [s for s in gate.results.scenarios if s.points]
    shown = [("nominal", ran[0], ran[0].points[0])]
    others = [(s, p) for s in ran[1:] for p in s.points if p.required]
    if others:
        shown.append(("worst", *min(others, key=lambda item: badness(item[1]))))
    found = []
    for name, scenario, point in shown:
        run = find_run(gate.logs, scenario.name, point.value, point.across)
        if run is not None:
            varied = condition(scenario, point)
            found.append(Case(name, scenario.name + (f" ({varied})" if varied else ""), *run))
    return found


def badness(point: Point) -> tuple[float, float]:
    """The worse the smaller: less the share of falls, and the smallest margin."""
    margins = [judged.margin for judged in point.judged if judged.margin is not None]
    return -point.falls / point.runs, min(margins, default=0.0)


def condition(scenario: ScenarioResult, point: Point) -> str:
    """What a point varies, in words; empty where it is nothing."""
    parts: Sequence[tuple[str, float | None]] = (
        (scenario.vary, point.value),
        (scenario.across, point.across),
    )
    return " at ".join(f"{name} {value:g}" for name, value in parts if value is not None)
