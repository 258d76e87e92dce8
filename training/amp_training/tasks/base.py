"""The contract between the environment and a task.

A goal is what stays until there is a new one: a place or a direction of the world. A command is
what the policy sees of it from where it stands, in the heading frame, so that a robot can be told
the same thing. Rewards are pure functions of states and goals, for whole rollouts at once.
"""

from __future__ import annotations

from typing import Dict, Protocol

import torch
from torch import Tensor

from amp_training.backends.base import SimState
from amp_training.rotations import heading


class Task(Protocol):
    """Goals of N environments."""

    goal: Tensor
    """[N, G] the goals now; what a row means is the task's affair."""
    command: Tensor
    """[N, C] what the policy is told now, in the order of the contract's commands."""

    def schedule(self, samples: int) -> None:
        """Set the difficulty that belongs to ``samples`` environment steps of training."""
        ...

    def restart(self, ids: Tensor, state: SimState) -> None:
        """New goals for ``ids`` [n], which now stand in ``state`` [n]."""
        ...

    def tick(self, state: SimState) -> None:
        """One control step led to ``state`` [N]: goals whose time is over are drawn again, and
        commands follow the robots."""
        ...

    def reward(self, state: SimState, goal: Tensor) -> Tensor:
        """Reward [...] in [0, 1] for being in ``state`` [...] with ``goal`` [..., G]."""
        ...

    def snapshot(self) -> Dict[str, Tensor]:
        """Content for a checkpoint."""
        ...

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        ...


class Timer:
    """Counts down a random number of control steps for each of N goals."""

    def __init__(
        self,
        seconds: tuple[float, float],
        dt_s: float,
        num_envs: int,
        generator: torch.Generator,
    ) -> None:
        self._steps = (seconds[0] / dt_s, (seconds[1] - seconds[0]) / dt_s)
        self._generator = generator
        self.left = torch.zeros(num_envs, device=generator.device)

    def restart(self, ids: Tensor) -> None:
        """A new time for ``ids`` [n]."""
        draw = torch.rand(len(ids), generator=self._generator, device=ids.device)
        self.left[ids] = self._steps[0] + self._steps[1] * draw

    def tick(self) -> Tensor:
        """One step; the ids [n] whose time is over."""
        self.left -= 1.0
        return torch.nonzero(self.left <= 0).flatten()


def to_heading(quat: Tensor, xy: Tensor) -> Tensor:
    """Vectors of the ground plane [..., 2] in the heading frame of ``quat`` [..., 4]."""
    yaw = heading(quat)
    cos, sin = torch.cos(yaw), torch.sin(yaw)
    x, y = xy.unbind(-1)
    return torch.stack((cos * x + sin * y, cos * y - sin * x), dim=-1)
