"""poselib ``.npy`` (IsaacGymEnvs): a pickled skeleton with local or global rotations of its links.

Quaternions are XYZW. The skeleton's links are found by name in the robot; its bones must be as long
as the robot's, because rotations alone are taken over.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion.formats import safe_pickle, skeleton
from amp_sdk.motion.formats.raw import RawMotion
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree

NAME = "poselib .npy"
_BONE_TOLERANCE_M = 0.01


def recognises(data: bytes) -> bool:
    """Whether ``data`` begins as an ``.npy`` file does."""
    return data[:6] == b"\x93NUMPY"


def parse(data: bytes, where: str, robot: RobotSpec) -> RawMotion:
    """Read a clip of ``robot``, a character. Raises InputError."""
    content = _content(data, where)
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    names = _names(content, where)
    if sorted(names) != sorted(tree.body_names):
        unknown = [name for name in names if name not in tree.body_names]
        raise InputError(
            f"{where}: expected the links of {robot.name} ({', '.join(tree.body_names)}), found a "
            f"skeleton of {len(names)}" + (f" with {', '.join(unknown[:5])}" if unknown else "")
        )
    order = [names.index(name) for name in tree.body_names]
    quat = _array(content, "rotation", (None, len(names), 4), where)
    place = _array(content, "root_translation", (len(quat), 3), where)
    tree_part = content["skeleton_tree"]
    rest = _array(tree_part, "local_translation", (len(names), 3), where)[order]
    quat = rotations.from_xyzw(quat)[:, order]
    if not content["is_local"]:
        parent = np.maximum(tree.parent, 0)
        turned = rotations.multiply(rotations.conjugate(quat[:, parent]), quat)
        quat = np.concatenate([quat[:, :1], turned[:, 1:]], axis=1)
    _check_bones(rest, tree, robot, where)
    local = skeleton.aligned(quat, rest, tree)
    return RawMotion(
        format=NAME,
        source=where,
        name=Path(where).stem,
        joint_names=tree.joint_names,
        root_pos_w=place,
        root_quat_w=local[:, 0],
        joint_pos=skeleton.joint_angles(local, robot, tree),
        fps=_fps(content["fps"], where),
        loop=None,
    )


def _check_bones(rest: np.ndarray, tree: KinematicTree, robot: RobotSpec, where: str) -> None:
    wanted = np.linalg.norm(skeleton.rest_offsets(tree), axis=1)
    off = np.abs(np.linalg.norm(rest, axis=1) - wanted)
    off[0] = 0.0
    worst = int(np.argmax(off))
    if off[worst] > _BONE_TOLERANCE_M:
        raise InputError(
            f"{where}: expected the bones of {robot.name}, found one to {tree.body_names[worst]} "
            f"that is {off[worst]:.3f} m longer or shorter; retarget the clip first"
        )


def _content(data: bytes, where: str) -> Dict[str, Any]:
    """The dict that the file holds as an array of one object."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
            version, np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(stream)
    except ValueError as error:
        raise InputError(f"{where}: the header of the .npy file is damaged ({error})") from error
    keys = ("rotation", "root_translation", "skeleton_tree", "is_local", "fps")
    content: Any = None
    if dtype.hasobject and shape == ():
        content = safe_pickle.load(stream.read(), where, objects=True)
    if not isinstance(content, dict) or any(key not in content for key in keys):
        raise InputError(
            f"{where}: expected a {NAME} with {', '.join(keys)}; found "
            + (", ".join(map(str, content)) if isinstance(content, dict) else f"{dtype} {shape}")
        )
    return content


def _names(content: Dict[str, Any], where: str) -> List[str]:
    tree = content["skeleton_tree"]
    names = tree.get("node_names") if isinstance(tree, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{where}: skeleton_tree: expected node_names, a list of names")
    return names


def _array(content: Dict[str, Any], key: str, shape: tuple, where: str) -> np.ndarray:
    """The numbers of ``content[key]["arr"]`` with the ``shape`` given (None: any)."""
    part = content.get(key)
    array = part.get("arr") if isinstance(part, dict) else None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
        raise InputError(f"{where}: {key}: expected numbers of shape {shape}, found none")
    same = len(array.shape) == len(shape)
    if not same or any(n not in (None, m) for n, m in zip(shape, array.shape)):
        raise InputError(f"{where}: {key}: expected shape {shape}, found {array.shape}")
    return array.astype(np.float64)


def _fps(value: Any, where: str) -> float:
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{where}: expected a number as fps, found {value!r}"[:200])
    return float(value)
