"""Steering: go in one direction of the world at a speed, and face another."""

from __future__ import annotations

import math
from typing import Tuple

import torch
from torch import Tensor

from amp_sdk.contract import CommandTerm
from amp_training.backends.base import SimState
from amp_training.config import SteeringConfig
from amp_training.rotations import heading
from amp_training.tasks.held import HeldGoals, Timer, to_heading


def steering_terms(config: SteeringConfig, nominal_m_s: float) -> Tuple[CommandTerm, ...]:
    """Direction, speed and facing in the heading frame; nominal: straight on."""
    low, high = config.speed_m_s
    return (
        CommandTerm(name="steer_x", lower=-1.0, upper=1.0, nominal=1.0),
        CommandTerm(name="steer_y", lower=-1.0, upper=1.0, nominal=0.0),
        CommandTerm(name="speed", lower=low, upper=high, nominal=min(max(nominal_m_s, low), high)),
        CommandTerm(name="face_x", lower=-1.0, upper=1.0, nominal=1.0),
        CommandTerm(name="face_y", lower=-1.0, upper=1.0, nominal=0.0),
    )


def steering_reward(state: SimState, goal: Tensor, sharpness: float, facing_share: float) -> Tensor:
    """Reward [...] in [0, 1]; ``goal`` [..., 3]: direction and facing (rad, world), speed (m/s)."""
    direction, face, speed = goal.unbind(-1)
    wanted = speed.unsqueeze(-1) * torch.stack((direction.cos(), direction.sin()), dim=-1)
    error = (wanted - state.root_lin_vel_w[..., :2]).pow(2).sum(-1)
    facing = torch.cos(face - heading(state.root_quat_w)).clamp(min=0.0)
    return (1.0 - facing_share) * torch.exp(-sharpness * error) + facing_share * facing


def steering_errors(state: SimState, goal: Tensor) -> Tuple[Tensor, Tensor]:
    """Speed along the direction minus the wanted one, m/s, and the facing error, 0 to pi rad."""
    direction, face, speed = goal.unbind(-1)
    x, y = state.root_lin_vel_w[..., 0], state.root_lin_vel_w[..., 1]
    turn = face - heading(state.root_quat_w)
    facing = torch.atan2(turn.sin(), turn.cos()).abs()
    return x * direction.cos() + y * direction.sin() - speed, facing


class Steering(HeldGoals):
    """See ``base.Task``. A goal is (direction rad, facing rad, speed m/s) in the world."""

    def __init__(
        self,
        config: SteeringConfig,
        dt_s: float,
        num_envs: int,
        generator: torch.Generator,
        masked: bool,
    ) -> None:
        timer = Timer(config.resample_s, dt_s, num_envs, generator, masked)
        super().__init__((3, 5), timer, num_envs, generator)
        self._config = config

    def reward(self, state: SimState, goal: Tensor) -> Tensor:
        """See ``steering_reward``."""
        return steering_reward(state, goal, self._config.sharpness, self._config.facing_share)

    def _around(self, state: SimState) -> Tensor:
        """Where the robots head, [n] rad."""
        return heading(state.root_quat_w)

    def _again(self, state: SimState) -> Tensor:
        """The directions so far, [N] rad."""
        return self.goal[:, 0]

    def _new(self, around: Tensor) -> Tensor:
        """Directions near ``around`` [n] rad."""
        config = self._config
        low, high = config.speed_m_s
        draw = torch.rand(3, len(around), generator=self._generator, device=around.device)
        direction = around + config.turn_rad * (2.0 * draw[0] - 1.0)
        facing = math.pi * (2.0 * draw[1] - 1.0) if config.face_apart else direction
        return torch.stack((direction, facing, low + (high - low) * draw[2]), dim=-1)

    def _seen(self, state: SimState, goal: Tensor) -> Tensor:
        direction, face, speed = goal.unbind(-1)
        way = torch.stack((direction.cos(), direction.sin()), dim=-1)
        front = torch.stack((face.cos(), face.sin()), dim=-1)
        way, front = (to_heading(state.root_quat_w, xy) for xy in (way, front))
        return torch.cat((way, speed.unsqueeze(-1), front), dim=-1)
