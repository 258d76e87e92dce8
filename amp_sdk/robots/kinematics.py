"""Forward kinematics of a robot with a floating base, vectorised over poses, without MuJoCo."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence, Tuple, Union

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError, closest
from amp_sdk.robots import mjcf


class KinematicTree:
    """The link frames of a robot as functions of its base pose and joint angles.

    Attributes: ``body_names`` (B, depth first, the base first), ``parent`` [B] int64 (-1 for the
    base), ``joint_names`` (J, depth first), ``joint_body`` [J] int64 (the link a joint moves) and
    ``joint_axis`` [J, 3] float64 (unit, in the frame of that link).
    """

    def __init__(self, model: mjcf.Mjcf) -> None:
        self._bodies = model.bodies
        self._hinges = model.hinges
        self.body_names: Tuple[str, ...] = tuple(body.name for body in model.bodies)
        self.joint_names: Tuple[str, ...] = tuple(hinge.name for hinge in model.hinges)
        self.parent = np.array([body.parent for body in model.bodies], dtype=np.int64)
        self.joint_body = np.array([hinge.body for hinge in model.hinges], dtype=np.int64)
        self.joint_axis = np.array([hinge.axis for hinge in model.hinges]).reshape(-1, 3)
        self._joints_of = [
            [j for j, hinge in enumerate(model.hinges) if hinge.body == b]
            for b in range(len(model.bodies))
        ]

    @classmethod
    def from_mjcf(cls, path: Union[str, Path]) -> KinematicTree:
        """Read the tree from a robot file of this package. Raises InputError."""
        return cls(mjcf.read(path))

    def body_index(self, names: Sequence[str]) -> np.ndarray:
        """Positions [K] int64 of bodies in ``body_names``. Raises InputError for an unknown one."""
        known = {name: index for index, name in enumerate(self.body_names)}
        for name in names:
            if name not in known:
                raise InputError(f"unknown body {name!r}; {closest(name, known)}")
        return np.array([known[name] for name in names], dtype=np.int64)

    def joint_rotations(self, joint_pos: Any) -> np.ndarray:
        """The turn of every joint about its own axis: ``joint_pos`` [..., J] rad to [..., J, 4]."""
        angles = self._joint_array(joint_pos)
        return rotations.from_axis_angle(self.joint_axis.astype(angles.dtype), angles)

    def forward(
        self, root_pos_w: Any, root_quat_w: Any, joint_pos: Any
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Poses of all links for N robots.

        Takes ``root_pos_w`` [N, 3] m, ``root_quat_w`` [N, 4] wxyz (normalised here) and
        ``joint_pos`` [N, J] rad; any leading batch shape will do. Returns ``body_pos_w`` [N, B, 3]
        and ``body_quat_w`` [N, B, 4], float32 where all inputs are, else float64.
        Raises InputError where the number of joints is another.
        """
        angles = self._joint_array(joint_pos)
        root_pos, root_quat = np.asarray(root_pos_w), rotations.normalize(root_quat_w)
        dtype = np.result_type(root_pos, root_quat, angles)
        dtype = dtype if dtype == np.float32 else np.dtype(np.float64)
        turns = self.joint_rotations(angles.astype(dtype, copy=False))
        pos = np.empty(angles.shape[:-1] + (len(self._bodies), 3), dtype=dtype)
        quat = np.empty(angles.shape[:-1] + (len(self._bodies), 4), dtype=dtype)
        pos[..., 0, :], quat[..., 0, :] = root_pos, root_quat
        for b, body in enumerate(self._bodies[1:], start=1):
            up = body.parent
            offset, turn = body.pos.astype(dtype), body.quat.astype(dtype)
            p = pos[..., up, :] + rotations.rotate(quat[..., up, :], offset)
            q = rotations.multiply(quat[..., up, :], turn)
            for j in self._joints_of[b]:
                p, q = _turn_about(p, q, self._hinges[j].anchor.astype(dtype), turns[..., j, :])
            pos[..., b, :], quat[..., b, :] = p, q
        return pos, quat

    def _joint_array(self, joint_pos: Any) -> np.ndarray:
        angles = np.asarray(joint_pos)
        if angles.ndim < 1 or angles.shape[-1] != len(self.joint_names):
            raise InputError(
                f"joint angles: expected {len(self.joint_names)} per pose in the order "
                f"{', '.join(self.joint_names)}; found an array of shape {angles.shape}"
            )
        return angles if angles.dtype == np.float32 else angles.astype(np.float64, copy=False)


def _turn_about(
    pos: np.ndarray, quat: np.ndarray, anchor: np.ndarray, turn: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """The frame (``pos``, ``quat``) after ``turn`` about the point ``anchor`` of that frame."""
    turned = rotations.multiply(quat, turn)
    if np.any(anchor):
        pos = pos + rotations.rotate(quat, anchor) - rotations.rotate(turned, anchor)
    return pos, turned
