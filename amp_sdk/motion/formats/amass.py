"""AMASS-like ``.npz``: ``poses`` [T, 66 or more] axis-angle, ``trans`` [T, 3], a frame rate.

SMPL's frames have y up and z forward, the package's SMPL robot z up and x forward, so that every
vector is permuted. ``trans`` moves the model's origin, not its pelvis, and how far they are apart
depends on the body's shape; the clip is raised so that its lowest foot stands on the ground.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any, Dict

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion.formats import skeleton
from amp_sdk.motion.formats.raw import MAX_NUMBERS, RawMotion
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree

NAME = "AMASS .npz"
_RATES = ("mocap_framerate", "mocap_frame_rate", "fps")
# SMPL's order of joints; hands are a pose of their own from SMPL-H on
_LINKS = (
    "Pelvis", "L_Hip", "R_Hip", "Torso", "L_Knee", "R_Knee", "Spine", "L_Ankle", "R_Ankle",
    "Chest", "L_Toe", "R_Toe", "Neck", "L_Thorax", "R_Thorax", "Head", "L_Shoulder", "R_Shoulder",
    "L_Elbow", "R_Elbow", "L_Wrist", "R_Wrist",
)  # fmt: skip


def recognises(data: bytes) -> bool:
    """Whether ``data`` is a zip file with poses and trans."""
    if data[:2] != b"PK":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {"poses.npy", "trans.npy"} <= set(archive.namelist())
    except zipfile.BadZipFile:
        return False


def parse(data: bytes, where: str, robot: RobotSpec) -> RawMotion:
    """Read a clip of ``robot``, the SMPL body. Raises InputError."""
    content = _arrays(data, where)
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    if not set(_LINKS) <= set(tree.body_names):
        raise InputError(f"{where}: expected a clip of {robot.name}, found one of the SMPL body; "
                         "use the robot smpl")  # fmt: skip
    poses = content["poses"][:, : 3 * len(_LINKS)].reshape(len(content["poses"]), -1, 3)
    local = np.tile([1.0, 0.0, 0.0, 0.0], (len(poses), len(tree.body_names), 1))
    local[:, tree.body_index(_LINKS)] = rotations.from_exp_map(poses[..., [2, 0, 1]])
    # the world of AMASS has z up already: only the pelvis' own frame is another
    frame = rotations.from_matrix(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]))
    local[:, 0] = rotations.multiply(rotations.from_exp_map(poses[:, 0]), frame)
    joint_pos = skeleton.joint_angles(local, robot, tree)
    place = content["trans"].copy()
    place[:, 2] += _rise(robot, tree, place, local[:, 0], joint_pos)
    return RawMotion(
        format=NAME,
        source=where,
        name=Path(where).stem,
        joint_names=tree.joint_names,
        root_pos_w=place,
        root_quat_w=local[:, 0],
        joint_pos=joint_pos,
        fps=float(content["fps"]),
        loop="clamp",
    )


def _rise(
    robot: RobotSpec,
    tree: KinematicTree,
    place: np.ndarray,
    quat: np.ndarray,
    joint_pos: np.ndarray,
) -> float:
    """What puts the low points (5 %) of the lowest foot where it is when the robot stands, m."""
    feet, level = tree.body_index(robot.foot_bodies), np.array([1.0, 0.0, 0.0, 0.0])
    height = np.array([0.0, 0.0, robot.default_base_height_m])
    stand = tree.forward(height, level, robot.default_joint_pos_rad)[0][feet, 2].min()
    lowest = tree.forward(place, quat, joint_pos)[0][:, feet, 2].min(axis=1)
    return float(stand - np.quantile(lowest, 0.05))


def _arrays(data: bytes, where: str) -> Dict[str, Any]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 8 * MAX_NUMBERS:
                raise InputError(f"{where}: more than {MAX_NUMBERS} numbers; not a motion clip")
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            rate = next((archive[key] for key in _RATES if key in archive.files), None)
            content = {key: archive[key] for key in ("poses", "trans")}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{where}: the file is truncated or damaged ({error}); expected a whole {NAME}"
        ) from error
    poses, trans = content["poses"], content["trans"]
    wide = poses.ndim == 2 and poses.shape[1] >= 3 * len(_LINKS) and poses.dtype.kind == "f"
    if not wide or trans.shape != (len(poses), 3) or trans.dtype.kind != "f":
        raise InputError(
            f"{where}: expected poses [T, {3 * len(_LINKS)} or more] and trans [T, 3], found "
            f"{poses.dtype} {poses.shape} and {trans.dtype} {trans.shape}"
        )
    if rate is None or rate.size != 1 or rate.dtype.kind not in "iuf":
        raise InputError(f"{where}: expected a frame rate ({' or '.join(_RATES)}), found none")
    return {
        "poses": poses.astype(np.float64),
        "trans": trans.astype(np.float64),
        "fps": rate.item(),
    }
