"""AMP_for_hardware ``.txt``: JSON with 61 numbers per frame of a quadruped.

Place 3, quaternion XYZW 4, joints 12, toes in the base frame 12, linear velocity of the base 3,
angular 3, joint velocities 12, toe velocities 12. The order of the legs is not stored: packs with
FL, FR, RL, RR and with FR, FL, RR, RL exist. Forward kinematics against the toe columns tells.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion.formats import orders
from amp_sdk.motion.formats.raw import RawMotion, fitting_robots, number_table
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree

NAME = "AMP_for_hardware .txt"
_WIDTH = 61
_JOINTS, _TOES, _JOINT_VEL = slice(7, 19), slice(19, 31), slice(37, 49)
_LEG_ORDERS = (("FL", "FR", "RL", "RR"), ("FR", "FL", "RR", "RL"))
_LOOPS = {"wrap": "wrap", "clamp": "clamp"}
_TOE_TOLERANCE_M = 0.05
"""Packs differ in the point of the foot they record, by up to its radius; legs are 0.28 m apart."""


def recognises(data: bytes) -> bool:
    """Whether ``data`` looks like a JSON object."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def parse(data: bytes, where: str, robot: RobotSpec) -> RawMotion:
    """Read a clip of ``robot``, a quadruped. Raises InputError."""
    content = _json(data, where)
    frames = number_table(content["Frames"], where)
    if set(robot.joint_names) != set(orders.quadruped(*_LEG_ORDERS[0])):
        fit = ", ".join(fitting_robots(12)) or "none of our robots"
        raise InputError(
            f"{where}: expected a clip of {robot.name} ({len(robot.joint_names)} joints), found "
            f"one of a quadruped with 12 ({frames.shape[1]} numbers per frame); it would fit: {fit}"
        )
    if frames.shape[1] != _WIDTH:
        raise InputError(
            f"{where}: expected {_WIDTH} numbers per frame (place 3, rotation 4, joints 12, toes "
            f"12, velocities 30), found {frames.shape[1]}; without toes the leg order is not known"
        )
    legs = _leg_order(frames, robot, where)
    return RawMotion(
        format=NAME,
        source=where,
        name=Path(where).stem,
        joint_names=orders.quadruped(*legs),
        root_pos_w=frames[:, :3],
        root_quat_w=rotations.from_xyzw(frames[:, 3:7]),
        joint_pos=frames[:, _JOINTS],
        fps=1.0 / content["FrameDuration"],
        loop=content["LoopMode"],
        joint_vel=frames[:, _JOINT_VEL],
        wrap_heading=bool(content.get("EnableCycleOffsetRotation", False)),
        weight=content["MotionWeight"],
    )


def _json(data: bytes, where: str) -> Dict[str, Any]:
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{where}: the JSON is truncated or damaged ({error}); expected a whole motion file; "
            "copy it again"
        ) from error
    if "Frames" not in content or "FrameDuration" not in content:
        raise InputError(
            f"{where}: expected an {NAME} with Frames, FrameDuration and LoopMode; found JSON with "
            f"{', '.join(map(str, content)) or 'nothing'}"[:400]
        )
    loop, seconds = content.get("LoopMode", "Clamp"), content["FrameDuration"]
    if not isinstance(loop, str) or loop.lower() not in _LOOPS:
        raise InputError(f"{where}: expected LoopMode Wrap or Clamp, found {loop!r}"[:200])
    weight = content.get("MotionWeight", 1.0)
    for key, value in (("FrameDuration", seconds), ("MotionWeight", weight)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise InputError(f"{where}: expected {key} above zero, found {value!r}"[:200])
    return {**content, "LoopMode": _LOOPS[loop.lower()], "MotionWeight": float(weight)}


def _leg_order(frames: np.ndarray, robot: RobotSpec, where: str) -> Tuple[str, ...]:
    """The order of legs with which the joint angles put the feet where the toe columns say."""
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    known = frames[np.isfinite(frames[:, _JOINTS]).all(1) & np.isfinite(frames[:, _TOES]).all(1)]
    if not len(known):
        raise InputError(
            f"{where}: no frame has finite joint angles and toe places (frame 0 is "
            f"{frames[0, :31].tolist()}); expected finite numbers"[:500]
        )
    toes = known[:, _TOES].reshape(-1, 4, 3)
    still, level = np.zeros((len(known), 3)), np.tile([1.0, 0.0, 0.0, 0.0], (len(known), 1))
    errors = {}
    for legs in _LEG_ORDERS:
        joint_pos = np.empty((len(known), 12))
        joint_pos[:, robot.joint_index(orders.quadruped(*legs))] = known[:, _JOINTS]
        feet = tree.forward(still, level, joint_pos)[0][
            :, tree.body_index([f"{leg}_foot" for leg in legs])
        ]
        errors[legs] = float(np.linalg.norm(feet - toes, axis=-1).mean())
    best = min(errors, key=lambda legs: errors[legs])
    if errors[best] > _TOE_TOLERANCE_M:
        found = "; ".join(f"{', '.join(legs)}: {error:.3f} m" for legs, error in errors.items())
        raise InputError(
            f"{where}: the order of the legs is not known: with no order do the joint angles put "
            f"the feet of {robot.name} within {_TOE_TOLERANCE_M} m of the toe columns ({found}); "
            "the clip is of another robot or layout"
        )
    return best
