"""Assemble a training session from a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import torch

from amp_sdk import robots
from amp_training import workers
from amp_training.backends.registry import resolve_device
from amp_training.config import Recipe
from amp_training.environment import Environment
from amp_training.environment_build import build_environment
from amp_training.features import FeatureFunction, discriminator_features
from amp_training.interface import Interface, build_interface, load_library
from amp_training.key_bodies import KeyBodies
from amp_training.learner import Learner
from amp_training.networks import Actor, Critic
from amp_training.ppo import Ppo
from amp_training.reference import Reference
from amp_training.reward_mix import critics
from amp_training.rollout import Rollout
from amp_training.style import MotionPrior
from amp_training.symmetry import Symmetry


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
    own_seed = workers.own_seed(recipe.seed)
    generator = torch.Generator(where).manual_seed(own_seed + 1)
    robot = robots.load(recipe.robot)
    library = load_library(recipe, robot)
    simulation, prior_config = recipe.simulation, recipe.discriminator
    dt_s = simulation.control_period_s
    reference = Reference(library, robot, prior_config.span, dt_s, own_seed + 2)
    interface = build_interface(recipe, robot, reference)
    environment = build_environment(recipe, interface, reference, generator)
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
    rollout = Rollout(environment, recipe.ppo.horizon, prior_config.span, KeyBodies(robot, where))
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
