"""How well a policy moves, measured without the discriminator, and which policy is the best.

Episodes start as in training and run without noise on the nominal robot. The session that runs them
is its own: simulation, generators and normalisers of the training session are not touched.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Callable, Optional, Tuple

import torch
from torch import Tensor

from amp_training.build import build_session
from amp_training.config import HarnessConfig, RandomizationConfig, Recipe
from amp_training.evaluate import FULLY_GROWN
from amp_training.motion_quality import MotionJudge, MotionQuality, Track, first_episodes
from amp_training.rotations import heading_velocity

_FALL_COST = 10.0
_JOINT_ERROR_RAD, _SLOWEST_M_S = 0.1, 0.5
_COMPARED = 4


@dataclass(frozen=True)
class Quality:
    """Means over the episodes of one evaluation."""

    fall_share: float
    """Episodes that ended in a fall."""
    speed_error_m_s: Optional[float]
    """Distance of an episode's mean velocity from the command, where a velocity is the task."""
    commanded_m_s: float
    """Mean size of the commanded velocity."""
    motion: MotionQuality = MotionQuality()
    """Likeness to the clips; all but the coverage of the first few episodes."""

    @property
    def cost(self) -> float:
        """The less the better: 10 for falling always, 1 for each 0.1 rad of joint error (0.3 rad
        where there is none to measure) and 1 for missing the command by its own size."""
        joint_error = 0.3 if self.motion.joint_error_rad is None else self.motion.joint_error_rad
        speed_error = (self.speed_error_m_s or 0.0) / max(self.commanded_m_s, _SLOWEST_M_S)
        return _FALL_COST * self.fall_share + joint_error / _JOINT_ERROR_RAD + speed_error


class Evaluator:
    """Runs policies of one recipe; every call starts from the same state of its generators."""

    def __init__(self, recipe: Recipe, device: Optional[str] = None) -> None:
        config = recipe.evaluation
        self._recipe = dataclasses.replace(
            recipe,
            simulation=dataclasses.replace(recipe.simulation, num_envs=config.episodes),
            randomization=RandomizationConfig(enabled=False),
            harness=HarnessConfig(enabled=False),
            episode=dataclasses.replace(recipe.episode, length_s=config.length_s),
            discriminator=dataclasses.replace(
                recipe.discriminator, demo_windows=64, replay_capacity=1, normalizer_samples=1
            ),
        )
        self._steps = max(2, int(round(config.length_s / recipe.simulation.control_period_s)))
        with torch.random.fork_rng(devices=[]):
            self._session = build_session(self._recipe, device)
        self._session.environment.schedule(FULLY_GROWN)
        dt_s = recipe.simulation.control_period_s
        self._judge = MotionJudge(self._session.reference, dt_s)
        self._start = self._session.environment.snapshot()
        self._generator = self._session.generator.get_state()
        self.track: Optional[Track] = None
        """The first robot's episode in the newest measurement."""

    @torch.no_grad()
    def measure(self, act: Callable[[Tensor], Tensor]) -> Quality:
        """Episodes of ``act(observation [N, O]) -> action [N, A]``."""
        session, environment = self._session, self._session.environment
        session.generator.set_state(self._generator)
        environment.resume(self._start)
        environment.restart_all()
        n = environment.num_envs
        alive = torch.ones(n, dtype=torch.bool, device=environment.backend.device)
        fell = torch.zeros_like(alive)
        states, goals, living, ended = [], [], [], []
        for _ in range(self._steps):
            goals.append(environment.task.goal.clone())
            result = environment.step(act(environment.observation))
            states.append(result.state)
            living.append(alive.clone())
            ended.append(result.failed | result.timed_out)
            fell |= alive & result.failed
            alive &= ~ended[-1]
        state = environment.backend.layout.view(torch.stack(states))
        velocity = heading_velocity(state.root_quat_w, state.root_lin_vel_w)[..., :2]
        speed_error, commanded = self._speed(velocity, torch.stack(goals), torch.stack(living))
        tracks = first_episodes(state, torch.stack(ended))
        self.track = tracks[0] if tracks else None
        return Quality(
            fall_share=float(fell.float().mean()),
            speed_error_m_s=speed_error,
            commanded_m_s=commanded,
            motion=self._judge.judge(tracks, _COMPARED),
        )

    def _speed(
        self, velocity: Tensor, goal: Tensor, living: Tensor
    ) -> Tuple[Optional[float], float]:
        """Mean velocity error of the episodes and mean commanded speed, m/s."""
        if self._recipe.task.kind != "velocity":
            return None, 0.0
        weight = living.float().unsqueeze(-1)
        steps = weight.sum(0)
        error = ((velocity - goal[..., :2]) * weight).sum(0) / steps
        wanted = (goal[..., :2] * weight).sum(0) / steps
        return float(error.norm(dim=-1).mean()), float(wanted.norm(dim=-1).mean())
