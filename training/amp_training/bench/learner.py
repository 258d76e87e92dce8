"""``python -m amp_sdk.bench learner``: the learner's update beside those of other AMP libraries.

An update is all between two rollouts: style rewards, advantages, every step of the optimisers, the
normalisers. In one run and in turns: ours in real iterations of a recipe (as their log has it,
``learn_s``), skrl's and amp-rsl-rl's on noise of the same sizes, and the bare forward, backward and
optimiser steps of our networks on the same batches. All have the same networks, rollout, epochs and
minibatches, and update the discriminator once for every minibatch with as many windows as the
policy has samples: the others cannot do it less often, ours is set to do as they do. Policy and
value see the same samples in all. The discriminator does not, in two ways. skrl always takes three
kinds of windows, so its batch is not as large as ours but the one of equal multiply-adds.
amp-rsl-rl trains on the same windows and passes the penalised demonstrations forward once more,
which is its own way and is not in the multiply-adds that are printed beside the windows trained,
penalised and scored. More stands in ``skrl_amp`` and ``amp_rsl_rl_amp``.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional, Tuple

import torch

from amp_sdk import kernels
from amp_sdk._cli import write_json
from amp_sdk._table import table
from amp_sdk.config import to_mapping
from amp_sdk.errors import CheckFailedError, InputError
from amp_training.bench.bare import BareNetworks
from amp_training.bench.workload import Passes, Workload, own_passes, workload
from amp_training.build import Session, build_session
from amp_training.config import Recipe, load_recipe

OURS, BARE = "amp_training", "bare networks"
# name, also of the package that pip installs -> (what it is imported as, module that runs it)
PEERS = {
    "skrl": ("skrl", "amp_training.bench.skrl_amp"),
    "amp-rsl-rl": ("amp_rsl_rl", "amp_training.bench.amp_rsl_rl_amp"),
}
TIMES_FASTER, TIMES_BARE = 1.5, 1.15  # what --check demands


@dataclass(frozen=True)
class UpdateFigures:
    """One way to update; medians over rounds, ``times_ours`` of the ratios within a round."""

    name: str
    samples_per_s: float
    seconds: float
    times_ours: float
    discriminator: Passes
    discriminator_gmac: float


def main(argv: Optional[List[str]] = None) -> int:
    """Run the command."""
    args = _parser().parse_args(argv)
    if args.rounds < 1 or args.threads < 1:
        raise InputError("--rounds and --threads must be at least 1")
    torch.set_num_threads(args.threads)
    kernels.set_num_threads(args.threads)
    session = build_session(same_work(args.recipe, args.set), device="cpu")
    work = workload(session)
    ways, passes, left_out = every_way(session, work)
    seconds = in_turns(ways, args.rounds)
    figures = [_figures(name, seconds, passes[name], work) for name in ways]
    print(f"{args.threads} threads, medians of {args.rounds} rounds in turns; {_sizes(work)}")
    print(_table(figures))
    for name in left_out:
        print(f"left out: {name}: {left_out[name]}")
    result = {"work": to_mapping(work), "figures": [to_mapping(f) for f in figures]}
    write_json(args.json, {"threads": args.threads, "left_out": left_out, **result})
    missed = misses(figures, left_out)
    if args.check and missed:
        raise CheckFailedError("; ".join(missed))
    return 0


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m amp_sdk.bench learner",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--recipe", default="go2_trot", metavar="NAME_OR_FILE")
    p.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY.PATH=VALUE")
    p.add_argument("--threads", type=int, default=2, metavar="N", help="of torch (default: 2)")
    p.add_argument("--rounds", type=int, default=9, metavar="R", help="medians of R (default: 9)")
    p.add_argument(
        "--check",
        action="store_true",
        help=f"exit 1 under {TIMES_FASTER:g} times the faster library, over {TIMES_BARE:g} times "
        "the bare networks, or without a library",
    )
    p.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    return p


def same_work(name: str, overrides: List[str]) -> Recipe:
    """The recipe with a discriminator that is updated as the libraries update theirs."""
    ppo = load_recipe(name, overrides).ppo
    samples = load_recipe(name, overrides).simulation.num_envs * ppo.horizon
    if samples % ppo.minibatches:
        raise InputError(
            f"{samples} samples do not make {ppo.minibatches} equal minibatches; change "
            "simulation.num_envs, ppo.horizon or ppo.minibatches"
        )
    as_theirs = (
        "loss=bce",
        "penalty_on=demonstrations",
        "throttle_loss=0",
        f"updates={ppo.epochs * ppo.minibatches}",
        f"batch={samples // ppo.minibatches}",
    )
    return load_recipe(name, [*overrides, *(f"discriminator.{value}" for value in as_theirs)])


def every_way(
    session: Session, work: Workload
) -> Tuple[Dict[str, Callable[[], float]], Dict[str, Passes], Dict[str, str]]:
    """Updates that return their seconds, what each does, and what is left out and why."""
    # as in the middle of a training; the others' replays are full too
    session.learner.prior.replay.push(torch.randn(work.replay, work.window))
    ways: Dict[str, Callable[[], float]] = {
        OURS: lambda: session.learner.iterate(0).learn_s,
        BARE: BareNetworks(session).learn_s,
    }
    passes = {OURS: own_passes(work), BARE: own_passes(work)}
    left_out = {}
    for name, (package, runner) in PEERS.items():
        if find_spec(package) is None:
            left_out[name] = f"not installed; pip install {name}"
            continue
        module = importlib.import_module(runner)
        ways[name] = module.update(work)
        passes[name] = module.passes(work)
    return ways, passes, left_out


def in_turns(ways: Mapping[str, Callable[[], float]], rounds: int) -> Dict[str, List[float]]:
    """What each of ``ways`` returns in each round; a round before them is a warm-up."""
    seconds = [{name: way() for name, way in ways.items()} for _ in range(rounds + 1)]
    return {name: [row[name] for row in seconds[1:]] for name in ways}


def _figures(
    name: str, seconds: Mapping[str, List[float]], passes: Passes, work: Workload
) -> UpdateFigures:
    median = statistics.median(seconds[name])
    ratios = [a / b for a, b in zip(seconds[name], seconds[OURS])]
    gmac = passes.network_work(work)
    rate = work.samples / median
    return UpdateFigures(name, rate, median, statistics.median(ratios), passes, gmac)


def misses(figures: List[UpdateFigures], left_out: Mapping[str, str]) -> List[str]:
    """The limits that are missed, for a person."""
    texts = [f"{name} was not measured ({why})" for name, why in left_out.items()]
    for f in figures:
        if f.name in PEERS and f.times_ours < TIMES_FASTER:
            texts.append(f"{f.times_ours:.2f} times as fast as {f.name}, wanted {TIMES_FASTER:g}")
        if f.name == BARE and 1.0 / f.times_ours > TIMES_BARE:
            texts.append(
                f"{1.0 / f.times_ours:.2f} times the bare networks' time, wanted at most "
                f"{TIMES_BARE:g}"
            )
    return texts


def _sizes(work: Workload) -> str:
    return (
        f"{work.num_envs} environments x {work.horizon} steps, policy and value: {work.steps} "
        f"optimiser steps of {work.minibatch} samples in each; discriminator:"
    )


def _table(figures: List[UpdateFigures]) -> str:
    head = ("", "samples/s", "ms", "x time", "steps", "trained", "penalised", "scored", "GMAC")
    rows = [
        [
            f.name,
            f"{f.samples_per_s:.0f}",
            f"{f.seconds * 1e3:.0f}",
            f"{f.times_ours:.2f}",
            *(str(getattr(f.discriminator, key)) for key in head[4:8]),
            f"{f.discriminator_gmac:.1f}",
        ]
        for f in figures
    ]
    return table(head, rows)
