"""A whole recipe, and where recipes come from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Sequence

from amp_sdk.config import from_mapping, load_yaml, to_mapping, with_overrides
from amp_sdk.errors import InputError, closest
from amp_training.config._checks import require
from amp_training.config.discriminator import DiscriminatorConfig
from amp_training.config.episode import EpisodeConfig
from amp_training.config.evaluation import EvaluationConfig
from amp_training.config.harness import HarnessConfig
from amp_training.config.interface import ActionConfig, CommandConfig, ObservationConfig
from amp_training.config.motion import MotionConfig
from amp_training.config.ppo import PpoConfig
from amp_training.config.randomization import RandomizationConfig
from amp_training.config.reward import RewardConfig
from amp_training.config.simulation import SimulationConfig
from amp_training.config.task import TaskConfig

RECIPE_FOLDER = Path(__file__).resolve().parent.parent / "recipes"


@dataclass(frozen=True)
class Recipe:
    """One training run."""

    name: str
    robot: str
    motion: MotionConfig = field(default_factory=MotionConfig)
    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    randomization: RandomizationConfig = field(default_factory=RandomizationConfig)
    action: ActionConfig = field(default_factory=ActionConfig)
    observation: ObservationConfig = field(default_factory=ObservationConfig)
    task: TaskConfig = field(default_factory=TaskConfig)
    command: CommandConfig = field(default_factory=CommandConfig)
    episode: EpisodeConfig = field(default_factory=EpisodeConfig)
    harness: HarnessConfig = field(default_factory=HarnessConfig)
    reward: RewardConfig = field(default_factory=RewardConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    ppo: PpoConfig = field(default_factory=PpoConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    max_samples: int = 20_000_000
    seed: int = 1

    def __post_init__(self) -> None:
        require(self.seed >= 0, "seed must not be negative")
        require(self.max_samples >= 1, "max_samples must be at least 1")

    def sha256(self) -> str:
        """Hash of every value of the recipe, whatever the order of its keys."""
        text = json.dumps(to_mapping(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def recipe_names() -> Sequence[str]:
    """Names of the recipes in the package."""
    return sorted(path.stem for path in RECIPE_FOLDER.glob("*.yaml"))


def load_recipe(name_or_file: str, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe by name or file with ``key.path=value`` overrides. Raises InputError."""
    path = Path(name_or_file)
    if path.suffix not in (".yaml", ".yml"):
        path = RECIPE_FOLDER / f"{name_or_file}.yaml"
        if not path.is_file():
            raise InputError(
                f"no recipe named {name_or_file!r}; {closest(name_or_file, recipe_names())}; "
                "or give the path of a .yaml file"
            )
    mapping: Dict[str, Any] = with_overrides(load_yaml(path), overrides)
    return from_mapping(Recipe, mapping, str(path))
