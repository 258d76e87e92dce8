"""The mirror map of a robot: left and right exchanged, derived from its MJCF.

Mirroring at the base's x-z plane turns a hinge about the axis ``a`` into one about ``-M a`` with
``M = diag(1, -1, 1)``: vectors mirror by ``M``, axial vectors (rotation axes, angular velocities)
by ``-M``. A joint's partner is found by its name, and the sign of its angle by the two axes in the
zero pose; both are checked against the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.mjcf import Mjcf, read

POLAR, AXIAL = (1.0, -1.0, 1.0), (-1.0, 1.0, -1.0)
QUATERNION = (1.0, -1.0, 1.0, -1.0)
_SIDES = ("left right", "l r", "fl fr", "rl rr", "hl hr", "bl br", "lf rf", "lh rh")
_PLACE_M, _AXIS = 0.05, 0.02


def other_side(name: str) -> str:
    """``name`` with left and right exchanged: "FL_hip" and "FR_hip", "left_knee" and "right_knee",
    "L_Elbow_x" and "R_Elbow_x"; a name without a side is its own."""
    swap: Dict[str, str] = {}
    for pair in _SIDES:
        a, b = pair.split()
        swap[a], swap[b] = b, a

    def turned(match: re.Match) -> str:
        word = match.group(0)
        other = swap.get(word.lower())
        if other is None:
            return word
        if word.isupper():
            return other.upper()
        return other.capitalize() if word[0].isupper() else other

    return re.sub(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", turned, name)


@dataclass(frozen=True)
class Affine:
    """``mirror(x) = sign * x[index] + offset`` on the last dimension."""

    index: Tensor  # [D] int64
    sign: Tensor  # [D]
    offset: Tensor  # [D]

    def __call__(self, x: Tensor) -> Tensor:
        """[..., D] to the same shape."""
        return self.sign * x[..., self.index] + self.offset

    def to(self, device: torch.device) -> Affine:
        """The same map of tensors on ``device``."""
        return Affine(self.index.to(device), self.sign.to(device), self.offset.to(device))


def signs(values: Sequence[float]) -> Affine:
    """The mirror map that changes signs only."""
    sign = torch.tensor(values, dtype=torch.float32)
    return Affine(torch.arange(len(sign)), sign, torch.zeros_like(sign))


def joined(parts: Sequence[Affine]) -> Affine:
    """The map of the concatenation of what ``parts`` map."""
    index, begin = [], 0
    for part in parts:
        index.append(part.index + begin)
        begin += len(part.index)
    return Affine(
        torch.cat(index),
        torch.cat([part.sign for part in parts]),
        torch.cat([part.offset for part in parts]),
    )


def joint_mirror(robot: RobotSpec) -> Affine:
    """The map of joint angles [J] (no offset). Raises InputError that names the joints without a
    mirror image."""
    model = read(robot.mjcf_path)
    pos, quat = _zero_pose(model)
    hinges = model.hinges
    anchor = [pos[h.body] + rotations.rotate(quat[h.body], h.anchor) for h in hinges]
    axis = [rotations.rotate(quat[h.body], h.axis) for h in hinges]
    where = {hinge.name: i for i, hinge in enumerate(model.hinges)}
    partners, signs_of, missing = [], [], []
    for name in robot.joint_names:
        other = other_side(name)
        if other not in robot.joint_names:
            missing.append(f"{name} (no joint {other})")
            continue
        a, b = where[name], where[other]
        image = -np.array(POLAR) * axis[b]
        sign = float(np.sign(axis[a] @ image))
        near = np.abs(anchor[a] - np.array(POLAR) * anchor[b]).max() < _PLACE_M
        if not near or np.abs(axis[a] - sign * image).max() > _AXIS:
            missing.append(f"{name} (place or axis is no mirror image of {other})")
        partners.append(robot.joint_names.index(other))
        signs_of.append(sign)
    if missing:
        raise InputError(
            f"robot {robot.name!r} has joints without a mirror image: {', '.join(missing)}; "
            "train without symmetry"
        )
    sign = torch.tensor(signs_of, dtype=torch.float32)
    return Affine(torch.tensor(partners), sign, torch.zeros_like(sign))


def key_mirror(robot: RobotSpec) -> Affine:
    """The map of key bodies [3K] in the base frame. Raises InputError for one without an image."""
    names, model = robot.key_bodies, read(robot.mjcf_path)
    index = {body.name: i for i, body in enumerate(model.bodies)}
    pos, _ = _zero_pose(model)

    def has_image(name: str) -> bool:
        other = other_side(name)
        if other not in names:
            return False
        image = np.array(POLAR) * pos[index[other]]
        return bool(np.abs(pos[index[name]] - image).max() < _PLACE_M)

    missing = [name for name in names if not has_image(name)]
    if missing:
        raise InputError(
            f"robot {robot.name!r} has key bodies without a mirror image: {', '.join(missing)}; "
            "train without symmetry"
        )
    order = torch.tensor([names.index(other_side(name)) for name in names])
    columns = (3 * order.unsqueeze(1) + torch.arange(3)).flatten()
    sign = torch.tensor(POLAR).repeat(len(names))
    return Affine(columns, sign, torch.zeros_like(sign))


def _zero_pose(model: Mjcf) -> Tuple[List[np.ndarray], List[np.ndarray]]:
    """Places m and rotations (wxyz) of the links in the base frame, all angles zero."""
    pos: List[np.ndarray] = []
    quat: List[np.ndarray] = []
    for body in model.bodies:
        if body.parent < 0:
            pos.append(np.zeros(3))
            quat.append(np.array([1.0, 0.0, 0.0, 0.0]))
            continue
        up = quat[body.parent]
        pos.append(pos[body.parent] + rotations.rotate(up, body.pos))
        quat.append(rotations.multiply(up, body.quat))
    return pos, quat
