"""``python -m amp_sdk.bench training``: collection and learning beside bare physics, in one run.

Collection is observations, falls, restarts, storage, rewards and discriminator windows of a
rollout; bare physics is ``Batch.step`` of the same model from the same states with the same
controls. Actions are noise drawn in advance, so policy inference is not in it. Whole training is
an iteration with all of its learning.
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

from amp_sdk._cli import write_json
from amp_sdk._table import table
from amp_sdk.config import to_mapping
from amp_sdk.errors import InputError
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.build import Session, build_session
from amp_training.config import load_recipe


@dataclass(frozen=True)
class TrainingFigures:
    """Medians over rollouts. Rates are environment steps (learner: samples) a second."""

    recipe: str
    num_envs: int
    bare_steps_per_s: float
    collection_steps_per_s: float
    collection_ratio: float
    whole_samples_per_s: float
    whole_ratio: float


def measure(session: Session, rollouts: int) -> TrainingFigures:
    """Time ``rollouts`` rollouts; the first is a warm-up."""
    backend = _mujoco(session)
    simulation = session.recipe.simulation
    bare = Batch(backend.model, backend.num_envs, simulation.threads)
    rows = []
    for _ in range(rollouts + 1):
        bare_s, collect_s = _collection(session, bare)
        begin = time.perf_counter()
        session.learner.iterate(0)
        rows.append((bare_s, collect_s, time.perf_counter() - begin))
    steps = backend.num_envs * session.learner.rollout.horizon
    bare_s, collect_s, whole_s = (statistics.median(column) for column in zip(*rows[1:]))
    return TrainingFigures(
        recipe=session.recipe.name,
        num_envs=backend.num_envs,
        bare_steps_per_s=steps / bare_s,
        collection_steps_per_s=steps / collect_s,
        collection_ratio=statistics.median(b / c for b, c, _ in rows[1:]),
        whole_samples_per_s=steps / whole_s,
        whole_ratio=statistics.median(b / w for b, _, w in rows[1:]),
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
    p.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    args = p.parse_args(argv)
    if args.rollouts < 1 or min(args.num_envs) < 1:
        raise InputError("--rollouts and --num-envs must be at least 1")
    figures = []
    for num_envs in args.num_envs:
        recipe = load_recipe(args.recipe, [*args.set, f"simulation.num_envs={num_envs}"])
        figures.append(measure(build_session(recipe), args.rollouts))
    head = ("environments", "bare steps/s", "collection/s", "ratio", "whole training/s", "ratio")
    print("ratios are to bare Batch.step of the same states and controls in the same run")
    print(table(head, [_cells(f) for f in figures]))
    write_json(args.json, {"figures": [to_mapping(f) for f in figures]})
    return 0


def _cells(f: TrainingFigures) -> List[str]:
    return [
        str(f.num_envs),
        f"{f.bare_steps_per_s:.0f}",
        f"{f.collection_steps_per_s:.0f}",
        f"{f.collection_ratio:.2f}",
        f"{f.whole_samples_per_s:.0f}",
        f"{f.whole_ratio:.2f}",
    ]
