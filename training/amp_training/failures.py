"""What ends an episode early: falls, poses far from every clip's, simulations that diverged."""

from __future__ import annotations

import math
from typing import Callable, Optional

import torch
from torch import Tensor

from amp_training.backends.base import Backend, SimState, diverged
from amp_training.config import EpisodeConfig
from amp_training.selection import pick, put, select, surely_empty
from amp_training.terms import fallen


class Failures:
    """Judges the robots of ``backend`` after each step.

    Args:
        backend: the simulator.
        episode: what counts as a failure.
        min_height_m: base height under which the robot has fallen.
        dt_s: control period.
        poses: [P, J] rad, poses of the clips, for the distance of ``max_pose_distance_rad``.
        touching: [N] bool, whether a link touches the floor that must not.
    """

    def __init__(
        self,
        backend: Backend,
        episode: EpisodeConfig,
        min_height_m: float,
        dt_s: float,
        poses: Tensor,
        touching: Optional[Callable[[], Tensor]] = None,
    ) -> None:
        self._backend, self._episode = backend, episode
        self._min_upright = math.cos(episode.max_tilt_rad)
        self._min_height_m, self._dt_s = min_height_m, dt_s
        self._poses, self._touching = poses, touching

    def mend(self, before: Tensor) -> Tensor:
        """[N] bool: the simulations that diverged in this step. Their states are those of
        ``before`` [N, size] again: what is learnt from them must be numbers of a robot, whether the
        simulator went on with none or, as MuJoCo does, from the model's own pose."""
        state = self._backend.state
        broken = diverged(state) | self._backend.faulty()
        which = select(broken, self._backend.masked)
        if not surely_empty(which):
            put(which, state.flat, pick(which, before))
        return broken

    def failed(self, state: SimState, broken: Tensor, steps: Tensor) -> Tensor:
        """[N] bool: what the recipe counts as a failure, ``steps`` [N] after the start, or one of
        the ``broken`` [N]."""
        if not self._episode.early_termination:
            return broken
        failed = fallen(state, self._min_upright, self._min_height_m) | broken
        if self._touching is not None:
            failed |= self._touching()
        limit = self._episode.max_pose_distance_rad
        if limit is None:
            return failed
        distance = torch.cdist(state.joint_pos, self._poses, p=1.0).amin(dim=1)
        astray = distance > limit * state.joint_pos.shape[1]
        return failed | (astray & (steps * self._dt_s > self._episode.pose_grace_s))
