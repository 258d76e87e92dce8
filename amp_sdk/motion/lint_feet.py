"""Whether the feet of a motion sink into the ground, hover above it or slide over it."""

from __future__ import annotations

from typing import Iterator

import numpy as np

from amp_sdk.motion.finding import PROBLEM, Finding
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree

_MAX_SINK_M = 0.02
_MAX_HOVER_M = 0.03
_CONTACT_M = 0.02
_MAX_SLIDE_M_S = 0.35
_MIN_CONTACTS = 3


def check(
    robot: RobotSpec,
    fps: float,
    root_pos_w: np.ndarray,
    root_quat_w: np.ndarray,
    joint_pos: np.ndarray,
) -> Iterator[Finding]:
    """Findings for a motion [T] of finite numbers with the ground at z = 0.

    A foot's height is that of its link above where it is when the robot stands. A foot counts as on
    the ground where it is within 2 cm of its own low points, so that a clip that is too high or low
    as a whole is judged for sliding all the same.
    """
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    feet = tree.body_index(robot.foot_bodies)
    base = np.array([0.0, 0.0, robot.default_base_height_m])
    level = np.array([1.0, 0.0, 0.0, 0.0])
    stand = tree.forward(base, level, robot.default_joint_pos_rad)[0][feet, 2]
    place = tree.forward(root_pos_w, root_quat_w, joint_pos)[0][:, feet]
    height = place[..., 2] - stand
    lowest = height.min(axis=1)
    sunk = np.flatnonzero(lowest < -_MAX_SINK_M)
    if len(sunk):
        depth = -float(lowest.min())
        text = f"feet: up to {depth:.3f} m below the ground at {len(sunk)} of {len(lowest)} frames"
        yield Finding("feet_sink", PROBLEM, text, depth, tuple(sunk.tolist()))
    hover = float(np.quantile(lowest, 0.05))
    if hover > _MAX_HOVER_M:
        text = f"feet: hardly ever lower than {hover:.3f} m above the ground"
        yield Finding("feet_hover", PROBLEM, text, hover)
    speed = np.linalg.norm(np.diff(place[..., :2], axis=0), axis=-1) * fps
    low = height < np.quantile(height, 0.05, axis=0) + _CONTACT_M
    for index, name in enumerate(robot.foot_bodies):
        on_ground = np.flatnonzero(low[1:, index] & low[:-1, index])
        if len(on_ground) < _MIN_CONTACTS:
            continue
        slide = float(np.median(speed[on_ground, index]))
        if slide > _MAX_SLIDE_M_S:
            text = f"{name}: slides at {slide:.2f} m/s while it is on the ground"
            yield Finding("foot_slides", PROBLEM, text, slide, tuple(on_ground.tolist()))
