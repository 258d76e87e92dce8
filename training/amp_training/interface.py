"""What a recipe makes of a robot and its clips: motion library and the policy's outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

import numpy as np

from amp_sdk import motion
from amp_sdk.contract import CommandTerm, ObservationTerm
from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training.config import Recipe
from amp_training.observation import observation_terms
from amp_training.reference import Reference
from amp_training.tasks import command_terms


@dataclass(frozen=True)
class Interface:
    """What the policy's outside looks like, as it goes into the contract."""

    robot: RobotSpec
    kp: np.ndarray  # [J] N m/rad
    kd: np.ndarray  # [J] N m s/rad
    action_center: np.ndarray  # [J] rad
    action_scale: np.ndarray  # [J] rad
    observation: Tuple[ObservationTerm, ...]
    commands: Tuple[CommandTerm, ...]


def load_library(recipe: Recipe, robot: RobotSpec) -> motion.MotionLibrary:
    """The library of the recipe's clips and data sets. Raises InputError."""
    config = recipe.motion
    if not config.files:
        hint = f", such as {config.hint}" if config.hint else ""
        raise InputError(
            f"the recipe {recipe.name} needs clips of {robot.name}{hint}, and names none; give "
            "--motion FILE or set motion.files"
        )
    clips: List[motion.MotionClip] = []
    weights: List[float] = []
    for i, name in enumerate(config.files):
        share = config.weights[i] if config.weights else None
        if motion.is_dataset(name):
            found = motion.load_dataset(name, robot, fps=config.fps)
            weights += [(share or 1.0) * clip.weight for clip in found]
        else:
            found = [motion.load_clip(name, robot, fps=config.fps)]
            weights.append(found[0].weight if share is None else share)
        clips += found
    return motion.MotionLibrary(clips, robot, weights)


def build_interface(recipe: Recipe, robot: RobotSpec, reference: Reference) -> Interface:
    """Gains, action mapping, observation terms and commands of the recipe."""
    joints = len(robot.joint_names)
    action = recipe.action
    center = robot.default_joint_pos_rad
    if action.center == "motion_mean":
        center = reference.mean_joint_pos()
    terms = command_terms(recipe, reference.mean_velocity_h())
    return Interface(
        robot=robot,
        kp=robot.kp if action.kp is None else np.full(joints, action.kp),
        kd=robot.kd if action.kd is None else np.full(joints, action.kd),
        action_center=center,
        action_scale=robot.action_scale if action.scale is None else np.full(joints, action.scale),
        observation=observation_terms(recipe.observation, joints, len(terms)),
        commands=terms,
    )
