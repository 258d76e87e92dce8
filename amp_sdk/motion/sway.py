"""A motion of any robot here: it stands, shifts its weight from side to side and bends its knees.

The feet rest where they are in the stand pose; the joints between them and the base follow by
inverse kinematics, the others swing a little about the stand pose.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion.clip import MotionClip
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree

NAME = "sway"
_PERIOD_S = 2.0
_SIDE_SHARE, _DOWN_SHARE = 0.03, 0.02  # of the base's height
_SWING_RAD = 0.08
_TOLERANCE_M = 1e-4
_ITERATIONS = 40
_DAMPING = 1e-6
_ATTITUDE_M = 0.3
"""A rad of a foot's attitude counts as so many metres of its place."""


def sway(robot: RobotSpec, fps: float, height_m: Optional[float] = None) -> MotionClip:
    """One cycle of two seconds, wrapped; ``height_m`` is the highest place of the base.

    Raises InputError where the feet cannot stay on the ground.
    """
    frames = max(int(round(_PERIOD_S * fps)), 2) + 1
    phase = 2 * np.pi * np.arange(frames) / (frames - 1)
    height = robot.default_base_height_m if height_m is None else height_m
    root_pos = np.zeros((frames, 3))
    root_pos[:, 1] = _SIDE_SHARE * height * np.sin(phase)
    root_pos[:, 2] = height * (1 - _DOWN_SHARE * (1 - np.cos(2 * phase)) / 2)
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    feet = tree.body_index(robot.foot_bodies)
    legs = _joints_above(tree, feet)
    joint_pos = np.tile(robot.default_joint_pos_rad, (frames, 1))
    free = np.setdiff1d(np.arange(len(robot.joint_names)), legs)
    swing = _SWING_RAD * np.sin(phase[:, None] + np.arange(len(free)))
    joint_pos[:, free] = np.clip(
        joint_pos[:, free] + swing, robot.joint_lower_rad[free], robot.joint_upper_rad[free]
    )
    _reach(robot, tree, feet, legs, root_pos, joint_pos)
    return MotionClip(
        name=NAME,
        robot=robot.name,
        fps=fps,
        joint_names=robot.joint_names,
        root_pos_w=root_pos,
        root_quat_w=np.tile([1.0, 0.0, 0.0, 0.0], (frames, 1)),
        joint_pos=joint_pos,
        loop="wrap",
        source=f"{NAME}(body_height_m={height:g}, fps={fps:g})",
    )


def _joints_above(tree: KinematicTree, bodies: np.ndarray) -> np.ndarray:
    """Indices of the joints between the base and any of ``bodies``."""
    found = set()
    for body in bodies.tolist():
        while body > 0:
            found |= set(np.flatnonzero(tree.joint_body == body).tolist())
            body = int(tree.parent[body])
    return np.array(sorted(found), dtype=np.int64)


def _reach(
    robot: RobotSpec,
    tree: KinematicTree,
    feet: np.ndarray,
    legs: np.ndarray,
    root_pos: np.ndarray,
    joint_pos: np.ndarray,
) -> None:
    """Turn the joints ``legs`` so that the feet stand as in the stand pose, in place.

    Levenberg-Marquardt, all frames at once. A foot with fewer than six joints above it is a point:
    its attitude is free.
    """
    level = np.tile([1.0, 0.0, 0.0, 0.0], (len(root_pos), 1))
    stand = np.array([0.0, 0.0, robot.default_base_height_m])
    place, attitude = tree.forward(stand, level[0], robot.default_joint_pos_rad)
    above = [_joints_above(tree, np.array([foot])) for foot in feet]
    weight = _ATTITUDE_M * np.array([len(joints) >= 6 for joints in above])[:, None]
    reaches = np.stack([np.isin(legs, joints) for joints in above])[..., None]  # [F, L, 1]
    for _ in range(_ITERATIONS):
        pos, quat = tree.forward(root_pos, level, joint_pos)
        tilt = rotations.difference_w(attitude[feet], quat[:, feet])
        error = np.stack([pos[:, feet] - place[feet], weight * tilt], axis=-2)  # [T, F, 2, 3]
        if np.abs(error).max() < _TOLERANCE_M / 10:
            return
        axis = _axes_w(tree, quat, joint_pos)[:, None, legs]  # [T, 1, L, 3]
        arm = pos[:, feet, None] - pos[:, None, tree.joint_body[legs]]
        slopes = [np.cross(axis, arm) * reaches, axis * weight[..., None] * reaches]
        slope = np.stack(np.broadcast_arrays(*slopes), axis=-2)  # [T, F, L, 2, 3]
        slope = np.moveaxis(slope, 2, 1).reshape(len(pos), len(legs), -1)
        square = slope @ np.swapaxes(slope, -1, -2) + _DAMPING * np.eye(len(legs))
        step = np.linalg.solve(square, slope @ error.reshape(len(pos), -1, 1))
        joint_pos[:, legs] -= step[..., 0]
    raise InputError(
        f"{NAME}: the feet of {robot.name} cannot stay on the ground; choose a base height "
        f"below its stand's, {robot.default_base_height_m:g} m"
    )


def _axes_w(tree: KinematicTree, quat: np.ndarray, joint_pos: np.ndarray) -> np.ndarray:
    """World axes [T, J, 3] of all joints; of several at a link, a later one turns none before."""
    turns = tree.joint_rotations(joint_pos)
    axes = np.empty(joint_pos.shape + (3,))
    for body in range(1, len(tree.body_names)):
        frame = quat[:, body]
        for j in np.flatnonzero(tree.joint_body == body)[::-1]:
            axes[:, j] = rotations.rotate(frame, tree.joint_axis[j])
            frame = rotations.multiply(frame, rotations.conjugate(turns[:, j]))
    return axes
