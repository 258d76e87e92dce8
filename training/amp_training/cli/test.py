"""``python -m amp_sdk.test``: a run's policy in its training environment, without noise."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List, Optional

import onnx
import torch
from torch import Tensor

import amp_sdk
from amp_sdk._cli import write_json
from amp_sdk._table import table
from amp_sdk.config import to_mapping
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.rollout_record import Normalizer, write_record
from amp_training.backends.registry import NAMES
from amp_training.build import Session, build_session
from amp_training.checkpoint import contract_of, load_policy_checkpoint, recipe_of, restore_policy
from amp_training.cli.train import motion_overrides
from amp_training.config import HarnessConfig, RandomizationConfig, Recipe, load_recipe
from amp_training.evaluate import evaluate
from amp_training.film import MOTION, make_film, save_motion
from amp_training.motion_quality import Track
from amp_training.onnx_graph import normalizer_of
from amp_training.record_rollout import record_rollout, recorded_normalizer
from amp_training.session_contract import session_contract


def main(argv: Optional[List[str]] = None) -> int:
    """Run the command."""
    p = argparse.ArgumentParser(prog="python -m amp_sdk.test", description=__doc__)
    p.add_argument("source", metavar="RUN_OR_POLICY", help="run folder of amp_sdk.train, or policy")
    p.add_argument("--best", action="store_true", help="a run's best policy, not its last")
    p.add_argument("--recipe", metavar="NAME_OR_FILE", help="of a policy (default: its own)")
    p.add_argument(
        "--motion", nargs="+", action="extend", metavar="FILE", help="clips of a policy's recipe"
    )
    p.add_argument("--episodes", type=int, default=32, metavar="N", help="at least so many")
    p.add_argument("--num-envs", type=int, default=32, metavar="N", help="side by side")
    p.add_argument("--seed", type=int, default=0, metavar="S")
    p.add_argument("--backend", choices=NAMES, help="simulator (default: that of the training)")
    p.add_argument("--device", metavar="DEVICE", help="cpu, cuda or cuda:N (default: a GPU if any)")
    p.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    p.add_argument("--video", type=Path, metavar="FILE", help="write a film of an episode (MP4)")
    p.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="write what the policy sees and does, for amp_sdk.sim2sim --parity (.npz)",
    )
    args = p.parse_args(argv)
    if args.episodes < 1 or args.num_envs < 1:
        raise InputError("--episodes and --num-envs must be at least 1")
    if args.seed < 0:
        raise InputError(f"--seed {args.seed}: expected 0 or more")
    if args.video is not None and args.video.suffix.lower() != ".mp4":
        raise InputError(f"--video {args.video}: expected a file name that ends in .mp4")
    source = _run(args) if Path(args.source).is_dir() else _policy(args)
    session = source.session
    if args.record is not None:
        rollout = record_rollout(session, source.act, source.contract, source.normalizer)
        write_record(args.record, rollout)
        print(f"record: {args.record}")
    tracks: List[Track] = []
    result = evaluate(session, source.act, args.episodes, source.with_style, tracks.extend)
    values = {**vars(result), **vars(result.task), **vars(result.motion)}
    del values["task"], values["motion"]
    rows = [(n.replace("_", " "), f"{v:.4g}") for n, v in values.items() if v is not None]
    print(table(("measure", "value"), rows))
    write_json(args.json, to_mapping(result))
    if args.video is not None:
        _film(args.video, session, tracks)
    return 0


def _film(path: Path, session: Session, tracks: List[Track]) -> None:
    """Film the first robot's first episode. Raises InputError where that cannot be done."""
    if not tracks:
        raise InputError(f"--video {path}: no film, since the first states are not finite already")
    period_s = session.recipe.simulation.control_period_s
    with tempfile.TemporaryDirectory() as folder:
        motion = Path(folder) / MOTION
        save_motion(motion, tracks[0], period_s)
        why_not = make_film(motion, path.resolve(), session.interface.robot.name)
    if why_not:
        raise InputError(f"--video {path}: no film: {why_not}")
    print(f"video: {path}")


_INTERFACE = ("robot", "joints", "observation", "commands", "control_period_s", "action_clip")


@dataclass(frozen=True)
class Source:
    """A policy and a session to run it in; ``with_style``: with the policy's discriminator."""

    session: Session
    act: Callable[[Tensor], Tensor]
    with_style: bool
    contract: PolicyContract
    normalizer: Optional[Normalizer]


def _run(args: argparse.Namespace) -> Source:
    if args.recipe or args.motion:
        raise InputError("a run has its own recipe and clips; drop --recipe and --motion")
    content = load_policy_checkpoint(Path(args.source), args.best)
    session = _session(recipe_of(content, args.source), args)
    restore_policy(session, content)
    session.generator.manual_seed(args.seed)
    actor = session.learner.ppo.average
    normalizer = recorded_normalizer(actor.normalizer)
    return Source(session, actor, True, contract_of(content, args.source), normalizer)


def _policy(args: argparse.Namespace) -> Source:
    policy = amp_sdk.load_policy(args.source)
    recipe = load_recipe(
        args.recipe or policy.contract.provenance.recipe, motion_overrides(args.motion)
    )
    session = _session(recipe, args)
    expected = session_contract(session, 0)
    for part in _INTERFACE:
        if getattr(policy.contract, part) != getattr(expected, part):
            raise InputError(
                f"{args.source}: its {part} differs from that of the recipe {recipe.name!r}; give "
                "the recipe and the clips that it was trained with: --recipe, --motion"
            )

    def act(observation: Tensor) -> Tensor:
        return torch.from_numpy(policy.act(observation.cpu().numpy())).to(observation.device)

    normalizer = normalizer_of(onnx.load(policy.path))
    return Source(session, act, False, policy.contract, normalizer)


def _session(recipe: Recipe, args: argparse.Namespace) -> Session:
    """A session of the recipe with other starts, on the nominal robot, without a harness."""
    simulation = dataclasses.replace(
        recipe.simulation,
        num_envs=args.num_envs,
        backend=args.backend or recipe.simulation.backend,
    )
    nominal = dataclasses.replace(
        recipe,
        seed=args.seed,
        simulation=simulation,
        randomization=RandomizationConfig(enabled=False),
        harness=HarnessConfig(enabled=False),
    )
    return build_session(nominal, args.device)
