"""What the gate prints: one line for each scenario, then the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from amp_sim2sim.gate.gate import GateResults
from amp_sim2sim.gate.sweep import Reach
from amp_sim2sim.gate.verdict import ScenarioResult

_WORDS = {"pass": ("pass", "green"), "fail": ("FAIL", "bold red"), "skipped": ("skip", "yellow")}


def print_gate(results: GateResults) -> None:
    """Every scenario, and the verdict."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(
        f"{results.policy} on {results.robot}: suite {results.suite}, {results.runs} runs of "
        f"{results.duration_s:g} s, seed {results.seed}"
    )
    for scenario in results.scenarios:
        word, colour = _WORDS[scenario.status]
        console.print(f"  {word}", style=colour, end="")
        console.print(f"  {scenario.name:<24}  {describe(scenario)}")
    if results.skipped:
        console.print(f"not tested: {', '.join(results.skipped)}", style="yellow")
    console.print(f"robustness score {results.score:.2f} (share of all points that pass)")
    if results.passed:
        console.print("passed", style="bold green")
    else:
        console.print(f"failed: {', '.join(results.failing)}", style="bold red")


def print_comparison(results: Sequence[GateResults]) -> None:
    """One line for each scenario, one column for each policy."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    names = [Path(r.policy).stem for r in results]
    console.print("  ".join([f"{'comparison':<24}", *(f"{n:>16}" for n in names)]))
    for name, cells in comparison_rows(results):
        console.print("  ".join([f"{name:<24}", *(f"{cell:>16}" for cell in cells)]))


def comparison_rows(results: Sequence[GateResults]) -> list[tuple[str, list[str]]]:
    """Scenario by scenario: its status and the share of its points that pass, for each policy."""
    by_policy = [{s.name: s for s in r.scenarios} for r in results]
    names = list(dict.fromkeys(name for scenarios in by_policy for name in scenarios))
    rows = [(name, [_cell(scenarios.get(name)) for scenarios in by_policy]) for name in names]
    return [*rows, ("robustness score", [f"{r.score:.2f}" for r in results])]


def _cell(scenario: ScenarioResult | None) -> str:
    if scenario is None or scenario.pass_share is None:
        return "not tested"
    return f"{scenario.status} {scenario.pass_share:.0%}"


def describe(scenario: ScenarioResult) -> str:
    """Why it failed or was skipped, or how far it goes."""
    if scenario.status != "pass":
        return scenario.reason
    if not scenario.reach:
        return "" if scenario.margin is None else f"smallest margin {scenario.margin:.0%}"
    return reach_text(scenario)


def reach_text(scenario: ScenarioResult) -> str:
    """From where to where every point passes, the worst of the directions, and where it ends."""
    worst = min(scenario.reach, key=_upper)
    low, high = worst.passes_down_to, worst.passes_up_to
    span = " to ".join(f"{v:g}" for v in (low, high) if v is not None) or "nothing"
    text = f"{scenario.vary} {span} {scenario.unit}".rstrip()
    if worst.across is not None:
        text += f" at {scenario.across} {worst.across:g}"
    if worst.ratio is not None and scenario.required is not None:
        text += f" ({worst.ratio:.2g} times what is required)"
    failing = [v for v in (worst.fails_down_at, worst.fails_up_at) if v is not None]
    if failing:
        text += f"; fails at {' and '.join(f'{v:g}' for v in failing)}: {worst.why}"
    return text


def _upper(reach: Reach) -> float:
    return float("-inf") if reach.passes_up_to is None else reach.passes_up_to
