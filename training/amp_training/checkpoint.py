"""Checkpoints: one file, written atomically, read without running anything that it names."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

import torch
import yaml

from amp_sdk._files import atomic_write
from amp_sdk.config import from_mapping, to_mapping
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_training import workers
from amp_training.build import Session
from amp_training.config import Recipe
from amp_training.session_contract import session_contract

CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"
RECIPE = "recipe.yaml"
_VERSION = 1
_POLICY_KEYS = ("recipe", "contract", "progress", "average", "discriminator")
_KEYS = (
    *_POLICY_KEYS,
    "actor",
    "critic",
    "actor_optimizer",
    "critic_optimizer",
    "learning_rate",
    "prior_optimizer",
    "replay",
    "generator",
    "torch_rng",
)


@dataclass(frozen=True)
class Progress:
    """Counters that go on over resumes."""

    iterations: int = 0
    samples: int = 0
    seconds: float = 0.0
    best_cost: Optional[float] = None
    """Of the policy in ``best.pt`` (see ``quality.py``)."""


def save_recipe(folder: Path, recipe: Recipe) -> None:
    """Write the recipe with every value to ``folder``."""
    with atomic_write(folder / RECIPE, binary=False) as file:
        yaml.safe_dump(to_mapping(recipe), file, sort_keys=False)


def save_checkpoint(folder: Path, session: Session, progress: Progress) -> Path:
    """Write the session to ``folder``; the previous checkpoint survives any failure."""
    learner = session.learner
    content = {
        **_policy_content(session, progress),
        "actor": learner.actor.state_dict(),
        **learner.ppo.state(),
        "critic": learner.critic.state_dict(),
        "prior_optimizer": learner.prior.optimizer.state_dict(),
        "replay": learner.prior.replay.state(),
        "generator": session.generator.get_state(),
        "torch_rng": torch.get_rng_state(),
        "demonstrations": learner.prior.demonstrations_sha256(),
        "simulation": {
            "environment": session.environment.snapshot(),
            "rollout": learner.rollout.snapshot(),
        },
    }
    path = folder / CHECKPOINT
    with atomic_write(path) as file:
        torch.save(content, file)
    return path


def save_best(folder: Path, session: Session, progress: Progress) -> Path:
    """Write what a policy needs, to test and export it, as the best one of the run."""
    path = folder / BEST
    with atomic_write(path) as file:
        torch.save(_policy_content(session, progress), file)
    return path


def _policy_content(session: Session, progress: Progress) -> Dict[str, Any]:
    return {
        "version": _VERSION,
        "recipe": to_mapping(session.recipe),
        "contract": session_contract(session, progress.samples).to_json(),
        "progress": to_mapping(progress),
        "average": session.learner.ppo.average.state_dict(),
        "discriminator": session.learner.prior.network.state_dict(),
    }


def load_policy_checkpoint(run: Path, best: bool = False) -> Dict[str, Any]:
    """The policy's part of a run folder's last checkpoint, or its best one, or of a file."""
    return _load(run, BEST if best else CHECKPOINT, _POLICY_KEYS)


def load_checkpoint(run: Path) -> Dict[str, Any]:
    """The content of a run folder's checkpoint (or of a checkpoint file). Raises InputError."""
    return _load(run, CHECKPOINT, _KEYS)


def _load(run: Path, name: str, keys: Sequence[str]) -> Dict[str, Any]:
    path = run / name if run.is_dir() else run
    if not path.is_file():
        raise InputError(f"no checkpoint at {path}; expected the folder that training wrote to")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path} is not a readable checkpoint: {reason}") from error
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise InputError(f"{path} is not a checkpoint of version {_VERSION} of this package")
    missing = [key for key in keys if key not in content]
    if missing:
        names = ", ".join(missing)
        raise InputError(
            f"{path} lacks {names}: another version of the package wrote it; train again"
        )
    return content


def recipe_of(content: Dict[str, Any], where: str) -> Recipe:
    """The recipe that a checkpoint was trained with."""
    return from_mapping(Recipe, content["recipe"], where)


def contract_of(content: Dict[str, Any], where: str) -> PolicyContract:
    """The contract of the policy in a checkpoint."""
    return PolicyContract.from_json(content["contract"], where)


def restore_policy(session: Session, content: Dict[str, Any]) -> None:
    """Put a checkpoint's policy and discriminator into a session, to measure them."""
    session.learner.ppo.average.load_state_dict(content["average"])
    session.learner.prior.network.load_state_dict(content["discriminator"])


def restore(session: Session, content: Dict[str, Any]) -> Progress:
    """Put all of a checkpoint into a new session of the same recipe, which then goes on exactly as
    the one that wrote it would have. Raises InputError where it cannot.

    Of several processes the first one goes on so; the others take the networks, optimisers and
    statistics and start new episodes.
    """
    simulation = content.get("simulation")
    if simulation is None:
        raise InputError(
            "the checkpoint does not hold the state of its simulation (an older version of the "
            "package wrote it): it can be exported and tested, not resumed; train again"
        )
    own = workers.rank() == 0  # what differs between processes is kept for the first one only
    if own and content.get("demonstrations") != session.learner.prior.demonstrations_sha256():
        raise InputError(
            "the recipe's clips give other demonstrations than those that the run was trained on: "
            "a file was changed, or another version of the package reads it; put the old file "
            "back, or train again"
        )
    learner = session.learner
    learner.actor.load_state_dict(content["actor"])
    learner.ppo.load_state(content)
    learner.critic.load_state_dict(content["critic"])
    learner.prior.network.load_state_dict(content["discriminator"])
    learner.prior.optimizer.load_state_dict(content["prior_optimizer"])
    learner.prior.replay.load_state(content["replay"])
    progress = from_mapping(Progress, content["progress"], "checkpoint")
    if not own:
        session.generator.manual_seed(progress.samples + workers.rank())
        return progress
    session.generator.set_state(content["generator"])
    torch.set_rng_state(content["torch_rng"])
    session.environment.resume(simulation["environment"])
    session.learner.rollout.resume(simulation["rollout"])
    return progress
