"""How well a task is done, in the figures that a person asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import torch
from torch import Tensor

from amp_training.backends.base import SimState
from amp_training.config import TaskConfig
from amp_training.tasks.location import location_distance
from amp_training.tasks.steering import steering_errors


@dataclass(frozen=True)
class TaskResult:
    """Figures of the tasks; None for those of other tasks and where nothing was counted.

    Attributes:
        targets: places that were given long enough to tell.
        targets_reached: the share of them that the robot came to.
        time_to_reach_s: the mean over those that it came to.
        steering_speed_error_m_s: mean distance of the speed along the direction from the wanted.
        steering_facing_error_rad: mean angle between heading and wanted facing.
    """

    targets: Optional[int] = None
    targets_reached: Optional[float] = None
    time_to_reach_s: Optional[float] = None
    steering_speed_error_m_s: Optional[float] = None
    steering_facing_error_rad: Optional[float] = None


class TaskTally:
    """Collects a ``TaskResult`` over rollouts of N environments that follow each other."""

    def __init__(self, config: TaskConfig, num_envs: int, dt_s: float) -> None:
        self._kind, self._reach_m, self._dt_s = config.kind, config.location.reach_m, dt_s
        self._errors = torch.zeros(3, dtype=torch.float64)  # speed, facing, steps
        self._goal = torch.full((num_envs, 2), float("nan"))
        self._since = torch.zeros(num_envs)
        self._open = torch.zeros(num_envs, dtype=torch.bool)
        self._reached, self._missed, self._seconds = 0, 0, 0.0

    def add(self, state: SimState, goal: Tensor, failed: Tensor, timed_out: Tensor) -> None:
        """Add a rollout: states [T, N] that steps led to, goals [T, N, G], ends [T, N] bool."""
        if self._kind == "steering":
            speed, facing = steering_errors(state, goal)
            whole = torch.isfinite(speed) & torch.isfinite(facing)
            sums = (speed[whole].abs().sum(), facing[whole].sum(), whole.sum())
            self._errors += torch.stack([value.double().cpu() for value in sums])
        if self._kind == "location":
            columns = (location_distance(state, goal), goal, failed, timed_out)
            for row in zip(*(column.cpu() for column in columns)):
                self._step(*row)

    def _step(self, distance: Tensor, goal: Tensor, failed: Tensor, timed_out: Tensor) -> None:
        """An open target is one that was given and not come to yet.

        It is missed when another takes its place or the robot falls; an episode's time-out leaves
        it undecided.
        """
        new = (goal != self._goal).any(dim=-1)
        self._missed += int((self._open & new).sum())
        self._goal, self._open = goal.clone(), self._open | new
        self._since = torch.where(new, 0.0, self._since) + 1.0
        there = self._open & (distance < self._reach_m)
        self._reached += int(there.sum())
        self._seconds += float(self._since[there].sum()) * self._dt_s
        self._open &= ~there
        self._missed += int((self._open & failed).sum())
        self._open &= ~(failed | timed_out)

    def result(self) -> TaskResult:
        """The figures so far."""
        if self._kind == "steering":
            speed, facing, steps = self._errors.tolist()
            return TaskResult(
                steering_speed_error_m_s=speed / steps if steps else None,
                steering_facing_error_rad=facing / steps if steps else None,
            )
        if self._kind == "location":
            counted = self._reached + self._missed
            return TaskResult(
                targets=counted,
                targets_reached=self._reached / counted if counted else None,
                time_to_reach_s=self._seconds / self._reached if self._reached else None,
            )
        return TaskResult()
