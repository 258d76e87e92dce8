"""How close a recorded motion is to a clip, whatever its phase and pace."""

from __future__ import annotations

from typing import Any

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion.clip import MotionClip
from amp_sdk.motion.warping import least_mean, looped
from amp_sdk.robots.kinematics import KinematicTree


def joint_error_dtw(joint_pos: Any, clip: MotionClip, dt_s: float) -> float:
    """Mean absolute joint error in rad after dynamic time warping against the looped clip.

    Args:
        joint_pos: [T, J] rad, recorded every ``dt_s``, joints in the order of ``clip.joint_names``.
        clip: looped whatever its ``loop``, without a penalty where its ends meet.

    The recording may start and end anywhere in the clip, whose time goes on by half to twice
    ``dt_s`` from one recorded frame to the next. The error is the mean over the time of the clip
    that is passed, on the path where it is least (``warping.least_mean``). So no part of the clip
    can be hurried over: a pose that is held scores about its mean absolute deviation from the clip.
    Raises InputError for arrays that do not fit.
    """
    recorded = _checked_joints(joint_pos, clip, dt_s)
    reference = looped(clip.joint_pos, clip.duration_s, dt_s)
    return least_mean(np.stack([np.abs(reference - pose).mean(axis=1) for pose in recorded]))


def pose_error_dtw(
    root_quat_w: Any, joint_pos: Any, clip: MotionClip, tree: KinematicTree, dt_s: float
) -> float:
    """Mean distance in m of the joints' places from the clip's, warped as in ``joint_error_dtw``.

    Args:
        root_quat_w: [T, 4] wxyz, recorded every ``dt_s``.
        joint_pos: [T, J] rad, joints in the order of ``clip.joint_names`` and of the tree.
        clip: looped whatever its ``loop``, without a penalty where its ends meet.
        tree: of the clip's robot.

    After the pose error of Peng et al. 2021 (AMP, arXiv:2104.02180): with places x relative to the
    root, the distance of two poses is 1/L sum_j |x_j - x'_j|; which places count, the heading and
    the slope limit are this function's own, here ``joint_places`` of both.
    Heading does not count: a policy that walks another way than the clip is not farther from it.
    Raises InputError for arrays that do not fit.
    """
    joints = _checked_joints(joint_pos, clip, dt_s)
    quat = _checked_quat(root_quat_w, len(joints))
    if tree.joint_names != clip.joint_names:
        raise InputError(
            f"expected {clip.source} with the robot's joints in their order, "
            f"{', '.join(tree.joint_names)}; found {', '.join(clip.joint_names)}"
        )
    # neighbouring rotations of a clip are near and of one sign, so that they can be interpolated
    reference = joint_places(
        looped(clip.root_quat_w, clip.duration_s, dt_s),
        looped(clip.joint_pos, clip.duration_s, dt_s),
        tree,
    )
    columns = np.ascontiguousarray(reference.transpose(2, 1, 0))
    recorded = joint_places(quat, joints, tree).transpose(0, 2, 1)[..., None]
    return least_mean(np.stack([_mean_distance(columns, pose) for pose in recorded]))


def joint_places(root_quat_w: Any, joint_pos: Any, tree: KinematicTree) -> np.ndarray:
    """Places [T, L, 3] m of all links but the base: x_j = R_z(heading)^T (p_j - p_root).

    Takes ``root_quat_w`` [T, 4] (normalised here) and ``joint_pos`` [T, J] rad in the tree's order.
    A link's origin is where its joint holds it; links that are fixed count, as AMP's fixed wrists
    do: without its feet nothing would tell a quadruped's knee angles. The base's roll and pitch
    stay. Where its x axis is vertical there is no heading, and near that it turns quickly.
    """
    quat = rotations.normalize(root_quat_w)
    return tree.forward(np.zeros(3), rotations.without_heading(quat), joint_pos)[0][..., 1:, :]


def _mean_distance(columns: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Mean over L joints of the distance [C] between ``columns`` [3, L, C] and ``pose`` [3, L, 1]
    (this layout is the quickest by far)."""
    apart = columns - pose
    return np.sqrt(np.einsum("klc,klc->lc", apart, apart)).mean(axis=0)


def _checked_joints(joint_pos: Any, clip: MotionClip, dt_s: float) -> np.ndarray:
    recorded = np.asarray(joint_pos, dtype=np.float64)
    joints = len(clip.joint_names)
    if recorded.ndim != 2 or recorded.shape[1] != joints or not len(recorded):
        raise InputError(
            f"expected recorded joint angles [T, {joints}] for {clip.source}, "
            f"found {recorded.shape}"
        )
    if not np.all(np.isfinite(recorded)):
        raise InputError("the recorded joint angles are not all finite")
    if not dt_s > 0:
        raise InputError(f"expected a time step above zero, found {dt_s}")
    return recorded


def _checked_quat(root_quat_w: Any, frames: int) -> np.ndarray:
    recorded = np.asarray(root_quat_w, dtype=np.float64)
    if recorded.shape != (frames, 4):
        raise InputError(
            f"expected recorded root rotations [{frames}, 4], one for each frame of joint angles, "
            f"found {recorded.shape}"
        )
    length = np.linalg.norm(recorded, axis=1)
    if not np.all(np.isfinite(length)) or not length.min() > 0.0:
        raise InputError("the recorded root rotations are not all finite and longer than zero")
    return recorded
