"""Comparison with reference clips: how near a motion comes to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amp_sdk import motion, rotations
from amp_sdk.motion.compare import joint_error_dtw, pose_error_dtw
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree

_STILL_CYCLES = 12  # so many that no part of the clip can be left out
_STILL_STEPS = 500  # of a cycle at most: longer ones through a clip of more than ten seconds


@dataclass(frozen=True)
class Distance:
    """Of a motion from its nearest clip after time warping, see ``amp_sdk.motion.compare``."""

    joint_error_rad: float
    pose_error_m: float


class ClipComparison:
    """Reference clips of one robot; an episode is compared with the nearest of them, which is the
    one with the least joint error."""

    def __init__(
        self, clips: Sequence[motion.MotionClip], robot: RobotSpec, period_s: float
    ) -> None:
        self._clips = tuple(clips)
        self._tree = KinematicTree.from_mjcf(robot.mjcf_path)
        self._period_s = period_s

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the clips."""
        return tuple(clip.name for clip in self._clips)

    def joint_error(self, joint_pos: np.ndarray, period_s: float) -> float:
        """Mean absolute joint error in rad after time warping; ``joint_pos [T, J]``."""
        return self._nearest(joint_pos, period_s)[0]

    def distance(self, base_quat_w: np.ndarray, joint_pos: np.ndarray, period_s: float) -> Distance:
        """Of the motion ``base_quat_w [T, 4]``, ``joint_pos [T, J]`` from the nearest clip."""
        error, clip = self._nearest(joint_pos, period_s)
        pose_error = pose_error_dtw(base_quat_w, joint_pos, clip, self._tree, period_s)
        return Distance(error, pose_error)

    def mean_pose_distance(self) -> Distance:
        """Of holding a clip's mean pose from that clip, where its joint error is the smallest."""
        stills = [_still(clip, self._period_s) for clip in self._clips]
        errors = [
            joint_error_dtw(still.joint_pos, clip, still.period_s)
            for still, clip in zip(stills, self._clips, strict=True)
        ]
        best = int(np.argmin(errors))
        still, clip = stills[best], self._clips[best]
        return Distance(
            errors[best],
            pose_error_dtw(still.base_quat_w, still.joint_pos, clip, self._tree, still.period_s),
        )

    def cycle(self, period_s: float) -> np.ndarray:
        """One cycle of the first clip, joint angles ``[P, J]`` sampled every ``period_s``."""
        clip = self._clips[0]
        frames = np.arange(len(clip.joint_pos)) / clip.fps
        times = np.arange(0.0, max(clip.duration_s, period_s), period_s)
        return np.stack([np.interp(times, frames, q) for q in clip.joint_pos.T], axis=1)

    def _nearest(self, joint_pos: np.ndarray, period_s: float) -> tuple[float, motion.MotionClip]:
        errors = [joint_error_dtw(joint_pos, clip, period_s) for clip in self._clips]
        best = int(np.argmin(errors))
        return errors[best], self._clips[best]


@dataclass(frozen=True)
class _Still:
    """A pose that is held, [T, 4] and [T, J], sampled every ``period_s``."""

    base_quat_w: np.ndarray
    joint_pos: np.ndarray
    period_s: float


def _still(clip: motion.MotionClip, period_s: float) -> _Still:
    """The mean pose of a clip; of the base's rotations without their heading the mean is what the
    quaternions have most in common, whatever their sign (Markley et al. 2007)."""
    period_s = max(period_s, clip.duration_s / _STILL_STEPS)
    samples = max(2, round(_STILL_CYCLES * clip.duration_s / period_s))
    level = rotations.without_heading(clip.root_quat_w)
    mean_quat = np.linalg.eigh(level.T @ level)[1][:, -1]
    mean_joints = clip.joint_pos.mean(axis=0)
    return _Still(np.tile(mean_quat, (samples, 1)), np.tile(mean_joints, (samples, 1)), period_s)


def load_comparison(
    sources: Sequence[str], policy: Policy, robot: RobotSpec
) -> ClipComparison | None:
    """The clips named by the user, or else those of the policy's training that we can generate.

    None where there are neither. Raises InputError for a clip that cannot be read.
    """
    if not sources:
        trained_on = policy.contract.provenance.motions
        sources = [name for name in trained_on if name in motion.GENERATORS]
    clips = [motion.load_clip(source, robot) for source in sources]
    return ClipComparison(clips, robot, policy.contract.control_period_s) if clips else None
