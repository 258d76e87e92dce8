"""Discriminator observations: one function for policy and demonstration windows alike.

In the joint space each step of a window is described in the robot's own frame by the terms below;
all of them are invariant to where the robot is and where it heads.
"""

from __future__ import annotations

from typing import Callable, Dict, Sequence

import torch
from torch import Tensor

from amp_sdk.errors import InputError, closest
from amp_training.backends.base import SimState, StateLayout
from amp_training.rotations import projected_gravity, rotate_inverse

FeatureFunction = Callable[[Tensor], Tensor]
"""Flat states of windows [n, H, size], oldest first, to features [n, H * F]."""


def root_height(state: SimState) -> Tensor:
    """Height of the base above the ground, [..., 1] m."""
    return state.root_pos_w[..., 2:]


def gravity_b(state: SimState) -> Tensor:
    """Direction of gravity in the base frame, [..., 3]."""
    return projected_gravity(state.root_quat_w)


def lin_vel_b(state: SimState) -> Tensor:
    """Linear velocity of the base in its own frame, [..., 3] m/s."""
    return rotate_inverse(state.root_quat_w, state.root_lin_vel_w)


def ang_vel_b(state: SimState) -> Tensor:
    """Angular velocity of the base in its own frame, [..., 3] rad/s."""
    return state.root_ang_vel_b


def joint_pos(state: SimState) -> Tensor:
    """Joint angles, [..., J] rad."""
    return state.joint_pos


def joint_vel(state: SimState) -> Tensor:
    """Joint velocities, [..., J] rad/s. They show the noise of exploration most."""
    return state.joint_vel


def key_pos_b(state: SimState) -> Tensor:
    """Key bodies relative to the base in its frame, [..., 3K] m."""
    return state.key_pos_b.flatten(-2)


TERMS: Dict[str, Callable[[SimState], Tensor]] = {
    term.__name__: term
    for term in (root_height, gravity_b, lin_vel_b, ang_vel_b, joint_pos, joint_vel, key_pos_b)
}


def joint_space(layout: StateLayout, names: Sequence[str]) -> FeatureFunction:
    """The features made of the terms ``names``. Raises InputError for an unknown one."""
    for name in names:
        if name not in TERMS:
            raise InputError(f"discriminator.terms: unknown term {name!r}; {closest(name, TERMS)}")
    terms = [TERMS[name] for name in names]

    def features(windows: Tensor) -> Tensor:
        state = layout.view(windows)
        return torch.cat([term(state) for term in terms], dim=-1).flatten(1)

    return features
