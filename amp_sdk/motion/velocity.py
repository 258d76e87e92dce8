"""Velocities of a clip at its frames, by finite differences."""

from __future__ import annotations

from typing import Optional, Tuple

import numpy as np

from amp_sdk import rotations
from amp_sdk.motion.clip import MotionClip


def frame_velocities(clip: MotionClip) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear [T, 3] m/s and angular [T, 3] rad/s velocity of the base in the world frame, and joint
    velocities [T, J] rad/s, float64.

    Between frames: forward differences (the angular one from q1 * conj(q0)). At a frame: the mean
    of both sides, which is the central difference. The first and last frames of a wrapped clip are
    one instant, so both get the mean of the clip's first and last difference, taken in the heading
    frame of each end; a gap between the two poses is thus no motion. A clamped clip has one side.
    """
    linear = np.diff(clip.root_pos_w, axis=0) * clip.fps
    angular = rotations.difference_w(clip.root_quat_w[:-1], clip.root_quat_w[1:]) * clip.fps
    joint = np.diff(clip.joint_pos, axis=0) * clip.fps
    if clip.loop == "clamp":
        return _at_frames(linear), _at_frames(angular), _at_frames(joint)
    ends = rotations.heading_quat(clip.root_quat_w[[0, -1]])
    seam = (joint[0] + joint[-1]) / 2
    return (
        _at_frames(linear, _seam(linear, ends)),
        _at_frames(angular, _seam(angular, ends)),
        _at_frames(joint, np.stack([seam, seam])),
    )


def _seam(steps_w: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """First and last velocity [2, 3] of a cycle, equal in the heading frames ``ends`` [2, 4]."""
    mean_h = rotations.rotate_inverse(ends, steps_w[[0, -1]]).mean(axis=0)
    return rotations.rotate(ends, mean_h)


def _at_frames(steps: np.ndarray, ends: Optional[np.ndarray] = None) -> np.ndarray:
    """[T, D] at the frames from [T - 1, D] between them; ``ends`` [2, D] replace the one-sided."""
    first, last = steps[[0, -1]] if ends is None else ends
    return np.concatenate([first[None], (steps[1:] + steps[:-1]) / 2, last[None]])
