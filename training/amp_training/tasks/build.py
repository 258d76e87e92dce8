"""The task that a recipe chooses, and its commands in the contract."""

from __future__ import annotations

import math
from typing import Tuple

import torch

from amp_sdk.contract import CommandTerm
from amp_training.config import Recipe
from amp_training.tasks.base import Task
from amp_training.tasks.imitation import Imitation
from amp_training.tasks.location import Location, location_terms
from amp_training.tasks.steering import Steering, steering_terms
from amp_training.tasks.velocity import Velocity, velocity_terms


def command_terms(recipe: Recipe, clip_velocity_h: Tuple[float, float]) -> Tuple[CommandTerm, ...]:
    """The commands of the contract; none for imitation alone.

    ``clip_velocity_h`` is the clips' mean (forward, lateral) velocity in the heading frame, m/s.
    """
    task = recipe.task
    if task.kind == "none":
        return ()
    if task.kind == "steering":
        return steering_terms(task.steering, math.hypot(*clip_velocity_h))
    if task.kind == "location":
        return location_terms(task.location)
    return velocity_terms(recipe.command, clip_velocity_h)


def build_task(
    recipe: Recipe, terms: Tuple[CommandTerm, ...], generator: torch.Generator, masked: bool
) -> Task:
    """The task of all environments.

    Args:
        recipe: chooses it.
        terms: those of ``command_terms``.
        generator: draws goals; its device is theirs.
        masked: of the backend; which form of selection ends goals.
    """
    task, envs = recipe.task, recipe.simulation.num_envs
    dt_s = recipe.simulation.control_period_s
    if task.kind == "none":
        return Imitation(envs, generator.device)
    if task.kind == "steering":
        return Steering(task.steering, dt_s, envs, generator, masked)
    if task.kind == "location":
        return Location(task.location, dt_s, envs, generator, masked)
    return Velocity(terms, recipe.command, recipe.reward, dt_s, envs, generator, masked)
