"""Errors of sensors: what a policy sees is not quite what is."""

from __future__ import annotations

from typing import Optional, Tuple

import torch
from torch import Tensor

from amp_training.config import SensorConfig
from amp_training.selection import pick

_CPU = torch.device("cpu")


class SensorErrors:
    """Noise at every sample and a bias of each robot, on gyro, gravity, joint angles and speeds.

    Args:
        config: the sizes of the errors.
        joints: J.
        num_envs: N.
        seed: of both; biases are drawn here.
        device: where the measurements live.
    """

    def __init__(
        self,
        config: SensorConfig,
        joints: int,
        num_envs: int,
        seed: int,
        device: torch.device = _CPU,
    ) -> None:
        self.generator = torch.Generator(device).manual_seed(seed)
        sizes = (3, 3, joints, joints)
        noise = (
            config.ang_vel_noise_rad_s,
            config.gravity_noise,
            config.joint_pos_noise_rad,
            config.joint_vel_noise_rad_s,
        )
        bias = (config.ang_vel_bias_rad_s, config.gravity_bias, config.joint_pos_bias_rad, 0.0)
        self._sizes = list(sizes)
        self._noise = _per_number(noise, sizes).to(device)
        self._bias = _per_number(bias, sizes).to(device) * self._uniform(num_envs)

    def add(
        self,
        ang_vel_b: Tensor,
        gravity_b: Tensor,
        joint_pos: Tensor,
        joint_vel: Tensor,
        which: Optional[Tensor],
    ) -> Tuple[Tensor, ...]:
        """The four as measured by the robots ``which`` (None: all), gravity of unit length."""
        true = torch.cat((ang_vel_b, gravity_b, joint_pos, joint_vel), dim=-1)
        bias = self._bias if which is None else pick(which, self._bias)
        seen = true + bias + self._noise * self._uniform(len(true))
        ang_vel, gravity, pos, vel = seen.split(self._sizes, dim=-1)
        return ang_vel, torch.nn.functional.normalize(gravity, dim=-1), pos, vel

    def _uniform(self, n: int) -> Tensor:
        """[n, 6 + 2J] from -1 to 1."""
        device = self.generator.device
        draw = torch.rand(n, sum(self._sizes), generator=self.generator, device=device)
        return 2.0 * draw - 1.0


def _per_number(values: Tuple[float, ...], sizes: Tuple[int, ...]) -> Tensor:
    return torch.cat([torch.full((size,), value) for value, size in zip(values, sizes)])
