"""The harness on MuJoCo's batch: springs as external forces, dampers as joint damping.

The springs are held over a control period; the dampers belong to the model, where the integrator
treats them implicitly: a base link alone is too light for a damper that is held.
"""

from __future__ import annotations

import torch
from mujoco.batch import Batch
from torch import Tensor

from amp_training.backends.base import SimState
from amp_training.config import HarnessConfig
from amp_training.rotations import projected_gravity, rotate

_LIFT_M = 0.2  # the spring pulls no harder than at this depth


class Harness:
    """See ``HarnessConfig``.

    Args:
        batch: the simulations.
        base: the base body; its free joint is the model's first.
        config: stiffness, damping and when they end.
        standing_m: base height as it stands.
    """

    def __init__(self, batch: Batch, base: int, config: HarnessConfig, standing_m: float) -> None:
        self._config, self._base = config, base
        self._height_m = config.height_ratio * standing_m
        self._wrench = torch.from_numpy(batch.bind("xfrc_applied"))
        self._damping = batch.expand("dof_damping")
        self._plain = self._damping[:, :6].copy()
        self.strength = 0.0
        self.schedule(0)

    def schedule(self, samples: int) -> None:
        """Set the strength that belongs to ``samples`` environment steps of training."""
        self.strength = self._config.strength(samples)
        self._damping[:, 2] = self._plain[:, 2] + self.strength * self._config.lift_n_s_m
        turning = self._plain[:, 3:6] + self.strength * self._config.upright_nm_s_rad
        self._damping[:, 3:6] = turning
        if self.strength == 0.0:
            self._wrench[:, self._base] = 0.0

    def hold(self, state: SimState) -> None:
        """Pull the bases [N] for the control period that follows."""
        if self.strength == 0.0:
            return
        force_z, torque_w = springs(state, self._config, self._height_m)
        self._wrench[:, self._base, 2] = (self.strength * force_z).double()
        self._wrench[:, self._base, 3:] = (self.strength * torque_w).double()


def springs(state: SimState, config: HarnessConfig, height_m: float) -> tuple[Tensor, Tensor]:
    """Vertical force [N] and torque [N, 3] (world) of a whole harness on each base.

    The torque is ``k (z_b x z_w)``: about the axis that turns the base upright, by the sine of its
    tilt; it has no vertical part, so that the heading is free.
    """
    up_b = -projected_gravity(state.root_quat_w)
    axis_b = torch.zeros_like(up_b)
    axis_b[:, 2] = 1.0
    torque_w = rotate(state.root_quat_w, torch.linalg.cross(axis_b, up_b))
    torque_w[:, 2] = 0.0
    depth = (height_m - state.root_pos_w[:, 2]).clamp(0.0, _LIFT_M)
    return config.lift_n_m * depth, config.upright_nm_rad * torque_w
