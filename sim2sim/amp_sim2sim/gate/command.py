"""``python -m amp_sdk.sim2sim POLICY --gate SUITE``: runs the gate and writes its outputs."""

from __future__ import annotations

import argparse
from pathlib import Path

from amp_sdk import robots
from amp_sdk._cli import write_json
from amp_sdk.contract import read_contract
from amp_sdk.errors import InputError
from amp_sdk.policy import Policy, load_policy, resolve
from amp_sim2sim import console
from amp_sim2sim.clips import load_comparison
from amp_sim2sim.gate import film, report
from amp_sim2sim.gate.cases import cases
from amp_sim2sim.gate.console import print_comparison, print_gate
from amp_sim2sim.gate.gate import Gate, GateResults, groups_of, run_gate
from amp_sim2sim.gate.junit import write_junit
from amp_sim2sim.gate.plan import plan
from amp_sim2sim.gate.suite import Suite, load_suite
from amp_sim2sim.video import RenderError


def run(args: argparse.Namespace) -> int:
    """0 where every policy passed, 1 where one failed; InputError for bad input.

    Everything is written after the last run, each file whole or not at all.
    """
    if args.threads < 0:
        raise InputError(f"--threads {args.threads}: expected 0 (all cores) or more")
    policies = [load_policy(args.policy, complete=args.complete)]
    policies += [_load_other(name, args.complete) for name in args.compare]
    suites = [load_suite(args.gate, policy.contract.robot) for policy in policies]
    gates = [_run(args, p, s) for p, s in zip(policies, suites, strict=True)]
    results = tuple(gate.results for gate in gates)
    write_json(args.json, _written(results))
    if args.junit is not None:
        write_junit(args.junit, results)
    for gate in gates:
        print_gate(gate.results)
    if len(gates) > 1:
        print_comparison(results)
    if args.report is not None:
        write_json(args.report / "results.json", _written(results))
        films = [_films(args.report, gate, number) for number, gate in enumerate(gates)]
        print(f"report: {report.write_report(args.report, gates, films)}")
    return 0 if all(r.passed for r in results) else 1


def _load_other(name: str, complete: Path | None) -> Policy:
    """A policy to compare with; ``complete`` is for one without a contract of its own."""
    try:
        read_contract(resolve(name))
    except InputError:
        return load_policy(name, complete=complete)
    return load_policy(name)


def _written(results: tuple[GateResults, ...]) -> GateResults | tuple[GateResults, ...]:
    return results[0] if len(results) == 1 else results


def _films(folder: Path, gate: Gate, number: int) -> dict[str, Path | str]:
    """Films of the runs that are shown, or why there is none of them."""
    found: dict[str, Path | str] = {}
    shown = cases(gate)
    policy = Path(gate.results.policy).stem
    total = sum(film.frame_count(case.log, case.i) for case in shown)
    with console.progress(f"film {policy}: frames", total) as advance:
        for case in shown:
            name = f"{case.name}_{number}.mp4" if number else f"{case.name}.mp4"
            caption, at = f"{policy}, {case.condition}", (case.log, case.i)
            contract, seed = gate.policy.contract, gate.results.seed
            try:
                film.write_film(folder / name, *at, contract, seed, caption, advance)
                found[case.name] = folder / name
            except (RenderError, InputError) as error:
                found[case.name] = str(error)
    return found


def _run(args: argparse.Namespace, policy: Policy, suite: Suite) -> Gate:
    comparison = load_comparison(args.motion, policy, robots.load(policy.contract.robot))
    groups = groups_of(plan(suite, policy.contract)[0])
    # every group is simulated second by second; the number of runs weighs them
    total = len(groups) * int(suite.duration_s)
    name = "default" if args.gate == "default" else Path(args.gate).name
    with console.progress(f"gate {Path(policy.path).stem}: seconds simulated", total) as advance:
        return run_gate(policy, suite, name, args.seed, args.threads, comparison, advance)
