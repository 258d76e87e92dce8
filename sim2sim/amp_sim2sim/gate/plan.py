"""From a suite to its runs: which conditions, which command, which random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amp_sdk.contract import CommandTerm, PolicyContract
from amp_sim2sim.gate.conditions import Conditions
from amp_sim2sim.gate.suite import Scenario, Suite

_SHARE_OF = {"lin_vel_x": "forward_share", "lin_vel_y": "lateral_share", "ang_vel_z": "yaw_share"}


@dataclass(frozen=True)
class Run:
    """One run. ``repeat`` chooses its random numbers: runs of one repeat start alike."""

    scenario: str
    value: float | None
    across: float | None
    repeat: int
    conditions: Conditions


def plan_scenario(name: str, scenario: Scenario) -> tuple[Run, ...]:
    """The runs of one scenario, repeats innermost."""
    return tuple(
        Run(name, value, across, repeat, conditions)
        for value, across, conditions in scenario.grid()
        for repeat in range(scenario.repeats)
    )


def plan(suite: Suite, contract: PolicyContract) -> tuple[tuple[Run, ...], dict[str, str]]:
    """All runs, and why a scenario has none: name to reason."""
    runs: list[Run] = []
    skipped: dict[str, str] = {}
    for name, scenario in suite.scenarios.items():
        reason = not_applicable(scenario, contract)
        if reason:
            skipped[name] = reason
        else:
            runs.extend(plan_scenario(name, scenario))
    return tuple(runs), skipped


def not_applicable(scenario: Scenario, contract: PolicyContract) -> str:
    """Why the policy's command ranges leave nothing to test here, or an empty text."""
    ranges = {c.name: c for c in contract.commands}
    profile = scenario.conditions.command_profile
    if profile == "stop":
        beyond = [c.name for c in contract.commands if not c.lower <= 0.0 <= c.upper]
        if beyond:
            return f"the contract's range of {beyond[0]} does not include zero"
        if not ranges:
            return "the policy takes no command"
    asked = [
        command
        for command, share in _SHARE_OF.items()
        if share == scenario.vary or getattr(scenario.conditions, share) is not None
    ]
    if profile == "step":
        asked.append("lin_vel_x")
    for name in asked:
        if name not in ranges:
            return f"the policy has no command {name}"
    if asked and not any(_wide(ranges[name]) for name in asked):
        fixed = ", ".join(f"{name} is always {ranges[name].nominal:.3g}" for name in asked)
        return f"the contract's range is a single value ({fixed})"
    return ""


def _wide(command: CommandTerm) -> bool:
    return command.upper > command.lower


def commands(
    contract: PolicyContract, c: Conditions, periods: int
) -> tuple[np.ndarray, tuple[int, ...]]:
    """The command of every period ``[T, C]``, and the periods in which it changes."""
    table = np.tile(contract.nominal_command, (periods, 1))
    middle = periods // 2
    for i, term in enumerate(contract.commands):
        share = getattr(c, _SHARE_OF.get(term.name, ""), None)
        if share is not None:
            table[:, i] = term.lower + share * (term.upper - term.lower)
        if c.command_profile == "step" and term.name == "lin_vel_x":
            table[:middle, i], table[middle:, i] = term.lower, term.upper
        elif c.command_profile == "stop":
            table[middle:, i] = 0.0
    changes = (middle,) if (table[0] != table[-1]).any() else ()
    return table, changes
