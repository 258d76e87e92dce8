"""How well a policy moves, measured without the discriminator, and which policy is the best.

Episodes start as in training and run without noise on the nominal robot. The session that runs them
is its own: simulation, generators and normalisers of the training session are not touched.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Callable, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor

from amp_sdk.motion.compare import joint_error_dtw
from amp_training.build import Session, build_session
from amp_training.config import RandomizationConfig, Recipe
from amp_training.rotations import heading_velocity

_FULLY_GROWN = 10**15
_FALL_COST = 10.0
_JOINT_ERROR_RAD, _SLOWEST_M_S = 0.1, 0.5
_COMPARED, _LONGEST_S = 4, 120.0


@dataclass(frozen=True)
class Quality:
    """Means over the episodes of one evaluation."""

    fall_share: float
    """Episodes that ended in a fall."""
    speed_error_m_s: Optional[float]
    """Distance of an episode's mean velocity from the command, where a velocity is the task."""
    joint_error_rad: Optional[float]
    """Joint error after time warping against the nearest clip, of the first few episodes; None
    where all of these were too short to say, or the clips too long to compare with in passing."""
    commanded_m_s: float
    """Mean size of the commanded velocity."""

    @property
    def cost(self) -> float:
        """The less the better: 10 for falling always, 1 for each 0.1 rad of joint error (0.3 rad
        where there is none to measure) and 1 for missing the command by its own size."""
        joint_error = 0.3 if self.joint_error_rad is None else self.joint_error_rad
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
            episode=dataclasses.replace(recipe.episode, length_s=config.length_s),
            discriminator=dataclasses.replace(
                recipe.discriminator, demo_windows=64, replay_capacity=1, normalizer_samples=1
            ),
        )
        self._steps = max(2, int(round(config.length_s / recipe.simulation.control_period_s)))
        with torch.random.fork_rng(devices=[]):
            self._session = build_session(self._recipe, device)
        self._session.environment.schedule(_FULLY_GROWN)
        self._start = self._session.environment.snapshot()
        self._generator = self._session.generator.get_state()

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
        joints, velocities, goals, living = [], [], [], []
        for _ in range(self._steps):
            goals.append(environment.task.goal.clone())
            result = environment.step(act(environment.observation))
            flat = environment.backend.state.flat.clone()
            flat[result.restarted] = result.end_states
            state = environment.backend.layout.view(flat)
            living.append(alive.clone())
            joints.append(state.joint_pos)
            velocities.append(heading_velocity(state.root_quat_w, state.root_lin_vel_w)[..., :2])
            fell |= alive & result.failed
            alive &= ~(result.failed | result.timed_out)
        tracks = _tracks(torch.stack(joints), torch.stack(living))
        speed_error, commanded = self._speed(
            torch.stack(velocities), torch.stack(goals), torch.stack(living)
        )
        return Quality(
            fall_share=float(fell.float().mean()),
            speed_error_m_s=speed_error,
            joint_error_rad=self._joint_error(session, tracks),
            commanded_m_s=commanded,
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

    def _joint_error(self, session: Session, tracks: List[np.ndarray]) -> Optional[float]:
        """Of the tracks that last a second at least."""
        dt_s = self._recipe.simulation.control_period_s
        long = [track for track in tracks[:_COMPARED] if len(track) * dt_s >= 1.0]
        clips = session.reference.clips
        if sum(clip.duration_s for clip in clips) > _LONGEST_S:
            return None
        errors = [min(joint_error_dtw(t, clip, dt_s) for clip in clips) for t in long]
        return float(np.mean(errors)) if errors else None


def _tracks(joints: Tensor, living: Tensor) -> List[np.ndarray]:
    """Joint angles [T_i, J] of each robot's first episode, from [T, N, J] and [T, N]."""
    lengths = living.sum(0).tolist()
    return [joints[: int(t), i].double().cpu().numpy() for i, t in enumerate(lengths)]
