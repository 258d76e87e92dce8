"""The recipe: every choice of a training run, typed and validated.

A recipe is one YAML file (``amp_training/recipes/NAME.yaml`` or the user's). Keys that are left out
take the defaults below, which are the values that the shipped Go2 recipes were tuned to.
"""

from __future__ import annotations

from amp_training.config.discriminator import DiscriminatorConfig
from amp_training.config.episode import EpisodeConfig
from amp_training.config.evaluation import EvaluationConfig
from amp_training.config.harness import HarnessConfig
from amp_training.config.interface import ActionConfig, CommandConfig, ObservationConfig
from amp_training.config.motion import MotionConfig
from amp_training.config.ppo import PpoConfig
from amp_training.config.randomization import RandomizationConfig, SensorConfig
from amp_training.config.recipe import RECIPE_FOLDER, Recipe, load_recipe, recipe_names
from amp_training.config.reward import RewardConfig
from amp_training.config.simulation import SimulationConfig
from amp_training.config.task import LocationConfig, SteeringConfig, TaskConfig

__all__ = [
    "ActionConfig",
    "CommandConfig",
    "DiscriminatorConfig",
    "EpisodeConfig",
    "EvaluationConfig",
    "HarnessConfig",
    "LocationConfig",
    "MotionConfig",
    "ObservationConfig",
    "PpoConfig",
    "RECIPE_FOLDER",
    "RandomizationConfig",
    "Recipe",
    "RewardConfig",
    "SensorConfig",
    "SimulationConfig",
    "SteeringConfig",
    "TaskConfig",
    "load_recipe",
    "recipe_names",
]
