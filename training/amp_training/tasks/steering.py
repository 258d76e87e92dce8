"""Steering: go in one direction of the world at a speed, and face another."""

from __future__ import annotations

import math
from typing import Dict, Tuple

import torch
from torch import Tensor

from amp_sdk.contract import CommandTerm
from amp_training.backends.base import SimState
from amp_training.config import SteeringConfig
from amp_training.rotations import heading
from amp_training.tasks.base import Timer, to_heading


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


class Steering:
    """See ``base.Task``. A goal is (direction rad, facing rad, speed m/s) in the world."""

    def __init__(
        self, config: SteeringConfig, dt_s: float, num_envs: int, generator: torch.Generator
    ) -> None:
        self._config = config
        self._generator = generator
        self._timer = Timer(config.resample_s, dt_s, num_envs, generator)
        self.goal = torch.zeros(num_envs, 3, device=generator.device)
        self.command = torch.zeros(num_envs, 5, device=generator.device)

    def schedule(self, samples: int) -> None:
        """Nothing grows."""

    def restart(self, ids: Tensor, state: SimState) -> None:
        """New goals; directions are drawn around where the robots head."""
        self._draw(ids, heading(state.root_quat_w))
        self.command[ids] = self._seen(state.root_quat_w, self.goal[ids])

    def tick(self, state: SimState) -> None:
        """See ``base.Task``."""
        over = self._timer.tick()
        if len(over):
            self._draw(over, self.goal[over, 0])
        self.command = self._seen(state.root_quat_w, self.goal)

    def reward(self, state: SimState, goal: Tensor) -> Tensor:
        """See ``steering_reward``."""
        return steering_reward(state, goal, self._config.sharpness, self._config.facing_share)

    def snapshot(self) -> Dict[str, Tensor]:
        """Content for a checkpoint."""
        goals = {"goal": self.goal, "command": self.command, "left": self._timer.left}
        return {name: value.clone() for name, value in goals.items()}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        self.goal.copy_(snapshot["goal"])
        self.command = snapshot["command"].to(self.goal.device, copy=True)
        self._timer.left.copy_(snapshot["left"])

    def _draw(self, ids: Tensor, around: Tensor) -> None:
        """New goals for ``ids`` [n] with directions near ``around`` [n] rad."""
        config = self._config
        low, high = config.speed_m_s
        draw = torch.rand(3, len(ids), generator=self._generator, device=ids.device)
        direction = around + config.turn_rad * (2.0 * draw[0] - 1.0)
        facing = math.pi * (2.0 * draw[1] - 1.0) if config.face_apart else direction
        self.goal[ids] = torch.stack((direction, facing, low + (high - low) * draw[2]), dim=-1)
        self._timer.restart(ids)

    def _seen(self, quat: Tensor, goal: Tensor) -> Tensor:
        """The commands [n, 5] of goals [n, 3] from attitudes [n, 4]."""
        direction, face, speed = goal.unbind(-1)
        way = to_heading(quat, torch.stack((direction.cos(), direction.sin()), dim=-1))
        front = to_heading(quat, torch.stack((face.cos(), face.sin()), dim=-1))
        return torch.cat((way, speed.unsqueeze(-1), front), dim=-1)
