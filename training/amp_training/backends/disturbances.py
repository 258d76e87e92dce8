"""What makes the CPU backend's robots harder to drive: other masses, late commands, pushes.

Masses and strengths are drawn once and cost nothing per step; the others cost nothing where they
are not asked for, and a few array operations where they are.
"""

from __future__ import annotations

import math
from typing import Dict, Iterator, Tuple

import numpy as np
import torch
from mujoco.batch import Batch
from torch import Tensor

from amp_training.backends.mujoco_model import Addresses
from amp_training.config import RandomizationConfig


def vary_bodies(batch: Batch, at: Addresses, config: RandomizationConfig, seed: int) -> None:
    """Draw link masses with their inertias, the base's centre of mass and motor strengths."""
    rng = np.random.default_rng([seed, 1])
    if config.link_mass_ratio != (1.0, 1.0):
        ratio = rng.uniform(*config.link_mass_ratio, (batch.nsim, batch.model.nbody))
        batch.expand("body_mass")[:] *= ratio
        batch.expand("body_inertia")[:] *= ratio[..., None]
    if config.com_shift_m != (0.0, 0.0):
        shift = rng.uniform(*config.com_shift_m, (batch.nsim, 3))
        batch.expand("body_ipos")[:, at.base] += shift
    if config.motor_strength != (1.0, 1.0):
        strength = rng.uniform(*config.motor_strength, (batch.nsim, len(at.actuators)))
        batch.expand("actuator_gainprm")[:, at.actuators, 0] *= strength
        batch.expand("actuator_biasprm")[:, at.actuators, 1:3] *= strength[..., None]
        batch.expand("actuator_forcerange")[:, at.actuators] *= strength[..., None]
    batch.set_const()


def tilt_gravity(batch: Batch, config: RandomizationConfig, seed: int) -> Tensor:
    """Incline the floors by ``config.slope_rad``; directions of gravity [N, 3], of unit length.

    The floor stays level in the simulation's own frame, so that heights and the tilt of a base
    count from the ground; gravity is what leans.
    """
    rng = np.random.default_rng([seed, 2])
    slope = rng.uniform(*config.slope_rad, batch.nsim)
    way = rng.uniform(-np.pi, np.pi, batch.nsim)
    across = np.sin(slope)
    down = np.stack((across * np.cos(way), across * np.sin(way), -np.cos(slope)), axis=1)
    gravity = batch.expand("opt.gravity")
    gravity[:] = np.linalg.norm(gravity, axis=1, keepdims=True) * down
    batch.set_const()
    return torch.from_numpy(down).float()


class TargetDelay:
    """Joint targets that take effect some physics steps late, in each robot after its own time.

    Args:
        steps: [N] int64, delay of each robot in physics steps.
        decimation: physics steps in a control step.
        joints: J.
    """

    def __init__(self, steps: Tensor, decimation: int, joints: int) -> None:
        self._steps, self._decimation = steps, decimation
        waits = -(-int(steps.max()) // decimation)
        self._past = torch.zeros(waits + 1, len(steps), joints)  # newest first
        starts = {0} | set((steps % decimation).tolist())
        ends = sorted(starts)[1:] + [decimation]
        self._parts = [(start, end - start) for start, end in zip(sorted(starts), ends)]
        self._rows = torch.arange(len(steps))

    @classmethod
    def draw(
        cls,
        config: RandomizationConfig,
        physics_dt_s: float,
        decimation: int,
        shape: Tuple[int, int],
        seed: int,
    ) -> TargetDelay:
        """Delays of ``shape[0]`` robots with ``shape[1]`` joints, uniform in the recipe's range."""
        lower, upper = config.delay_s
        seconds = np.random.default_rng(seed).uniform(lower, upper, shape[0])
        steps = torch.from_numpy(np.rint(seconds / physics_dt_s).astype(np.int64))
        return cls(steps, decimation, shape[1])

    def parts(self, targets: Tensor) -> Iterator[Tuple[int, Tensor]]:
        """Numbers of physics steps, and the targets [N, J] in effect during them."""
        self._past = torch.cat((targets.unsqueeze(0), self._past[:-1]))
        for start, count in self._parts:
            age = -torch.div(start - self._steps, self._decimation, rounding_mode="floor")
            yield count, self._past[age.clamp(min=0), self._rows]

    def restart(self, ids: Tensor, joint_pos: Tensor) -> None:
        """Robots ``ids`` [n] were holding the pose ``joint_pos`` [n, J] rad."""
        self._past[:, ids] = joint_pos

    def snapshot(self) -> Dict[str, Tensor]:
        """Content for a checkpoint."""
        return {"past": self._past.clone()}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        self._past = snapshot["past"].clone()


class Pushes:
    """Random horizontal kicks: a velocity on top of the base's own, at random times."""

    def __init__(
        self, config: RandomizationConfig, control_period_s: float, num_envs: int, seed: int
    ) -> None:
        low, high = config.push_interval_s or (math.inf, math.inf)
        self._interval = (low / control_period_s, high / control_period_s)
        self._strength = config.push_m_s
        self._generator = torch.Generator().manual_seed(seed)
        self._left = self._draw_times(num_envs)

    def tick(self) -> Tuple[Tensor, Tensor]:
        """One control step; the robots [n] to push and the velocities [n, 2] m/s to add."""
        self._left -= 1.0
        ids = torch.nonzero(self._left <= 0).flatten()
        self._left[ids] = self._draw_times(len(ids))
        draw = torch.rand(2, len(ids), generator=self._generator)
        angle, speed = 2.0 * math.pi * draw[0], self._strength * draw[1]
        return ids, torch.stack((speed * angle.cos(), speed * angle.sin()), dim=-1)

    def _draw_times(self, n: int) -> Tensor:
        low, high = self._interval
        return low + (high - low) * torch.rand(n, generator=self._generator)

    def snapshot(self) -> Dict[str, Tensor]:
        """Content for a checkpoint."""
        return {"left": self._left.clone(), "generator": self._generator.get_state()}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        self._left.copy_(snapshot["left"])
        self._generator.set_state(snapshot["generator"])
