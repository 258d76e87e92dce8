"""Assemble a training session from a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Optional, Tuple

import numpy as np
import torch

from amp_sdk import motion, robots
from amp_sdk.contract import CommandTerm, ObservationTerm
from amp_sdk.errors import InputError, closest
from amp_sdk.robots import RobotSpec, mjcf
from amp_training import workers
from amp_training.backends.base import Backend, Touching
from amp_training.backends.randomization import Variations
from amp_training.backends.registry import make_backend, resolve_device
from amp_training.config import EpisodeConfig, Recipe
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
from amp_training.sensors import SensorErrors
from amp_training.style import MotionPrior
from amp_training.symmetry import Symmetry
from amp_training.tasks import build_task, command_terms

if TYPE_CHECKING:  # the backend needs Python 3.11
    from amp_training.backends.mujoco_cpu import MujocoBackend

_POSES = 256
_SEED_STEP = 1_000_003


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


def build_session(recipe: Recipe, device: Optional[str] = None) -> Session:
    """Construct robot, clips, simulator, environment, networks and learner, all seeded.

    All of it lives on ``device`` ("cpu", "cuda", "cuda:N"); None takes a GPU where the backend and
    the machine have one. Of several processes all begin with the same networks; the rest is drawn
    anew in each. Raises InputError.
    """
    where = resolve_device(recipe.simulation.backend, device)
    if where.type == "cuda":
        torch.cuda.set_device(where)  # where the processes' sums meet, too
    torch.manual_seed(recipe.seed)
    own_seed = recipe.seed + _SEED_STEP * workers.rank()
    generator = torch.Generator(where).manual_seed(own_seed + 1)
    robot = robots.load(recipe.robot)
    library = load_library(recipe, robot)
    simulation, prior_config = recipe.simulation, recipe.discriminator
    dt_s = simulation.control_period_s
    reference = Reference(library, robot, prior_config.window, dt_s, own_seed + 2)
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
    robot, simulation, varied = interface.robot, recipe.simulation, recipe.randomization
    dt_s, envs, joints = simulation.control_period_s, simulation.num_envs, len(interface.kp)
    links = contact_links(robot, recipe.episode)
    device = str(generator.device)
    own_seed = recipe.seed + _SEED_STEP * workers.rank()
    backend = make_backend(robot, interface.kp, interface.kd, simulation, device, links)
    sensors = None
    if varied.enabled:
        backend.vary(Variations.draw(varied, envs, joints, own_seed))
        _disturb(backend, recipe, own_seed)
        if not varied.sensors.exact:
            sensors = SensorErrors(varied.sensors, joints, envs, own_seed, backend.device)

    def rad(values: np.ndarray) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float32, device=backend.device)

    poses = reference.layout.view(reference.clip_windows(_POSES)[:, -1]).joint_pos
    return Environment(
        backend=backend,
        observation=PolicyObservation(
            interface.observation, rad(robot.default_joint_pos_rad), envs, sensors
        ),
        reference=reference,
        task=build_task(recipe, interface.commands, generator, backend.masked),
        action_center=rad(interface.action_center),
        action_scale=rad(interface.action_scale),
        action_clip=recipe.action.clip,
        episode=recipe.episode,
        min_height_m=recipe.episode.min_height_ratio * robot.default_base_height_m,
        dt_s=dt_s,
        poses=poses.contiguous().to(backend.device),
        touching=backend.touching if links and isinstance(backend, Touching) else None,
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


def _disturb(backend: Backend, recipe: Recipe, seed: int) -> None:
    """What only the CPU backend has of the recipe's differences. Raises InputError elsewhere."""
    names = recipe.randomization.cpu_only
    if not names:
        return
    if recipe.simulation.backend != "mujoco":
        raise InputError(
            f"the backend {recipe.simulation.backend} does not have randomization."
            f"{', randomization.'.join(names)}; use the backend mujoco, or leave them out"
        )
    _on_cpu(backend).disturb(recipe.randomization, recipe.simulation, seed)


def _on_cpu(backend: Backend) -> MujocoBackend:
    from amp_training.backends.mujoco_cpu import MujocoBackend

    assert isinstance(backend, MujocoBackend), "refused before"
    return backend
