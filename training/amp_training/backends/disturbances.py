"""What makes MuJoCo's robots harder to drive: other masses, slopes, late commands, pushes.

Masses, strengths and slopes are drawn once and cost nothing per step; the others cost nothing where
they are not asked for, and a few array operations where they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Tuple, Union

import numpy as np
import torch
from torch import Tensor

from amp_training.config import RandomizationConfig
from amp_training.selection import put, select

_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Bodies:
    """How the bodies and motors of N robots differ; None where they do not."""

    mass_ratio: Optional[np.ndarray]
    """[N, bodies of the model], of masses and inertias."""
    com_shift_m: Optional[np.ndarray]
    """[N, 3], of the base's centre of mass in its frame."""
    strength: Optional[np.ndarray]
    """[N, J], of gains and torque limits."""

    @classmethod
    def draw(
        cls, config: RandomizationConfig, num_envs: int, bodies: int, joints: int, seed: int
    ) -> Bodies:
        """Uniform in the bounds of ``config``."""
        rng = np.random.default_rng([seed, 1])
        ratio = shift = strength = None
        if config.link_mass_ratio != (1.0, 1.0):
            ratio = rng.uniform(*config.link_mass_ratio, (num_envs, bodies))
        if config.com_shift_m != (0.0, 0.0):
            shift = rng.uniform(*config.com_shift_m, (num_envs, 3))
        if config.motor_strength != (1.0, 1.0):
            strength = rng.uniform(*config.motor_strength, (num_envs, joints))
        return cls(ratio, shift, strength)


def draw_gravity(config: RandomizationConfig, num_envs: int, seed: int) -> np.ndarray:
    """Directions of gravity [N, 3], of unit length, on floors inclined by ``config.slope_rad``.

    The floor stays level in the simulation's own frame, so that heights and the tilt of a base
    count from the ground; gravity is what leans.
    """
    rng = np.random.default_rng([seed, 2])
    slope = rng.uniform(*config.slope_rad, num_envs)
    way = rng.uniform(-np.pi, np.pi, num_envs)
    across = np.sin(slope)
    return np.stack((across * np.cos(way), across * np.sin(way), -np.cos(slope)), axis=1)


class TargetDelay:
    """Joint targets that take effect some physics steps late, in each robot after its own time.

    Args:
        steps: [N] int64, delay of each robot in physics steps.
        decimation: physics steps in a control step.
        joints: J.
        device: where the targets live.
    """

    def __init__(
        self, steps: Tensor, decimation: int, joints: int, device: torch.device = _CPU
    ) -> None:
        self._steps, self._decimation = steps.to(device), decimation
        waits = -(-int(steps.max()) // decimation)
        # newest first
        self._past = torch.zeros(waits + 1, len(steps), joints, device=device)
        starts = {0} | set((steps % decimation).tolist())
        ends = sorted(starts)[1:] + [decimation]
        self._parts = [(start, end - start) for start, end in zip(sorted(starts), ends)]
        self._rows = torch.arange(len(steps), device=device)

    @classmethod
    def draw(
        cls,
        config: RandomizationConfig,
        physics_dt_s: float,
        decimation: int,
        shape: Tuple[int, int],
        seed: int,
        device: torch.device = _CPU,
    ) -> TargetDelay:
        """Delays of ``shape[0]`` robots with ``shape[1]`` joints, uniform in the recipe's range."""
        lower, upper = config.delay_s
        seconds = np.random.default_rng(seed).uniform(lower, upper, shape[0])
        steps = torch.from_numpy(np.rint(seconds / physics_dt_s).astype(np.int64))
        return cls(steps, decimation, shape[1], device)

    def parts(self, targets: Tensor) -> Iterator[Tuple[int, Tensor]]:
        """Numbers of physics steps, and the targets [N, J] in effect during them."""
        self._past = torch.cat((targets.unsqueeze(0), self._past[:-1]))
        for start, count in self._parts:
            age = -torch.div(start - self._steps, self._decimation, rounding_mode="floor")
            yield count, self._past[age.clamp(min=0), self._rows]

    def restart(self, which: Tensor, joint_pos: Tensor) -> None:
        """Robots ``which`` (ids or mask) were holding the pose ``joint_pos`` [n or N, J] rad."""
        for past in self._past:
            put(which, past, joint_pos)

    def snapshot(self) -> Dict[str, Tensor]:
        """Content for a checkpoint."""
        return {"past": self._past.clone()}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        self._past = snapshot["past"].to(self._past.device, copy=True)


class Pushes:
    """Random horizontal kicks: a velocity on top of the base's own, at random times."""

    def __init__(
        self,
        config: RandomizationConfig,
        control_period_s: float,
        num_envs: int,
        seed: int,
        device: torch.device = _CPU,
        masked: bool = False,
    ) -> None:
        low, high = config.push_interval_s or (math.inf, math.inf)
        self._interval = (low / control_period_s, high / control_period_s)
        self._strength = config.push_m_s
        self._generator = torch.Generator(device).manual_seed(seed)
        self._masked = masked
        self._left = self._draw_times(num_envs)

    def tick(self) -> Tuple[Tensor, Tensor]:
        """One control step; the robots to push (ids [n] or mask [N]) and the velocities [n or N, 2]
        m/s to add."""
        self._left -= 1.0
        which = select(self._left <= 0, self._masked)
        put(which, self._left, self._draw_times(len(which)))
        device = self._generator.device
        draw = torch.rand(2, len(which), generator=self._generator, device=device)
        angle, speed = 2.0 * math.pi * draw[0], self._strength * draw[1]
        return which, torch.stack((speed * angle.cos(), speed * angle.sin()), dim=-1)

    def _draw_times(self, n: int) -> Tensor:
        low, high = self._interval
        device = self._generator.device
        return low + (high - low) * torch.rand(n, generator=self._generator, device=device)

    def snapshot(self) -> Dict[str, Tensor]:
        """Content for a checkpoint."""
        return {"left": self._left.clone(), "generator": self._generator.get_state()}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        self._left.copy_(snapshot["left"])
        self._generator.set_state(snapshot["generator"].cpu())


def resumable(
    delay: Optional[TargetDelay], pushes: Optional[Pushes]
) -> List[Tuple[str, Union[TargetDelay, Pushes]]]:
    """Those of them that there are, under their names in a snapshot."""
    parts = (("delay", delay), ("pushes", pushes))
    return [(name, part) for name, part in parts if part is not None]
