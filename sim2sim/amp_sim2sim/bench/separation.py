"""``python -m amp_sdk.bench separation``: does the gate tell a policy from damaged variants of it?

The policy must pass, and each variant must fail: weights noised, normaliser removed, two joints
swapped, gains halved, two control periods of delay, action scale doubled, history reversed, and a
checkpoint from too early in training (``--undertrained``). Exit status 1 where one does not, or
could not be tested, as a history that the policy does not have.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from amp_sdk import robots
from amp_sdk._cli import write_json
from amp_sdk._table import table
from amp_sdk.errors import CheckFailedError, InputError
from amp_sdk.policy import Policy, load_policy
from amp_sim2sim import console
from amp_sim2sim.bench.damage import FILES, delayed, write_damaged
from amp_sim2sim.clips import load_comparison
from amp_sim2sim.gate.gate import GateResults, groups_of, run_gate
from amp_sim2sim.gate.plan import plan
from amp_sim2sim.gate.suite import Suite, load_suite

INTACT, DELAYED, UNDERTRAINED = "as it is", "delayed by 2 steps", "undertrained"


@dataclass(frozen=True)
class Variant:
    """One policy and what the gate says; ``why`` is the first failing scenario's reason, or why it
    could not be tested (``passed`` None)."""

    name: str
    expected: bool
    passed: bool | None
    score: float | None
    failing: tuple[str, ...]
    why: str


def main(argv: Sequence[str]) -> int:
    """Run every variant, print the table, write JSON."""
    args = parser().parse_args(argv)
    variants = []
    with tempfile.TemporaryDirectory() as folder:
        for variant in _variants(args, Path(folder)):
            print(f"{variant.name}: {_verdict(variant)}", flush=True)
            variants.append(variant)
    rows = [
        [v.name, _verdict(v), "" if v.score is None else f"{v.score:.2f}", _short(v)]
        for v in variants
    ]
    print(table(["variant", "gate", "score", "failing"], rows))
    wrong = [v.name for v in variants if v.passed not in (v.expected, None)]
    skipped = [v.name for v in variants if v.passed is None]
    damaged = len(variants) - 1
    print(f"{damaged - len(skipped)} of {damaged} tested")
    write_json(args.json, {"variants": variants, "wrong": wrong, "not_tested": skipped})
    if wrong:
        raise CheckFailedError(f"the gate is wrong about: {', '.join(wrong)}")
    if skipped:
        raise CheckFailedError(f"not tested: {', '.join(skipped)}; the table says why")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(prog="python -m amp_sdk.bench separation", description=__doc__)
    p.add_argument("policy", metavar="POLICY", nargs="?", default="go2_trot")
    p.add_argument("--undertrained", metavar="FILE", help="an early policy of the same training")
    p.add_argument("--suite", default="default", metavar="SUITE")
    p.add_argument("--motion", nargs="+", default=[], metavar="CLIP", help="as for sim2sim")
    p.add_argument("--seed", type=int, default=0, metavar="N")
    p.add_argument("--threads", type=int, default=0, metavar="N", help="of MuJoCo (0: all cores)")
    p.add_argument("--json", metavar="FILE")
    return p


def _variants(args: argparse.Namespace, folder: Path) -> Iterator[Variant]:
    policy = load_policy(args.policy)
    suite = load_suite(args.suite, policy.contract.robot)
    yield _gate(args, INTACT, policy, suite, expected=True)
    for damage in FILES:
        try:
            damaged = write_damaged(args.policy, damage, folder / f"{damage}.onnx")
        except InputError as error:
            yield Variant(damage, False, None, None, (), str(error))
        else:
            yield _gate(args, damage, damaged, suite)
    yield _gate(args, DELAYED, policy, delayed(suite, policy.contract))
    if args.undertrained is None:
        yield Variant(UNDERTRAINED, False, None, None, (), "name a file with --undertrained")
    else:
        yield _gate(args, UNDERTRAINED, load_policy(args.undertrained), suite)


def _gate(
    args: argparse.Namespace, name: str, policy: Policy, suite: Suite, expected: bool = False
) -> Variant:
    comparison = load_comparison(args.motion, policy, robots.load(policy.contract.robot))
    total = len(groups_of(plan(suite, policy.contract)[0])) * int(suite.duration_s)
    with console.progress(f"gate, {name}: seconds simulated", total) as advance:
        gate = run_gate(policy, suite, args.suite, args.seed, args.threads, comparison, advance)
    results = gate.results
    return Variant(name, expected, results.passed, results.score, results.failing, _why(results))


def _why(results: GateResults) -> str:
    return next((s.reason for s in results.scenarios if s.status == "fail"), "")


def _verdict(variant: Variant) -> str:
    if variant.passed is None:
        return "not tested"
    right = "" if variant.passed == variant.expected else ", WRONG"
    return ("pass" if variant.passed else "FAIL") + right


def _short(variant: Variant) -> str:
    if variant.passed is None:
        return variant.why
    shown = ", ".join(variant.failing[:4])
    more = len(variant.failing) - 4
    return shown + (f" and {more} more" if more > 0 else "")
