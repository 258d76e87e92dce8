"""``python -m amp_sdk.bench training``: collection and learning beside bare physics, in one run.

Collection is observations, falls, restarts, storage, rewards and discriminator windows of a
rollout; bare physics is the engine's work for the same control steps from the same states (Batch
of MuJoCo, mujoco_warp, Isaac Gym's simulate). Actions are noise drawn in advance, so policy
inference is not in it. Whole training is an iteration with all of its learning; what cannot be left
out of it is bare physics and the bare networks: the policy's forward passes of a rollout and the
update of ``bare``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import List, Optional

import torch

from amp_sdk import kernels
from amp_sdk._cli import write_json
from amp_sdk._table import table
from amp_sdk.config import to_mapping
from amp_sdk.errors import CheckFailedError, InputError
from amp_training.backends.registry import NAMES, resolve_device
from amp_training.bench import mjlab
from amp_training.bench.figures import TIMES_BARE, TrainingFigures, measure, misses
from amp_training.bench.profiling import write_profile
from amp_training.build import build_session
from amp_training.config import load_recipe

_HEAD = (
    "robot backend envs bare/s collection/s ratio host learner/s whole/s ratio x-bare mjlab".split()
)


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = argparse.ArgumentParser(prog="python -m amp_sdk.bench training", description=__doc__)
    p.add_argument("--recipe", default="go2_trot", metavar="NAME_OR_FILE")
    p.add_argument("--backend", choices=NAMES, nargs="+", default=["mujoco"])
    p.add_argument("--device", metavar="DEVICE", help="cpu, cuda or cuda:N (default: a GPU if any)")
    p.add_argument("--num-envs", type=int, nargs="+", default=[256, 512, 1024], metavar="N")
    p.add_argument("--rollouts", type=int, default=9, metavar="R", help="medians of R")
    p.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY.PATH=VALUE")
    p.add_argument("--threads", type=int, metavar="N", help="of torch (default: all)")
    p.add_argument(
        "--mjlab-python",
        type=Path,
        metavar="PYTHON",
        help="also train the nearest task of the mjlab that this Python has (mjlab needs MuJoCo 3)",
    )
    p.add_argument("--mjlab-task", default="Mjlab-Velocity-Flat-Unitree-G1", metavar="TASK")
    p.add_argument(
        "--check",
        action="store_true",
        help=f"exit 1 where whole training takes more than {TIMES_BARE:g} times the bare parts",
    )
    p.add_argument(
        "--profile",
        type=Path,
        metavar="FILE",
        help="profile one more iteration; of several backends or counts each has a file of its own "
        "(FILE_mujoco_256)",
    )
    p.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    return p


def main(argv: Optional[List[str]] = None) -> int:
    """Run the command; see ``parser``."""
    args = parser().parse_args(argv)
    _check(args)
    figures: List[TrainingFigures] = []
    for backend in args.backend:
        for num_envs in args.num_envs:
            values = [f"simulation.num_envs={num_envs}", f"simulation.backend={backend}"]
            recipe = load_recipe(args.recipe, [*args.set, *values])
            session = build_session(recipe, args.device)
            figures.append(measure(session, args.rollouts))
            if args.profile is not None:
                write_profile(session, _profile(args, backend, num_envs))
    beside = _mjlab(args) if args.mjlab_python else []
    print("ratios are to bare physics of the same states and controls in the same run; host: its")
    print("time to hand a rollout to the GPU over the GPU's time; x-bare: time of whole training")
    print("over that of bare physics and the networks' bare passes; mjlab: whole over mjlab's")
    print(table(_HEAD, [_cells(f, beside) for f in figures]))
    for other in beside:
        print(f"mjlab {other.task}, {other.num_envs} environments: {other.samples_per_s:.0f}/s")
    rows = {"figures": [to_mapping(f) for f in figures], "mjlab": [to_mapping(o) for o in beside]}
    write_json(args.json, rows)
    missed = misses(figures)
    if args.check and missed:
        raise CheckFailedError("; ".join(missed))
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.rollouts < 1 or min(args.num_envs) < 1:
        raise InputError("--rollouts and --num-envs must be at least 1")
    if args.threads is not None:
        if args.threads < 1:
            raise InputError(f"--threads must be at least 1, found {args.threads}")
        torch.set_num_threads(args.threads)
        kernels.set_num_threads(args.threads)


def _profile(args: argparse.Namespace, backend: str, num_envs: int) -> Path:
    """The profile's file, for one of several named after it."""
    path: Path = args.profile
    if len(args.backend) * len(args.num_envs) == 1:
        return path
    return path.with_name(f"{path.stem}_{backend}_{num_envs}{path.suffix}")


def _mjlab(args: argparse.Namespace) -> List[mjlab.MjlabFigures]:
    ppo = load_recipe(args.recipe, args.set).ppo
    device = str(resolve_device("mujoco_warp", args.device))
    python, task, rollouts = args.mjlab_python, args.mjlab_task, args.rollouts
    return [mjlab.measure(python, task, ppo, n, rollouts, device) for n in args.num_envs]


def _cells(f: TrainingFigures, beside: List[mjlab.MjlabFigures]) -> List[str]:
    same = [other for other in beside if other.num_envs == f.num_envs]
    return [
        f.robot,
        f.backend,
        str(f.num_envs),
        f"{f.bare_steps_per_s:.0f}",
        f"{f.collection_steps_per_s:.0f}",
        f"{f.collection_ratio:.2f}",
        "-" if f.host_share is None else f"{f.host_share:.2f}",
        f"{f.learner_samples_per_s:.0f}",
        f"{f.whole_samples_per_s:.0f}",
        f"{f.whole_ratio:.2f}",
        f"{f.times_bare:.2f}",
        f"{f.whole_samples_per_s / same[0].samples_per_s:.2f}" if same else "-",
    ]
