"""Mirror images of what a policy sees and does, for learning that treats left and right alike."""

from __future__ import annotations

from typing import List, Sequence

import numpy as np
import torch
from torch import Tensor

from amp_sdk.contract import CommandTerm, ObservationTerm
from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training.backends.base import StateLayout
from amp_training.mirror import (
    AXIAL,
    POLAR,
    QUATERNION,
    Affine,
    joined,
    joint_mirror,
    key_mirror,
    signs,
)

COMMAND_SIGNS = {
    "lin_vel_x": 1.0,
    "lin_vel_y": -1.0,
    "ang_vel_z": -1.0,
    "steer_x": 1.0,
    "steer_y": -1.0,
    "speed": 1.0,
    "face_x": 1.0,
    "face_y": -1.0,
    "target_x": 1.0,
    "target_y": -1.0,
}


_CPU = torch.device("cpu")


class Symmetry:
    """Mirror maps of actions, observations and states of one robot's policy.

    Args:
        robot: the robot.
        center, scale: [J] rad of the action; the centre need not be symmetric itself.
        observation, commands: terms of the contract.
        device: of what is mirrored.
    """

    def __init__(
        self,
        robot: RobotSpec,
        center: np.ndarray,
        scale: np.ndarray,
        observation: Sequence[ObservationTerm],
        commands: Sequence[CommandTerm],
        device: torch.device = _CPU,
    ) -> None:
        joints, keys = joint_mirror(robot), key_mirror(robot)
        zero = torch.zeros(len(joints.index))

        def about(middle: np.ndarray, unit: np.ndarray) -> Affine:
            """The map of ``(q - middle) / unit``."""
            m = torch.tensor(np.array(middle), dtype=torch.float32)
            u = torch.tensor(np.array(unit), dtype=torch.float32)
            sign = joints.sign * u[joints.index] / u
            return Affine(joints.index, sign, (joints.sign * m[joints.index] - m) / u)

        action = about(center, scale)
        rules = {
            "base_ang_vel_b": signs(AXIAL),
            "projected_gravity_b": signs(POLAR),
            "command": signs([_command_sign(term.name) for term in commands]),
            "joint_pos": about(robot.default_joint_pos_rad, np.ones(len(zero))),
            "joint_vel": joints,
            "last_action": action,
        }
        blocks: List[Affine] = []
        for term in observation:
            if term.name not in rules:
                raise InputError(f"symmetry knows no mirror image of the term {term.name!r}")
            rule = rules[term.name]
            scaled = Affine(rule.index, rule.sign, rule.offset * float(term.scale))
            blocks += [scaled] * term.history
        seen = joined(blocks)
        state = [signs(POLAR), signs(QUATERNION), signs(POLAR), signs(AXIAL), joints, joints, keys]
        self.action = action.to(device)
        self.observation = seen.to(device)
        self.critic = joined([seen, signs(POLAR), signs([1.0]), keys]).to(device)
        self._state = joined(state).to(device)

    def states(self, flat: Tensor, layout: StateLayout) -> Tensor:
        """Mirror images of flat states [..., size]: at the world's x-z plane."""
        if flat.shape[-1] != layout.size or layout.size != len(self._state.index):
            raise ValueError(f"expected states of {len(self._state.index)}, found {flat.shape[-1]}")
        return self._state(flat)


def _command_sign(name: str) -> float:
    if name not in COMMAND_SIGNS:
        raise InputError(f"symmetry knows no mirror image of the command {name!r}")
    return COMMAND_SIGNS[name]
