"""How close recorded joint angles are to a clip, whatever their phase and pace."""

from __future__ import annotations

from typing import Any

import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.motion.clip import MotionClip

_COLUMNS_PER_STEP = 2
_ADVANCES = (1, 2, 3, 4)  # columns per step: local time stretch 1/2 to 2


def joint_error_dtw(joint_pos: Any, clip: MotionClip, dt_s: float) -> float:
    """Mean absolute joint error in rad after dynamic time warping against the looped clip.

    Args:
        joint_pos: [T, J] rad, recorded every ``dt_s``, joints in the order of ``clip.joint_names``.
        clip: looped whatever its ``loop``, without a penalty where its ends meet.

    The recording may start and end anywhere in the clip. From one recorded frame to the next the
    clip's time goes on by half to twice ``dt_s``, so that no pose can be dwelt on (slope-limited
    subsequence warping; Sakoe and Chiba 1978, Mueller 2007). Each recorded frame counts once.
    Raises InputError for arrays that do not fit.
    """
    recorded = _checked(joint_pos, clip, dt_s)
    reference = _looped(clip, dt_s / _COLUMNS_PER_STEP)
    columns, reach = len(reference), max(_ADVANCES)
    total = np.abs(reference - recorded[0]).mean(axis=1)
    for pose in recorded[1:]:
        # the columns before the first are those of the cycle before
        before = np.concatenate([total[-reach:], total])
        best = before[reach - _ADVANCES[0] : reach - _ADVANCES[0] + columns]
        for advance in _ADVANCES[1:]:
            best = np.minimum(best, before[reach - advance : reach - advance + columns])
        total = best + np.abs(reference - pose).mean(axis=1)
    return float(total.min()) / len(recorded)


def _looped(clip: MotionClip, spacing_s: float) -> np.ndarray:
    """One cycle of joint angles [C, J] about ``spacing_s`` apart; the first follows the last."""
    columns = max(int(round(clip.duration_s / spacing_s)), max(_ADVANCES))
    position = np.arange(columns) / columns * (clip.num_frames - 1)
    frame = position.astype(np.int64)
    fraction = (position - frame)[:, None]
    return (1 - fraction) * clip.joint_pos[frame] + fraction * clip.joint_pos[frame + 1]


def _checked(joint_pos: Any, clip: MotionClip, dt_s: float) -> np.ndarray:
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
