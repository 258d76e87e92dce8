"""``python -m amp_sdk.train``: train a policy from a recipe."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import List, Optional, Tuple

from amp_sdk._cli import write_json
from amp_sdk.config import to_mapping
from amp_sdk.errors import InputError
from amp_training import workers
from amp_training.advice import recipe_warnings
from amp_training.backends.registry import NAMES
from amp_training.build import Session, build_session
from amp_training.checkpoint import (
    CHECKPOINT,
    Progress,
    load_checkpoint,
    recipe_of,
    restore,
    save_recipe,
)
from amp_training.config import Recipe, load_recipe, recipe_names
from amp_training.run import Limits, over, train
from amp_training.wandb_log import check_installed


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = argparse.ArgumentParser(prog="python -m amp_sdk.train", description=__doc__)
    source = p.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--recipe",
        metavar="NAME_OR_FILE",
        help=f"recipe ({', '.join(recipe_names())}) or YAML file",
    )
    source.add_argument("--resume", type=Path, metavar="DIR", help="go on with a run")
    p.add_argument(
        "--motion",
        nargs="+",
        action="extend",
        metavar="FILE",
        help="reference clips, in place of the recipe's",
    )
    p.add_argument("--backend", choices=NAMES, help="simulator (default: the recipe's)")
    p.add_argument(
        "--device",
        metavar="DEVICE",
        help="cpu, cuda or cuda:N, for simulation and networks (default: a GPU where the backend "
        "and the machine have one)",
    )
    p.add_argument("--num-envs", type=int, metavar="N", help="environments side by side")
    p.add_argument("--max-samples", type=int, metavar="N", help="stop after N environment steps")
    p.add_argument(
        "--max-minutes",
        type=float,
        metavar="M",
        help="stop after M minutes, counted from the first start",
    )
    p.add_argument("--seed", type=int, metavar="S")
    p.add_argument("--out", type=Path, metavar="DIR", help="run folder (default: runs/NAME-TIME)")
    p.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY.PATH=VALUE",
        help="change values of the recipe",
    )
    p.add_argument(
        "--snapshot-minutes", type=float, metavar="M", help="also export the policy every M minutes"
    )
    p.add_argument(
        "--threads",
        type=int,
        default=0,
        metavar="N",
        help="threads of torch and of the kernels (0: all cores); the processes that torchrun "
        "starts on a machine share them",
    )
    p.add_argument(
        "--wandb", metavar="PROJECT", help="log to Weights & Biases too (pip install wandb)"
    )
    p.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")
    return p


def main(argv: Optional[List[str]] = None) -> int:
    """Run the command; see ``parser``."""
    args = parser().parse_args(argv)
    _check_limits(args)
    if args.wandb is not None:
        check_installed()
    workers.share_threads(args.threads)
    recipe, folder, content = _source(args)
    workers.join(args.device)
    try:
        return _run(args, recipe, folder, content)
    finally:
        workers.leave()


def _run(args: argparse.Namespace, recipe: Recipe, folder: Path, content: Optional[dict]) -> int:
    first = workers.rank() == 0
    session = build_session(recipe, args.device)
    progress = Progress() if content is None else restore(session, content)
    limits = Limits(
        max_samples=recipe.max_samples if args.max_samples is None else args.max_samples,
        max_seconds=float("inf") if args.max_minutes is None else 60.0 * args.max_minutes,
        snapshot_seconds=None if args.snapshot_minutes is None else 60.0 * args.snapshot_minutes,
        wandb_project=args.wandb,
    )
    if over(progress, limits):
        if first:
            print(_nothing_left(progress, limits), flush=True)
            write_json(args.json, {"run": str(folder), **to_mapping(progress)})
        return 0
    if first:
        _announce(recipe, folder, session)
    progress, stopped_by = train(session, folder, limits, progress)
    if first:
        write_json(args.json, {"run": str(folder), **to_mapping(progress)})
    if stopped_by is not None:
        return 128 + stopped_by
    if first:
        print(f"next: python -m amp_sdk.export {folder} -o policy.onnx", flush=True)
    return 0


def _announce(recipe: Recipe, folder: Path, session: Session) -> None:
    """Make the run folder, and say what is doubtful about the recipe."""
    _make_folder(folder)
    save_recipe(folder, recipe)
    robot, clips = session.interface.robot, session.reference.clips
    for warning in recipe_warnings(recipe, robot, clips):
        print(f"warning: {warning}", file=sys.stderr, flush=True)
    print(f"training {recipe.name} on {recipe.robot} into {folder}", flush=True)


def _nothing_left(progress: Progress, limits: Limits) -> str:
    """Why a resumed run ends at once, and how to go on."""
    has = f"{progress.samples:,} samples and {progress.seconds / 60:.1f} minutes"
    limit = f"{limits.max_samples:,} samples"
    if limits.max_seconds < float("inf"):
        limit += f", {limits.max_seconds / 60:g} minutes"
    return (
        f"nothing to do: the run has {has} behind it and its limit is {limit}, both counted from "
        "its first start; go on with a larger --max-samples or --max-minutes"
    )


def _check_limits(args: argparse.Namespace) -> None:
    """Refuse limits that are no positive numbers."""
    for name in ("max_samples", "max_minutes", "snapshot_minutes", "num_envs"):
        value = getattr(args, name)
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise InputError(f"--{name.replace('_', '-')} {value}: expected a number above 0")
    if args.threads < 0:
        raise InputError(f"--threads {args.threads}: expected 0 or more")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot make the run folder {folder}: {error.strerror}; choose another --out"
        ) from error


def _source(args: argparse.Namespace) -> Tuple[Recipe, Path, Optional[dict]]:
    """The recipe, the run folder and, for --resume, the checkpoint's content."""
    overrides = list(args.set)
    for option, key in (
        ("num_envs", "simulation.num_envs"),
        ("backend", "simulation.backend"),
        ("max_samples", "max_samples"),
        ("seed", "seed"),
    ):
        if getattr(args, option) is not None:
            overrides.append(f"{key}={getattr(args, option)}")
    overrides += motion_overrides(args.motion)
    if args.resume is None:
        recipe = load_recipe(args.recipe, overrides)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        folder = args.out or Path("runs") / f"{recipe.name}-{stamp}"
        if (folder / CHECKPOINT).exists():
            raise InputError(
                f"{folder} holds a run already; go on with it (--resume {folder}) or choose "
                "another --out"
            )
        return recipe, folder, None
    changes = (args.motion, args.out, args.set, args.seed, args.num_envs, args.backend)
    if any(change is not None and change != [] for change in changes):
        raise InputError(
            "--resume goes on with the run as it is: only limits may change (--max-samples, "
            "--max-minutes)"
        )
    content = load_checkpoint(args.resume)
    folder = args.resume.parent if args.resume.is_file() else args.resume
    return recipe_of(content, str(args.resume)), folder, content


def motion_overrides(files: Optional[List[str]]) -> List[str]:
    """Overrides that put ``files`` in the place of a recipe's clips; none without files."""
    if not files:
        return []
    return [f"motion.files={json.dumps([_absolute(name) for name in files])}", "motion.weights=[]"]


def _absolute(name: str) -> str:
    """A file's full path, so that the run can be resumed from any folder; a name as it is."""
    return str(Path(name).resolve()) if Path(name).exists() else name
