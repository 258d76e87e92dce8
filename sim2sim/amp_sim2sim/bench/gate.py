"""``python -m amp_sdk.bench gate``: the gate's simulation beside bare ``Batch.step``, in one run.

Bare physics is the same models, start states, controls, pushes and number of steps: a simulation is
recorded, then taken again with nothing but ``Batch.step``, and must end in the same states, bit for
bit. What the gate adds: sensors, observations, the policy, the robots' control loops, motors, falls
and logs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from amp_sdk import robots
from amp_sdk._cli import write_json
from amp_sdk.errors import CheckFailedError, InputError
from amp_sdk.policy import load_policy
from amp_sim2sim.gate.bodies import Bodies
from amp_sim2sim.gate.gate import groups_of
from amp_sim2sim.gate.plan import plan
from amp_sim2sim.gate.simulate import Simulation
from amp_sim2sim.gate.suite import load_suite

LIMIT = 0.5
"""The gate simulates at least this many times as fast as bare physics."""


@dataclass(frozen=True)
class Figures:
    """Medians over the rounds; ``ratio`` is the gate's speed beside bare physics."""

    runs: int
    steps: int
    gate_s: float
    bare_s: float
    ratio: float


def main(argv: Sequence[str]) -> int:
    """Measure, print, write JSON; with ``--check`` fail below the limit."""
    args = parser().parse_args(argv)
    for name in ("rounds", "duration"):
        if getattr(args, name) <= 0:
            raise InputError(f"--{name} must be above 0, found {getattr(args, name)}")
    figures = measure(args.policy, args.suite, args.duration, args.rounds, args.threads)
    print(f"{args.suite} suite on {args.policy}: {figures.runs} runs of {args.duration:g} s")
    for name, seconds in (("gate", figures.gate_s), ("bare Batch.step", figures.bare_s)):
        print(f"  {name:16} {seconds:8.2f} s   {figures.steps / seconds:10.0f} steps/s")
    print(f"  {'ratio':16} {figures.ratio:8.2f}     limit {LIMIT:g}")
    write_json(args.json, {"figures": figures, "limit": LIMIT, "passed": figures.ratio >= LIMIT})
    if args.check and figures.ratio < LIMIT:
        raise CheckFailedError(f"the gate has {figures.ratio:.2f} of bare speed, limit {LIMIT:g}")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(prog="python -m amp_sdk.bench gate", description=__doc__)
    p.add_argument("policy", metavar="POLICY", nargs="?", default="go2_trot")
    p.add_argument("--suite", default="default", metavar="SUITE")
    p.add_argument("--duration", type=float, default=2.0, metavar="S", help="of a run")
    p.add_argument("--rounds", type=int, default=5, metavar="R", help="medians of R")
    p.add_argument("--threads", type=int, default=0, metavar="N", help="of MuJoCo (0: all cores)")
    p.add_argument("--check", action="store_true", help="exit 1 when the limit is missed")
    p.add_argument("--json", metavar="FILE")
    return p


def measure(policy_name: str, suite_name: str, duration_s: float, rounds: int, threads: int):
    """``Figures`` of a suite on a policy. Raises InputError."""
    policy = load_policy(policy_name)
    robot = robots.load(policy.contract.robot)
    suite = load_suite(suite_name, policy.contract.robot)
    groups = groups_of(plan(suite, policy.contract)[0])

    def simulation(kind: type[Simulation], i: int) -> Simulation:
        return kind(policy, robot, groups[i], duration_s, 0, threads)

    tapes = []
    for i in range(len(groups)):
        taped = simulation(_Taped, i)
        assert isinstance(taped, _Taped)
        taped.run()
        tapes.append(Tape(taped.moves, taped.bodies.state()))
    gate_s, bare_s = [], []
    for _ in range(rounds):
        fresh = [(simulation(Simulation, i), simulation(Simulation, i)) for i in range(len(groups))]
        gate_s.append(sum(_seconds(gate.run) for gate, _ in fresh))
        bare_s.append(
            sum(t.seconds(bare.bodies) for t, (_, bare) in zip(tapes, fresh, strict=True))
        )
    gate, bare = statistics.median(gate_s), statistics.median(bare_s)
    runs, steps = sum(map(len, groups)), sum(tape.steps for tape in tapes)
    return Figures(runs, steps, gate, bare, bare / gate)


@dataclass(frozen=True, eq=False)
class _Move:
    """One physics step: controls ``[N, J]``, pushes ``[N, 2]``, whom it moved (None: all)."""

    torque_nm: np.ndarray
    push_n: np.ndarray
    ids: np.ndarray | None


class _Taped(Simulation):
    """A simulation that remembers its physics steps."""

    def run(self, on_second: Callable[[], None] = lambda: None):
        self.moves: list[_Move] = []
        return super().run(on_second)

    def _move(self, period: int, first: bool) -> None:
        super()._move(period, first)
        active, bodies = self._falls.active, self.bodies
        ids = None if active.all() else np.flatnonzero(active).astype(np.int32)
        self.moves.append(_Move(bodies.control.copy(), bodies.push_n.copy(), ids))


class Tape:
    """The physics steps of a simulation, and the state ``[N, S]`` in which it ended."""

    def __init__(self, moves: Sequence[_Move], end: np.ndarray) -> None:
        self._moves, self._end = moves, end
        self.steps = sum(len(end) if m.ids is None else len(m.ids) for m in moves)

    def seconds(self, bodies: Bodies) -> float:
        """How long the steps take alone, from the same start. Raises CheckFailedError where they
        end in another state."""
        step, control, push = bodies.batch.step, bodies.control, bodies.push_n
        begin = time.perf_counter()
        for move in self._moves:
            control[:], push[:] = move.torque_nm, move.push_n
            step(move.ids)
        seconds = time.perf_counter() - begin
        if not np.array_equal(bodies.state(), self._end, equal_nan=True):
            raise CheckFailedError("the same steps ended in another state: a mistake of this bench")
        return seconds


def _seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin
