"""Comparison with reference clips: how near the joint angles come to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from amp_sdk import motion
from amp_sdk.motion.compare import joint_error_dtw
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec

_STILL_CYCLES = 12


class ClipComparison:
    """Reference clips of one robot; an episode is compared with the nearest of them."""

    def __init__(self, clips: Sequence[motion.MotionClip], period_s: float) -> None:
        self._clips = tuple(clips)
        self._period_s = period_s

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the clips."""
        return tuple(clip.name for clip in self._clips)

    def joint_error(self, joint_pos: np.ndarray, period_s: float) -> float:
        """Mean absolute joint error in rad after time warping; ``joint_pos [T, J]``."""
        return min(joint_error_dtw(joint_pos, clip, period_s) for clip in self._clips)

    def mean_pose_error(self) -> float:
        """What holding a clip's mean pose scores, in rad: the smallest over the clips."""
        scores = []
        for clip in self._clips:
            # over many cycles, so that no part of the clip can be left out
            samples = max(2, round(_STILL_CYCLES * clip.duration_s / self._period_s))
            still = np.repeat(clip.joint_pos.mean(axis=0, keepdims=True), samples, axis=0)
            scores.append(joint_error_dtw(still, clip, self._period_s))
        return min(scores)

    def cycle(self, period_s: float) -> np.ndarray:
        """One cycle of the first clip, joint angles ``[P, J]`` sampled every ``period_s``."""
        clip = self._clips[0]
        frames = np.arange(len(clip.joint_pos)) / clip.fps
        times = np.arange(0.0, max(clip.duration_s, period_s), period_s)
        return np.stack([np.interp(times, frames, q) for q in clip.joint_pos.T], axis=1)


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
    return ClipComparison(clips, policy.contract.control_period_s) if clips else None
