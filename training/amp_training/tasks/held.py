"""Goals of the world that are held for a random time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Dict, Tuple

import torch
from torch import Tensor

from amp_training.backends.base import SimState
from amp_training.rotations import heading
from amp_training.selection import pick, put, select, surely_empty


class Timer:
    """Counts down a random number of control steps for each of N goals.

    Args:
        seconds: bounds of the time.
        dt_s: control period.
        num_envs: N.
        generator: draws the times; its device is theirs.
        masked: which form of selection ``tick`` gives.
    """

    def __init__(
        self,
        seconds: Tuple[float, float],
        dt_s: float,
        num_envs: int,
        generator: torch.Generator,
        masked: bool,
    ) -> None:
        self._steps = (seconds[0] / dt_s, (seconds[1] - seconds[0]) / dt_s)
        self._generator, self._masked = generator, masked
        self.left = torch.zeros(num_envs, device=generator.device)

    def restart(self, which: Tensor) -> None:
        """A new time for ``which``."""
        draw = torch.rand(len(which), generator=self._generator, device=which.device)
        put(which, self.left, self._steps[0] + self._steps[1] * draw)

    def tick(self) -> Tensor:
        """One step; the selection of those whose time is over."""
        self.left -= 1.0
        return select(self.left <= 0, self._masked)


class HeldGoals(ABC):
    """The part of ``base.Task`` that its tasks with goals of the world share.

    They say how goals are drawn (``_new``) around what (``_around`` at a restart, ``_again`` when
    the time of one is over), and how a robot sees them (``_seen``).
    """

    def __init__(
        self, sizes: Tuple[int, int], timer: Timer, num_envs: int, generator: torch.Generator
    ) -> None:
        self._generator, self._timer = generator, timer
        self.goal = torch.zeros(num_envs, sizes[0], device=generator.device)
        self.command = torch.zeros(num_envs, sizes[1], device=generator.device)

    @abstractmethod
    def _around(self, state: SimState) -> Tensor:
        """What goals [n, ...] are drawn around for robots that start in ``state`` [n]."""

    @abstractmethod
    def _again(self, state: SimState) -> Tensor:
        """The same [N, ...] for all robots when goals are over, in ``state`` [N]."""

    @abstractmethod
    def _new(self, around: Tensor) -> Tensor:
        """Goals [n, G] around ``around`` [n, ...]."""

    @abstractmethod
    def _seen(self, state: SimState, goal: Tensor) -> Tensor:
        """The commands [n, C] of goals [n, G] from ``state`` [n]."""

    def schedule(self, samples: int) -> None:  # noqa: B027  most goals stay as they are
        """Nothing grows."""

    def restart(self, which: Tensor, state: SimState) -> None:
        """See ``base.Task``."""
        self._draw(which, self._around(state))
        put(which, self.command, self._seen(state, pick(which, self.goal)))

    def tick(self, state: SimState) -> None:
        """See ``base.Task``."""
        over = self._timer.tick()
        if not surely_empty(over):
            self._draw(over, pick(over, self._again(state)))
        self.command = self._seen(state, self.goal)

    def snapshot(self) -> Dict[str, Tensor]:
        """Content for a checkpoint."""
        goals = {"goal": self.goal, "command": self.command, "left": self._timer.left}
        return {name: value.clone() for name, value in goals.items()}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        self.goal.copy_(snapshot["goal"])
        self.command = snapshot["command"].to(self.goal.device, copy=True)
        self._timer.left.copy_(snapshot["left"])

    def _draw(self, which: Tensor, around: Tensor) -> None:
        put(which, self.goal, self._new(around))
        self._timer.restart(which)


def to_heading(quat: Tensor, xy: Tensor) -> Tensor:
    """Vectors of the ground plane [..., 2] in the heading frame of ``quat`` [..., 4]."""
    yaw = heading(quat)
    cos, sin = torch.cos(yaw), torch.sin(yaw)
    x, y = xy.unbind(-1)
    return torch.stack((cos * x + sin * y, cos * y - sin * x), dim=-1)
