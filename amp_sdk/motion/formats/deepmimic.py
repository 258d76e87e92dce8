"""DeepMimic ``.txt``: JSON with a ``Loop`` and frames of the humanoid, y up.

A frame is its duration in s, the place of the base 3, its quaternion WXYZ 4, then a quaternion WXYZ
for a spherical joint or one angle for a hinge: 44 numbers. The arms hang at rest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion.formats import skeleton
from amp_sdk.motion.formats.raw import RawMotion, number_table
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree

NAME = "DeepMimic .txt"
_LINKS: Tuple[Tuple[str, int], ...] = (
    ("torso", 4),
    ("head", 4),
    ("right_thigh", 4),
    ("right_shin", 1),
    ("right_foot", 4),
    ("right_upper_arm", 4),
    ("right_lower_arm", 1),
    ("left_thigh", 4),
    ("left_shin", 1),
    ("left_foot", 4),
    ("left_upper_arm", 4),
    ("left_lower_arm", 1),
)
_HANGING = ("right_lower_arm", "right_hand", "left_lower_arm", "left_hand")
_WIDTH = 8 + sum(size for _, size in _LINKS)
_LOOPS = {"wrap": "wrap", "none": "clamp"}


def recognises(data: bytes) -> bool:
    """Whether ``data`` looks like a JSON object with a Loop and without a FrameDuration."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1000]
    return start[:1] == b"{" and b'"Loop"' in start and b'"FrameDuration"' not in start


def parse(data: bytes, where: str, robot: RobotSpec) -> RawMotion:
    """Read a clip of ``robot``, the humanoid. Raises InputError."""
    content = _json(data, where)
    frames = number_table(content["Frames"], where)
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    missing = [name for name, _ in _LINKS if name not in tree.body_names]
    if missing or frames.shape[1] != _WIDTH:
        raise InputError(
            f"{where}: a {NAME} with {frames.shape[1]} numbers per frame; read are those of the "
            f"humanoid with {_WIDTH}, for the robot humanoid, not {robot.name}"
        )
    local = _links(frames, tree)
    rest = skeleton.rest_offsets(tree)
    hanging = tree.body_index(_HANGING)
    rest[hanging] = np.linalg.norm(rest[hanging], axis=1)[:, None] * [0.0, 0.0, -1.0]
    local = skeleton.aligned(local, rest, tree)
    return RawMotion(
        format=NAME,
        source=where,
        name=Path(where).stem,
        joint_names=tree.joint_names,
        root_pos_w=_z_up(frames[:, 1:4]),
        root_quat_w=local[:, 0],
        joint_pos=skeleton.joint_angles(local, robot, tree),
        fps=_fps(frames[:, 0], where),
        loop=content["Loop"],
    )


def _links(frames: np.ndarray, tree: KinematicTree) -> np.ndarray:
    """Local rotations [T, B, 4] with z up."""
    local = np.tile([1.0, 0.0, 0.0, 0.0], (len(frames), len(tree.body_names), 1))
    local[:, 0] = _turned(frames[:, 4:8])
    column = 8
    for name, size in _LINKS:
        values = frames[:, column : column + size]
        if size == 1:  # a hinge turns about z, which points to the right
            values = rotations.from_axis_angle(np.array([0.0, 0.0, 1.0]), values[:, 0])
        local[:, tree.body_names.index(name)] = _turned(values)
        column += size
    return rotations.normalize(local)


def _z_up(vectors: np.ndarray) -> np.ndarray:
    """Vectors [..., 3] with x forward and y up, with x forward and z up."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.stack([x, -z, y], axis=-1)


def _turned(quat: np.ndarray) -> np.ndarray:
    return np.concatenate([quat[..., :1], _z_up(quat[..., 1:])], axis=-1)


def _fps(durations_s: np.ndarray, where: str) -> float:
    """The rate of frames that all last as long; that of the last one may be left out as zero."""
    lasting = durations_s[:-1] if len(durations_s) > 1 else durations_s
    if not np.all(lasting > 0) or np.ptp(lasting) > 1e-3 * lasting[0]:
        raise InputError(f"{where}: expected frames of one duration, found {set(lasting)}"[:300])
    return float(1 / lasting[0])


def _json(data: bytes, where: str) -> Dict[str, Any]:
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{where}: the JSON is truncated or damaged ({error}); expected a whole motion file; "
            "copy it again"
        ) from error
    loop = content.get("Loop")
    if "Frames" not in content or not isinstance(loop, str) or loop.lower() not in _LOOPS:
        raise InputError(f"{where}: expected a {NAME} with Frames and Loop wrap or none"[:300])
    return {**content, "Loop": _LOOPS[loop.lower()]}
