"""Construct the environment of a session: backend, differences of the robots, sensors, task."""

from __future__ import annotations

from typing import Callable, Optional, Tuple

import numpy as np
import torch

from amp_sdk.errors import InputError, closest
from amp_sdk.robots import RobotSpec, mjcf
from amp_training import workers
from amp_training.backends.base import Backend, Disturbing, Touching
from amp_training.backends.randomization import Variations
from amp_training.backends.registry import make_backend
from amp_training.config import EpisodeConfig, Recipe
from amp_training.environment import Environment
from amp_training.failures import Failures
from amp_training.interface import Interface
from amp_training.observation import PolicyObservation
from amp_training.reference import Reference
from amp_training.sensors import SensorErrors
from amp_training.tasks import build_task

_POSES = 256


def build_environment(
    recipe: Recipe, interface: Interface, reference: Reference, generator: torch.Generator
) -> Environment:
    """The environments of this process, each robot as different as the recipe wants.

    They live on the generator's device, and their goals are drawn by it. Raises InputError.
    """
    robot, simulation, varied = interface.robot, recipe.simulation, recipe.randomization
    dt_s, envs, joints = simulation.control_period_s, simulation.num_envs, len(interface.kp)
    links = contact_links(robot, recipe.episode)
    device = str(generator.device)
    own_seed = workers.own_seed(recipe.seed)
    backend = make_backend(robot, interface.kp, interface.kd, simulation, device, links)
    sensors = gravity_w = None
    if varied.enabled:
        backend.vary(Variations.draw(varied, envs, joints, own_seed))
        gravity_w = _disturb(backend, recipe, own_seed)
        if not varied.sensors.exact:
            sensors = SensorErrors(varied.sensors, joints, envs, own_seed, backend.device)

    progress = _harness(backend, recipe, robot) if recipe.harness.enabled else None

    def rad(values: np.ndarray) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float32, device=backend.device)

    poses = reference.layout.view(reference.clip_windows(_POSES)[:, -1]).joint_pos
    failures = Failures(
        backend,
        recipe.episode,
        min_height_m=recipe.episode.min_height_ratio * robot.default_base_height_m,
        dt_s=dt_s,
        poses=poses.contiguous().to(backend.device),
        touching=backend.touching if links and isinstance(backend, Touching) else None,
    )
    return Environment(
        backend=backend,
        observation=PolicyObservation(
            interface.observation, rad(robot.default_joint_pos_rad), envs, sensors, gravity_w
        ),
        reference=reference,
        task=build_task(recipe, interface.commands, generator, backend.masked),
        action_center=rad(interface.action_center),
        action_scale=rad(interface.action_scale),
        action_clip=recipe.action.clip,
        episode=recipe.episode,
        failures=failures,
        dt_s=dt_s,
        progress=progress,
    )


def contact_links(robot: RobotSpec, episode: EpisodeConfig) -> Tuple[str, ...]:
    """The links whose touch of the floor ends an episode, none without ``contact_termination``.

    Raises InputError for an unknown one.
    """
    links = [body.name for body in mjcf.read(robot.mjcf_path).bodies]
    for name in episode.contact_allowed:
        if name not in links:
            hint = closest(name, links)
            raise InputError(f"episode.contact_allowed: {robot.name} has no link {name!r}; {hint}")
    allowed = (*robot.foot_bodies, *episode.contact_allowed)
    return tuple(n for n in links if n not in allowed) if episode.contact_termination else ()


def _disturb(backend: Backend, recipe: Recipe, seed: int) -> Optional[torch.Tensor]:
    """What only MuJoCo's backends have of the recipe's differences; where gravity points, if not
    straight down. Raises InputError where the backend is another one."""
    missing = recipe.randomization.mujoco_only
    if not missing:
        return None
    if not isinstance(backend, Disturbing):
        raise InputError(
            f"the backend {recipe.simulation.backend} does not have randomization."
            f"{', randomization.'.join(missing)}; use the backend mujoco or mujoco_warp, or leave "
            "them out"
        )
    return backend.disturb(recipe.randomization, recipe.simulation, seed)


def _harness(backend: Backend, recipe: Recipe, robot: RobotSpec) -> Callable[[int], None]:
    """Put the robots into the recipe's harness; what fades it. Raises InputError."""
    if not isinstance(backend, Disturbing):
        raise InputError(
            f"the backend {recipe.simulation.backend} has no harness; use the backend mujoco or "
            "mujoco_warp, or set harness.enabled=false"
        )
    return backend.hang(recipe.harness, robot.default_base_height_m)
