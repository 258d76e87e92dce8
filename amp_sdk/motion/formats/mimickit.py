"""MimicKit ``.pkl``: a dict of ``fps``, ``loop_mode`` and ``frames``.

A frame is the base's place (3, m), its rotation as an exponential map (3, rad), then the joints in
the depth-first order of MimicKit's own model of the robot. Three hinges at one link are one
spherical joint there, stored as an exponential map.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Tuple

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion.formats import orders, safe_pickle
from amp_sdk.motion.formats.raw import RawMotion, check_width, number_table
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree
from amp_sdk.robots.spherical import SphericalJoints

NAME = "MimicKit .pkl"
# protocol 2 and later; dicts and lists of protocols 0 and 1; an object of theirs
_PICKLE = re.compile(rb"\x80[\x02-\x20]|\([dl]|[}\]]q|c[\w.]+\n[\w.]+\n")
_LOOPS = {0: "clamp", 1: "wrap"}
_ORDERS = {"go2": orders.quadruped("FL", "FR", "RL", "RR"), "g1_29dof": orders.G1_29DOF}


def recognises(data: bytes) -> bool:
    """Whether ``data`` begins as a pickle does."""
    return bool(_PICKLE.match(data))


def parse(data: bytes, where: str, robot: RobotSpec) -> RawMotion:
    """Read a clip of ``robot``. Raises InputError."""
    if b"joblib.numpy_pickle" in data[:4096]:
        raise InputError(f"{where}: a joblib file, as PHC and ASAP write them, is not read")
    content = safe_pickle.load(data, where)
    fps, loop, frames = _fields(content, where)
    names = _ORDERS.get(robot.name, robot.joint_names)
    check_width(frames.shape[1], 6, robot, "place 3, rotation 3", where)
    return RawMotion(
        format=NAME,
        source=where,
        name=Path(where).stem,
        joint_names=names,
        root_pos_w=frames[:, :3],
        root_quat_w=rotations.continuous(rotations.from_exp_map(frames[:, 3:6])),
        joint_pos=hinge_angles(frames[:, 6:], robot),
        fps=fps,
        loop=loop,
    )


def _fields(content: Any, where: str) -> Tuple[float, str, np.ndarray]:
    keys = ("fps", "frames", "loop_mode")
    if not isinstance(content, dict) or any(key not in content for key in keys):
        found = sorted(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise InputError(
            f"{where}: expected a MimicKit clip, a dict with {', '.join(keys)}; found {found}"[:400]
        )
    fps, mode = content["fps"], content["loop_mode"]
    if isinstance(fps, np.ndarray) and fps.size == 1:
        fps = fps.item()
    if isinstance(fps, bool) or not isinstance(fps, (int, float)):
        raise InputError(f"{where}: expected a number as fps, found {fps!r}"[:200])
    if isinstance(mode, bool) or not isinstance(mode, int) or mode not in _LOOPS:
        raise InputError(f"{where}: expected loop_mode 0 (clamp) or 1 (wrap), found {mode!r}"[:200])
    return float(fps), _LOOPS[mode], number_table(content["frames"], where)


def hinge_angles(stored: np.ndarray, robot: RobotSpec) -> np.ndarray:
    """Joint angles [T, J] rad from a file's columns, in which a spherical joint is an exponential
    map in the place of its three angles."""
    joint_pos = stored.copy()
    spherical = SphericalJoints.of(robot, KinematicTree.from_mjcf(robot.mjcf_path))
    if len(spherical.bodies):
        joint_pos[:, spherical.joints] = spherical.angles(
            rotations.from_exp_map(stored[:, spherical.joints])
        )
    return joint_pos
