"""The gate itself: runs a suite on a policy and gives the verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mujoco

import amp_sdk
from amp_sdk import robots
from amp_sdk.contract import check_robot
from amp_sdk.errors import InputError
from amp_sdk.policy import Policy
from amp_sim2sim.clips import ClipComparison
from amp_sim2sim.gate.measure import RunResult, measure_group
from amp_sim2sim.gate.plan import Run, plan
from amp_sim2sim.gate.recording import GroupLog
from amp_sim2sim.gate.simulate import Simulation, group_key
from amp_sim2sim.gate.suite import Suite
from amp_sim2sim.gate.verdict import ScenarioResult, judge_scenario, skipped


@dataclass(frozen=True)
class GateResults:
    """What is written as JSON: the same policy, suite, seed and versions give the same bytes.

    ``score`` is the mean over the scenarios that ran of the share of their points that pass, those
    beyond what is required included: 1 is robust against all of the suite.
    """

    passed: bool
    score: float
    policy: str
    policy_sha256: str
    robot: str
    suite: str
    seed: int
    runs: int
    duration_s: float
    failing: tuple[str, ...]
    skipped: tuple[str, ...]
    clips: tuple[str, ...]
    scenarios: tuple[ScenarioResult, ...]
    amp_sdk_version: str
    mujoco_version: str


@dataclass(frozen=True, eq=False)
class Gate:
    """Results with what is needed to show them; ``logs`` hold every run's course."""

    results: GateResults
    policy: Policy
    logs: tuple[GroupLog, ...]


def groups_of(runs: tuple[Run, ...]) -> list[tuple[Run, ...]]:
    """The runs by model, in the order in which the models first occur."""
    groups: dict[tuple[float, bool], list[Run]] = {}
    for run in runs:
        groups.setdefault(group_key(run), []).append(run)
    return [tuple(group) for group in groups.values()]


def run_gate(
    policy: Policy,
    suite: Suite,
    suite_name: str,
    seed: int = 0,
    threads: int = 0,
    comparison: ClipComparison | None = None,
    on_second: Callable[[], None] = lambda: None,
) -> Gate:
    """Run ``suite`` on ``policy``. The result does not depend on ``threads`` (0: all cores).

    ``on_second`` is called for every simulated second of a group. Raises InputError.
    """
    if seed < 0:
        raise InputError(f"seed is {seed}; expected 0 or more")
    contract = policy.contract
    robot = robots.load(contract.robot)
    check_robot(contract, robot)
    runs, reasons = plan(suite, contract)
    if not runs:
        raise InputError(
            "every scenario of the suite is skipped for this policy; nothing is tested"
        )
    with_clips = _scenarios_with_clips(suite)
    logs: list[GroupLog] = []
    results: list[RunResult] = []
    for group in groups_of(runs):
        log = Simulation(policy, robot, group, suite.duration_s, seed, threads).run(on_second)
        logs.append(log)
        results.extend(measure_group(log, contract, comparison, with_clips))
    scenarios = _judge_all(suite, reasons, results)
    return Gate(
        _summary(policy, suite, suite_name, seed, len(runs), comparison, scenarios),
        policy,
        tuple(logs),
    )


def _scenarios_with_clips(suite: Suite) -> frozenset[str]:
    return frozenset(
        name
        for name, scenario in suite.scenarios.items()
        if suite.thresholds.overridden(scenario.thresholds).max_joint_error_rad is not None
    )


def _judge_all(
    suite: Suite, reasons: dict[str, str], results: list[RunResult]
) -> tuple[ScenarioResult, ...]:
    verdicts = []
    for name, scenario in suite.scenarios.items():
        if name in reasons:
            verdicts.append(skipped(name, scenario, reasons[name]))
        else:
            mine = [r for r in results if r.run.scenario == name]
            verdicts.append(judge_scenario(name, scenario, suite.thresholds, mine))
    return tuple(verdicts)


def _summary(
    policy: Policy,
    suite: Suite,
    suite_name: str,
    seed: int,
    runs: int,
    comparison: ClipComparison | None,
    scenarios: tuple[ScenarioResult, ...],
) -> GateResults:
    shares = [s.pass_share for s in scenarios if s.pass_share is not None]
    failing = tuple(s.name for s in scenarios if s.status == "fail")
    return GateResults(
        passed=not failing,
        score=sum(shares) / len(shares),
        policy=policy.path,
        policy_sha256=hashlib.sha256(Path(policy.path).read_bytes()).hexdigest(),
        robot=policy.contract.robot,
        suite=suite_name,
        seed=seed,
        runs=runs,
        duration_s=suite.duration_s,
        failing=failing,
        skipped=tuple(s.name for s in scenarios if s.status == "skipped"),
        clips=comparison.names if comparison else (),
        scenarios=scenarios,
        amp_sdk_version=amp_sdk.__version__,
        mujoco_version=mujoco.__version__,
    )
