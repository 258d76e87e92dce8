"""Discriminator observations: one function for policy and demonstration windows alike.

In the joint space each step of a window is described in the robot's own frame by the terms below;
all of them are invariant to where the robot is and where it heads. A character is described by
places and rotations relative to the last step of its window.
"""

from __future__ import annotations

import dataclasses
from typing import Callable, Dict, List, Optional, Sequence

import torch
from torch import Tensor

from amp_sdk import kernels
from amp_sdk.errors import InputError, closest
from amp_sdk.robots import RobotSpec
from amp_training.backends.base import SimState, StateLayout
from amp_training.config import DiscriminatorConfig
from amp_training.joint_rotations import JointRotations
from amp_training.rotations import projected_gravity, rotate, rotate_inverse

FeatureFunction = Callable[[Tensor], Tensor]
"""Flat states of windows [n, H, size], oldest first, to features of their steps [n, K]."""

_CHUNK = 4096
"""Windows at a time, so that what is computed on the way stays small."""


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


_CPU = torch.device("cpu")

TERMS: Dict[str, Callable[[SimState], Tensor]] = {
    term.__name__: term
    for term in (root_height, gravity_b, lin_vel_b, ang_vel_b, joint_pos, joint_vel, key_pos_b)
}


def discriminator_features(
    config: DiscriminatorConfig, robot: RobotSpec, layout: StateLayout, device: torch.device = _CPU
) -> FeatureFunction:
    """The features that the recipe chooses, of ``config.window`` steps of windows of
    ``config.span`` states on ``device``. Raises InputError for a name that is none."""
    joints = robot.joint_index(config.joints).tolist() if config.joints else None
    keys = _key_index(config.key_bodies, robot)
    if config.features == "joint_space":
        of_steps = joint_space(layout, config.terms, joints, keys)
    else:
        of_steps = character(
            layout,
            JointRotations(robot, config.joints, device),
            joints,
            keys,
            heading_invariant=config.heading_invariant,
            root_height=config.root_height,
        )
    spacing = config.spacing
    return of_steps if spacing == 1 else lambda windows: of_steps(windows[:, ::spacing])


def joint_space(
    layout: StateLayout,
    names: Sequence[str],
    joints: Optional[List[int]] = None,
    keys: Optional[List[int]] = None,
) -> FeatureFunction:
    """The features made of the terms ``names``, of all or of some joints and key bodies.

    Raises InputError for an unknown term.
    """
    for name in names:
        if name not in TERMS:
            raise InputError(f"discriminator.terms: unknown term {name!r}; {closest(name, TERMS)}")
    terms = [TERMS[name] for name in names]

    def features(windows: Tensor) -> Tensor:
        state = _selected(layout.view(windows), joints, keys)
        return torch.cat([term(state) for term in terms], dim=-1).flatten(1)

    return features


def character(
    layout: StateLayout,
    rotations: JointRotations,
    joints: Optional[List[int]] = None,
    keys: Optional[List[int]] = None,
    *,
    heading_invariant: bool = True,
    root_height: bool = True,
) -> FeatureFunction:
    """Features of characters (``amp_sdk.kernels.disc_obs``), of all or of some joints and bodies.

    ``rotations`` gives the local rotations of the links that belong to ``joints``.
    """

    def part(windows: Tensor) -> Tensor:
        whole = layout.view(windows)
        state = _selected(whole, joints, keys)
        pos, quat = state.root_pos_w.contiguous(), state.root_quat_w.contiguous()
        keys_w = pos.unsqueeze(-2) + rotate(quat.unsqueeze(-2), state.key_pos_b)
        return kernels.disc_obs(
            pos,
            quat,
            state.root_lin_vel_w.contiguous(),
            rotate(quat, state.root_ang_vel_b),
            rotations(whole.joint_pos),
            state.joint_vel.contiguous(),
            keys_w,
            heading_invariant=heading_invariant,
            root_height=root_height,
        )

    def features(windows: Tensor) -> Tensor:
        return torch.cat([part(some) for some in windows.split(_CHUNK)])

    return features


def _selected(state: SimState, joints: Optional[List[int]], keys: Optional[List[int]]) -> SimState:
    """``state`` with some of its joints and key bodies (None: all)."""
    if joints is not None:
        state = dataclasses.replace(
            state, joint_pos=state.joint_pos[..., joints], joint_vel=state.joint_vel[..., joints]
        )
    if keys is not None:
        state = dataclasses.replace(state, key_pos_b=state.key_pos_b[..., keys, :])
    return state


def _key_index(names: Sequence[str], robot: RobotSpec) -> Optional[List[int]]:
    for name in names:
        if name not in robot.key_bodies:
            hint = closest(name, robot.key_bodies)
            raise InputError(f"discriminator.key_bodies: {robot.name} has no {name!r}; {hint}")
    return [robot.key_bodies.index(name) for name in names] if names else None
