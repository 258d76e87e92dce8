"""Assemble a training session from a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np
import torch

from amp_sdk import motion, robots
from amp_sdk.contract import CommandTerm, ObservationTerm
from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training.backends.randomization import Variations
from amp_training.backends.registry import make_backend, resolve_device
from amp_training.config import Recipe
from amp_training.environment import Environment
from amp_training.features import FeatureFunction, discriminator_features
from amp_training.key_bodies import KeyBodies
from amp_training.learner import Learner
from amp_training.networks import Actor, Critic
from amp_training.observation import PolicyObservation, observation_terms
from amp_training.ppo import Ppo
from amp_training.reference import Reference
from amp_training.reward_mix import critics
from amp_training.rollout import Rollout
from amp_training.style import MotionPrior
from amp_training.symmetry import Symmetry
from amp_training.tasks import build_task, command_terms

_POSES = 256


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


@dataclass(frozen=True)
class Session:
    """Everything that a run consists of."""

    recipe: Recipe
    interface: Interface
    environment: Environment
    learner: Learner
    reference: Reference
    features: FeatureFunction
    generator: torch.Generator


def load_library(recipe: Recipe, robot: RobotSpec) -> motion.MotionLibrary:
    """The library of the recipe's clips. Raises InputError."""
    if not recipe.motion.files:
        raise InputError("the recipe names no motion; give --motion FILE or set motion.files")
    clips = [motion.load_clip(name, robot, fps=recipe.motion.fps) for name in recipe.motion.files]
    return motion.MotionLibrary(clips, robot, recipe.motion.weights or None)


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


def build_session(recipe: Recipe, device: Optional[str] = None) -> Session:
    """Construct robot, clips, simulator, environment, networks and learner, all seeded.

    All of it lives on ``device`` ("cpu", "cuda", "cuda:N"); None takes a GPU where the backend and
    the machine have one. Raises InputError.
    """
    where = resolve_device(recipe.simulation.backend, device)
    torch.manual_seed(recipe.seed)
    generator = torch.Generator(where).manual_seed(recipe.seed + 1)
    robot = robots.load(recipe.robot)
    library = load_library(recipe, robot)
    simulation, prior_config = recipe.simulation, recipe.discriminator
    dt_s = simulation.control_period_s
    reference = Reference(library, robot, prior_config.window, dt_s, recipe.seed + 2)
    interface = build_interface(recipe, robot, reference)
    environment = _environment(recipe, interface, reference, generator)
    features = discriminator_features(prior_config, robot, reference.layout, where)
    windows = reference.clip_windows(prior_config.demo_windows).to(where)
    symmetry = _symmetry(recipe, interface, where)
    if symmetry is not None and prior_config.mirror_demonstrations:
        windows = torch.cat((windows, symmetry.states(windows, reference.layout)))
    demos = features(windows)
    observation_size = environment.policy_observation.size
    actor = Actor(
        observation_size, recipe.ppo.actor_hidden, len(robot.joint_names), recipe.ppo.initial_std
    ).to(where)
    critic_size = observation_size + 4 + 3 * len(robot.key_bodies)
    critic = Critic(critic_size, recipe.ppo.critic_hidden, critics(recipe.reward)).to(where)
    rollout = Rollout(environment, recipe.ppo.horizon, prior_config.window, KeyBodies(robot, where))
    rollout.begin(environment.restart_all(generator))
    learner = Learner(
        environment=environment,
        rollout=rollout,
        features=features,
        actor=actor,
        critic=critic,
        ppo=Ppo(actor, critic, recipe.ppo, generator, symmetry and symmetry.action),
        prior=MotionPrior(demos.shape[1], prior_config, demos, generator),
        reward=recipe.reward,
        gamma=recipe.ppo.gamma,
        lam=recipe.ppo.lam,
        dt_s=dt_s,
        generator=generator,
        symmetry=None if recipe.ppo.symmetry == "none" else symmetry,
        advantage_clip=recipe.ppo.advantage_clip,
    )
    return Session(recipe, interface, environment, learner, reference, features, generator)


def _symmetry(recipe: Recipe, interface: Interface, device: torch.device) -> Optional[Symmetry]:
    """The robot's mirror map, where the recipe makes use of it. Raises InputError."""
    if recipe.ppo.symmetry == "none" and not recipe.discriminator.mirror_demonstrations:
        return None
    return Symmetry(
        interface.robot,
        interface.action_center,
        interface.action_scale,
        interface.observation,
        interface.commands,
        device,
    )


def _environment(
    recipe: Recipe, interface: Interface, reference: Reference, generator: torch.Generator
) -> Environment:
    robot, simulation = interface.robot, recipe.simulation
    dt_s = simulation.control_period_s
    backend = make_backend(robot, interface.kp, interface.kd, simulation, str(generator.device))
    if recipe.randomization.enabled:
        joints = len(robot.joint_names)
        backend.vary(
            Variations.draw(recipe.randomization, simulation.num_envs, joints, recipe.seed)
        )

    def rad(values: np.ndarray) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float32, device=backend.device)

    poses = reference.layout.view(reference.clip_windows(_POSES)[:, -1]).joint_pos
    return Environment(
        backend=backend,
        observation=PolicyObservation(
            interface.observation, rad(robot.default_joint_pos_rad), simulation.num_envs
        ),
        reference=reference,
        task=build_task(recipe, interface.commands, generator),
        action_center=rad(interface.action_center),
        action_scale=rad(interface.action_scale),
        action_clip=recipe.action.clip,
        episode=recipe.episode,
        min_height_m=recipe.episode.min_height_ratio * robot.default_base_height_m,
        dt_s=dt_s,
        poses=poses.contiguous().to(backend.device),
    )
