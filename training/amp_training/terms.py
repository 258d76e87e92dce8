"""Critic and termination terms: one term, one pure function of the state."""

from __future__ import annotations

import torch
from torch import Tensor

from amp_training.backends.base import SimState
from amp_training.rotations import rotate_inverse


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


def fallen(state: SimState, min_upright: float, min_height_m: float) -> Tensor:
    """[...] bool: tilted too far or too low.

    ``min_upright`` is the cosine of the largest tilt.
    """
    quat = state.root_quat_w
    up = 1.0 - 2.0 * (quat[..., 1] ** 2 + quat[..., 2] ** 2)
    upright = (up > min_upright) & (state.root_pos_w[..., 2] > min_height_m)
    return ~upright
