"""Velocity: follow commands in the heading frame, from the recipe's ranges or the clips."""

from __future__ import annotations

from typing import Dict, Sequence, Tuple

import torch
from torch import Tensor

from amp_sdk.contract import CommandTerm
from amp_training.backends.base import SimState
from amp_training.config import CommandConfig, RewardConfig
from amp_training.rotations import heading_velocity, projected_gravity
from amp_training.selection import put, surely_empty
from amp_training.tasks.held import Timer


def velocity_terms(
    config: CommandConfig, clip_velocity_h: Tuple[float, float]
) -> Tuple[CommandTerm, ...]:
    """The command terms of the contract.

    Args:
        config: ranges; without one, a linear velocity is that of the clips.
        clip_velocity_h: (forward, lateral) mean of the clips in the heading frame, m/s.
    """
    x, y = clip_velocity_h
    wanted = {
        "lin_vel_x": (config.lin_vel_x or (x, x), x),
        "lin_vel_y": (config.lin_vel_y or (y, y), y),
        "ang_vel_z": (config.ang_vel_z, 0.0),
    }
    return tuple(
        CommandTerm(
            name=name,
            lower=float(low),
            upper=float(high),
            nominal=float(min(max(nominal, low), high)),
        )
        for name, ((low, high), nominal) in wanted.items()
    )


def velocity_reward(
    state: SimState, command: Tensor, width: float, yaw_width_rad_s: float, yaw_share: float
) -> Tensor:
    """Reward in [0, 1] for following the command [..., 3] (v_x, v_y m/s, yaw rate rad/s).

    ``exp(-|v_cmd - v|^2 / s^2)`` with ``s = width * max(|v_cmd|, 1 m/s)``: the kernel widens with
    the command, or a robot at standstill far from a fast command would feel no slope.
    """
    vel_h = heading_velocity(state.root_quat_w, state.root_lin_vel_w)[..., :2]
    wanted = command[..., :2]
    spread = width * wanted.norm(dim=-1).clamp(min=1.0)
    linear = torch.exp(-((vel_h - wanted) ** 2).sum(-1) / spread**2)
    yaw_error = command[..., 2] - yaw_rate(state)
    yaw = torch.exp(-((yaw_error / yaw_width_rad_s) ** 2))
    return (1.0 - yaw_share) * linear + yaw_share * yaw


def yaw_rate(state: SimState) -> Tensor:
    """World vertical component of the angular velocity, [...] rad/s."""
    return -(state.root_ang_vel_b * projected_gravity(state.root_quat_w)).sum(-1)


class Velocity:
    """See ``base.Task``: a goal is the command, uniform in its range and held for a random time.

    With ``config.growth_samples`` the ranges begin at ``first_share`` of their width around the
    nominal command and grow to their full width.
    """

    def __init__(
        self,
        terms: Sequence[CommandTerm],
        config: CommandConfig,
        reward: RewardConfig,
        dt_s: float,
        num_envs: int,
        generator: torch.Generator,
        masked: bool,
    ) -> None:
        self._bounds = torch.tensor(
            [[term.lower, term.nominal, term.upper] for term in terms], device=generator.device
        )
        self._config, self._reward = config, reward
        self._generator = generator
        self._timer = Timer(config.resample_s, dt_s, num_envs, generator, masked)
        self.schedule(0)
        self.command = self._low.expand(num_envs, -1).clone()
        self.goal = self.command  # given in the robot's own heading frame
        self._constant = bool((self._bounds[:, 0] == self._bounds[:, 2]).all())
        self._draw(torch.ones(num_envs, dtype=torch.bool, device=generator.device))

    def schedule(self, samples: int) -> None:
        """See ``base.Task``."""
        low, nominal, high = self._bounds.unbind(1)
        growth = self._config.growth_samples
        if growth is not None:
            first = self._config.first_share
            share = first + (1.0 - first) * min(1.0, samples / growth)
            low, high = nominal + share * (low - nominal), nominal + share * (high - nominal)
        self._low, self._span = low, high - low

    def restart(self, which: Tensor, state: SimState) -> None:
        """See ``base.Task``."""
        self._draw(which)

    def tick(self, state: SimState) -> None:
        """See ``base.Task``."""
        if not self._constant:
            self._draw(self._timer.tick())

    def reward(self, state: SimState, goal: Tensor) -> Tensor:
        """See ``velocity_reward``."""
        config = self._reward
        return velocity_reward(
            state, goal, config.velocity_width, config.yaw_width_rad_s, config.yaw_share
        )

    def snapshot(self) -> Dict[str, Tensor]:
        """Content for a checkpoint."""
        return {"command": self.command.clone(), "left": self._timer.left.clone()}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        self.command.copy_(snapshot["command"])
        self._timer.left.copy_(snapshot["left"])

    def _draw(self, which: Tensor) -> None:
        if self._constant or surely_empty(which):
            return
        shape = (len(which), len(self._low))
        draw = torch.rand(shape, generator=self._generator, device=which.device)
        put(which, self.command, self._low + self._span * draw)
        self._timer.restart(which)
