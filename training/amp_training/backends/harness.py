"""The harness on arrays of either MuJoCo engine: springs as external forces, dampers as damping of
the free joint.

The springs are held over a control period; the dampers belong to the model, where the integrator
treats them implicitly: a base link alone is too light for a damper that is held. Nothing waits for
a GPU, and the arrays are written in place, as Warp's recorded steps need it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from amp_training.backends.base import SimState
from amp_training.config import HarnessConfig
from amp_training.rotations import projected_gravity, rotate

_LIFT_M = 0.2  # the spring pulls no harder than at this depth


class Harness:
    """See ``HarnessConfig``.

    Args:
        config: stiffness, damping and when they end.
        standing_m: base height as it stands.
        wrench_w: [N, 6], view of the external force (N) and torque (N m) on each base.
        damping: [N, 6], view of the damping of each base's free joint; N s/m, then N m s/rad.
    """

    def __init__(
        self, config: HarnessConfig, standing_m: float, wrench_w: Tensor, damping: Tensor
    ) -> None:
        self._config = config
        self._height_m = config.height_ratio * standing_m
        self._wrench_w, self._damping = wrench_w, damping
        self._plain = damping.clone()
        self.strength = 0.0
        self.schedule(0)

    def schedule(self, samples: int) -> None:
        """Set the strength that belongs to ``samples`` environment steps of training."""
        self.strength = self._config.strength(samples)
        self._damping.copy_(self._plain)
        self._damping[:, 2] += self.strength * self._config.lift_n_s_m
        self._damping[:, 3:] += self.strength * self._config.upright_nm_s_rad
        if self.strength == 0.0:
            self._wrench_w.zero_()

    def hold(self, state: SimState) -> None:
        """Pull the bases [N] for the control period that follows."""
        if self.strength == 0.0:
            return
        force_z, torque_w = springs(state, self._config, self._height_m)
        self._wrench_w[:, 2] = self.strength * force_z
        self._wrench_w[:, 3:] = self.strength * torque_w


def springs(state: SimState, config: HarnessConfig, height_m: float) -> tuple[Tensor, Tensor]:
    """Vertical force [N] and torque [N, 3] (world) of a whole harness on each base.

    The torque is ``k (z_b x z_w)``: about the axis that turns the base upright, by the sine of its
    tilt; it has no vertical part, so that the heading is free.
    """
    up_b = -projected_gravity(state.root_quat_w)
    axis_b = torch.stack((-up_b[:, 1], up_b[:, 0], torch.zeros_like(up_b[:, 2])), dim=1)
    torque_w = rotate(state.root_quat_w, axis_b)
    torque_w[:, 2].zero_()
    depth = (height_m - state.root_pos_w[:, 2]).clamp(0.0, _LIFT_M)
    return config.lift_n_m * depth, config.upright_nm_rad * torque_w
