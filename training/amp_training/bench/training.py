"""``python -m amp_sdk.bench training``: collection and learning beside bare physics, in one run.

Collection is observations, falls, restarts, storage, rewards and discriminator windows of a
rollout; bare physics is ``Batch.step`` of the same model from the same states with the same
controls. Actions are noise drawn in advance, so policy inference is not in it. Whole training is
an iteration with all of its learning; what cannot be left out of it is bare physics and the bare
networks: the policy's forward passes of a rollout and the update of ``bare``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

import numpy as np
import torch
from mujoco.batch import Batch

from amp_sdk import kernels
from amp_sdk._cli import write_json
from amp_sdk._table import table
from amp_sdk.config import to_mapping
from amp_sdk.errors import CheckFailedError, InputError
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.bench.bare import BareNetworks
from amp_training.build import Session, build_session
from amp_training.config import load_recipe

TIMES_BARE = 1.15  # what --check demands of whole training


@dataclass(frozen=True)
class TrainingFigures:
    """Medians over rollouts. Rates are environment steps (learner: samples) a second.

    ``times_bare`` is the time of whole training over that of bare physics and bare networks.
    """

    recipe: str
    num_envs: int
    bare_steps_per_s: float
    collection_steps_per_s: float
    collection_ratio: float
    whole_samples_per_s: float
    whole_ratio: float
    times_bare: float


def measure(session: Session, rollouts: int) -> TrainingFigures:
    """Time ``rollouts`` rollouts; the first is a warm-up."""
    backend = _mujoco(session)
    simulation = session.recipe.simulation
    bare = Batch(backend.model, backend.num_envs, simulation.threads)
    networks = BareNetworks(session)
    rows = []
    for _ in range(rollouts + 1):
        bare_s, collect_s = _collection(session, bare)
        begin = time.perf_counter()
        stats = session.learner.iterate(0)
        whole_s = time.perf_counter() - begin
        networks_s = networks.act_s() + networks.learn_s(stats.prior.applied_share)
        rows.append((bare_s, collect_s, whole_s, networks_s))
    steps = backend.num_envs * session.learner.rollout.horizon
    bare_s, collect_s, whole_s, _ = (statistics.median(column) for column in zip(*rows[1:]))
    return TrainingFigures(
        recipe=session.recipe.name,
        num_envs=backend.num_envs,
        bare_steps_per_s=steps / bare_s,
        collection_steps_per_s=steps / collect_s,
        collection_ratio=statistics.median(b / c for b, c, _, _ in rows[1:]),
        whole_samples_per_s=steps / whole_s,
        whole_ratio=statistics.median(b / w for b, _, w, _ in rows[1:]),
        times_bare=statistics.median(w / (b + n) for b, _, w, n in rows[1:]),
    )


def _mujoco(session: Session) -> MujocoBackend:
    backend = session.environment.backend
    assert isinstance(backend, MujocoBackend)
    return backend


def _collection(session: Session, bare: Batch) -> tuple[float, float]:
    """Seconds of bare physics and of collection for one rollout of noise.

    The environment goes first and its states and controls are recorded, at its own expense; bare
    physics then repeats the same steps.
    """
    environment, learner = session.environment, session.learner
    rollout, backend = learner.rollout, _mujoco(session)
    noise = torch.randn(rollout.action.shape, generator=session.generator)
    recorded: List[np.ndarray] = []
    step = backend.batch.step

    def recording_step(nstep: int) -> None:
        recorded.append(backend.batch.state.copy())
        step(nstep=nstep)

    backend.batch.step = recording_step
    begin = time.perf_counter()
    rollout.collect_with(environment, lambda t, _: noise[t])
    learner.rewards(rollout.discriminator_windows(learner.features))
    collect_s = time.perf_counter() - begin
    backend.batch.step = step
    bare_s = 0.0
    for state in recorded:
        bare.state[:] = state
        begin = time.perf_counter()
        bare.step(nstep=session.recipe.simulation.decimation)
        bare_s += time.perf_counter() - begin
    return bare_s, collect_s


def main(argv: Optional[List[str]] = None) -> int:
    """Run the command."""
    p = argparse.ArgumentParser(prog="python -m amp_sdk.bench training", description=__doc__)
    p.add_argument("--recipe", default="go2_trot", metavar="NAME_OR_FILE")
    p.add_argument("--num-envs", type=int, nargs="+", default=[256, 512, 1024], metavar="N")
    p.add_argument("--rollouts", type=int, default=9, metavar="R", help="medians of R")
    p.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY.PATH=VALUE")
    p.add_argument("--threads", type=int, metavar="N", help="of torch (default: all)")
    p.add_argument(
        "--check",
        action="store_true",
        help=f"exit 1 where whole training takes more than {TIMES_BARE:g} times the bare parts",
    )
    p.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    args = p.parse_args(argv)
    if args.rollouts < 1 or min(args.num_envs) < 1:
        raise InputError("--rollouts and --num-envs must be at least 1")
    if args.threads is not None:
        if args.threads < 1:
            raise InputError(f"--threads must be at least 1, found {args.threads}")
        torch.set_num_threads(args.threads)
        kernels.set_num_threads(args.threads)
    figures = []
    for num_envs in args.num_envs:
        recipe = load_recipe(args.recipe, [*args.set, f"simulation.num_envs={num_envs}"])
        figures.append(measure(build_session(recipe), args.rollouts))
    head = (
        "environments",
        "bare steps/s",
        "collection/s",
        "ratio",
        "whole training/s",
        "ratio",
        "x bare",
    )
    print("ratios are to bare Batch.step of the same states and controls in the same run; x bare:")
    print("time of whole training over that of bare physics and the networks' bare passes")
    print(table(head, [_cells(f) for f in figures]))
    write_json(args.json, {"figures": [to_mapping(f) for f in figures]})
    missed = misses(figures)
    if args.check and missed:
        raise CheckFailedError("; ".join(missed))
    return 0


def misses(figures: List[TrainingFigures]) -> List[str]:
    """The limit where it is missed, for a person."""
    return [
        f"{f.num_envs} environments: {f.times_bare:.2f} times the bare parts, wanted at most "
        f"{TIMES_BARE:g}"
        for f in figures
        if f.times_bare > TIMES_BARE
    ]


def _cells(f: TrainingFigures) -> List[str]:
    return [
        str(f.num_envs),
        f"{f.bare_steps_per_s:.0f}",
        f"{f.collection_steps_per_s:.0f}",
        f"{f.collection_ratio:.2f}",
        f"{f.whole_samples_per_s:.0f}",
        f"{f.whole_ratio:.2f}",
        f"{f.times_bare:.2f}",
    ]
