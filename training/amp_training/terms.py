"""Critic, reward and termination terms: one term, one pure function of the state."""

from __future__ import annotations

import torch
from torch import Tensor

from amp_training.backends.base import SimState
from amp_training.rotations import heading_velocity, projected_gravity, rotate_inverse


def privileged_observation(state: SimState) -> Tensor:
    """What only the critic sees: linear velocity (base frame) 3, height 1, key bodies 3K."""
    quat = state.root_quat_w
    return torch.cat(
        (
            rotate_inverse(quat, state.root_lin_vel_w) * 0.5,
            state.root_pos_w[..., 2:] * 2.0,
            state.key_pos_b.flatten(-2) * 2.0,
        ),
        dim=-1,
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


def fallen(state: SimState, max_tilt_rad: float, min_height_m: float) -> Tensor:
    """[...] bool: tilted past the limit, too low, or not finite."""
    quat = state.root_quat_w
    up = 1.0 - 2.0 * (quat[..., 1] ** 2 + quat[..., 2] ** 2)
    limit = float(torch.cos(torch.tensor(max_tilt_rad)))
    upright = (up > limit) & (state.root_pos_w[..., 2] > min_height_m)
    return ~(upright & torch.isfinite(state.joint_vel).all(-1))
