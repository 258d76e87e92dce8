"""Location: go to a place of the world and stay there."""

from __future__ import annotations

import math
from typing import Tuple

import torch
from torch import Tensor

from amp_sdk.contract import CommandTerm
from amp_training.backends.base import SimState
from amp_training.config import LocationConfig
from amp_training.rotations import heading
from amp_training.tasks.held import HeldGoals, Timer, to_heading


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


class Location(HeldGoals):
    """See ``base.Task``. A goal is a place [2] m of the world's ground plane."""

    def __init__(
        self,
        config: LocationConfig,
        dt_s: float,
        num_envs: int,
        generator: torch.Generator,
        masked: bool,
    ) -> None:
        timer = Timer(config.resample_s, dt_s, num_envs, generator, masked)
        super().__init__((2, 2), timer, num_envs, generator)
        self._config = config

    def reward(self, state: SimState, goal: Tensor) -> Tensor:
        """See ``location_reward``."""
        return location_reward(state, goal, self._config)

    def _around(self, state: SimState) -> Tensor:
        """Where the robots are, [n, 2] m."""
        return state.root_pos_w[:, :2]

    _again = _around

    def _new(self, around: Tensor) -> Tensor:
        low, high = self._config.distance_m
        draw = torch.rand(2, len(around), generator=self._generator, device=around.device)
        angle, distance = 2.0 * math.pi * draw[0], low + (high - low) * draw[1]
        offset = torch.stack((angle.cos(), angle.sin()), dim=-1)
        return around + distance.unsqueeze(-1) * offset

    def _seen(self, state: SimState, goal: Tensor) -> Tensor:
        """The place from where the robots stand, [n, 2] m; no farther than in the contract."""
        seen = to_heading(state.root_quat_w, goal - state.root_pos_w[:, :2])
        far = self._config.distance_m[1]
        return seen.clamp(-far, far)
