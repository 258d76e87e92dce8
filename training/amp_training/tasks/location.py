"""Location: go to a place of the world and stay there."""

from __future__ import annotations

import math
from typing import Dict, Tuple

import torch
from torch import Tensor

from amp_sdk.contract import CommandTerm
from amp_training.backends.base import SimState
from amp_training.config import LocationConfig
from amp_training.rotations import heading
from amp_training.tasks.base import Timer, to_heading


def location_terms(config: LocationConfig) -> Tuple[CommandTerm, ...]:
    """The place in the heading frame of the base; nominal: here, which is to stay."""
    far = config.distance_m[1]
    return (
        CommandTerm(name="target_x", lower=-far, upper=far, nominal=0.0),
        CommandTerm(name="target_y", lower=-far, upper=far, nominal=0.0),
    )


def location_reward(state: SimState, goal: Tensor, config: LocationConfig) -> Tensor:
    """Reward [...] in [0, 1] for the place ``goal`` [..., 2] m in the world.

    Position and velocity terms after Peng et al. 2021 (arXiv:2104.02180), target location.
    """
    way = goal - state.root_pos_w[..., :2]
    distance = way.norm(dim=-1)
    towards = way / distance.clamp(min=1e-6).unsqueeze(-1)
    speed = (towards * state.root_lin_vel_w[..., :2]).sum(-1)
    velocity = torch.exp(-((config.speed_m_s - speed).clamp(min=0.0) ** 2))
    turn = torch.atan2(way[..., 1], way[..., 0]) - heading(state.root_quat_w)
    there = distance < config.reach_m
    one = torch.ones_like(distance)
    shares = (config.position_share, config.velocity_share, config.facing_share)
    terms = (
        torch.exp(-0.5 * distance**2),
        torch.where(there, one, velocity),
        torch.where(there, one, turn.cos().clamp(min=0.0)),
    )
    return torch.stack([s * term for s, term in zip(shares, terms)]).sum(0) / sum(shares)


def location_distance(state: SimState, goal: Tensor) -> Tensor:
    """Distance [...] m of the base from the place, in the ground plane."""
    return (goal - state.root_pos_w[..., :2]).norm(dim=-1)


class Location:
    """See ``base.Task``. A goal is a place [2] m of the world's ground plane."""

    def __init__(
        self, config: LocationConfig, dt_s: float, num_envs: int, generator: torch.Generator
    ) -> None:
        self._config = config
        self._generator = generator
        self._timer = Timer(config.resample_s, dt_s, num_envs, generator)
        self.goal = torch.zeros(num_envs, 2, device=generator.device)
        self.command = torch.zeros(num_envs, 2, device=generator.device)

    def schedule(self, samples: int) -> None:
        """Nothing grows."""

    def restart(self, ids: Tensor, state: SimState) -> None:
        """New places around where the robots stand."""
        self._draw(ids, state.root_pos_w[:, :2])
        self.command[ids] = self._seen(state, self.goal[ids])

    def tick(self, state: SimState) -> None:
        """See ``base.Task``."""
        over = self._timer.tick()
        if len(over):
            self._draw(over, state.root_pos_w[over, :2])
        self.command = self._seen(state, self.goal)

    def reward(self, state: SimState, goal: Tensor) -> Tensor:
        """See ``location_reward``."""
        return location_reward(state, goal, self._config)

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
        low, high = self._config.distance_m
        draw = torch.rand(2, len(ids), generator=self._generator, device=ids.device)
        angle, distance = 2.0 * math.pi * draw[0], low + (high - low) * draw[1]
        offset = torch.stack((angle.cos(), angle.sin()), dim=-1)
        self.goal[ids] = around + distance.unsqueeze(-1) * offset
        self._timer.restart(ids)

    def _seen(self, state: SimState, goal: Tensor) -> Tensor:
        """The place from where the robots stand, [n, 2] m; no farther than in the contract."""
        seen = to_heading(state.root_quat_w, goal - state.root_pos_w[:, :2])
        far = self._config.distance_m[1]
        return seen.clamp(-far, far)
