"""How close recorded joint angles are to a clip, whatever their phase and pace."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.motion.clip import MotionClip

_COLUMNS_PER_STEP = 2
_MAX_ADVANCE = 4  # columns per step, at least one: local time stretch 1/2 to 2
_TOLERANCE_RAD = 1e-6
_MAX_ROUNDS = 50


def joint_error_dtw(joint_pos: Any, clip: MotionClip, dt_s: float) -> float:
    """Mean absolute joint error in rad after dynamic time warping against the looped clip.

    Args:
        joint_pos: [T, J] rad, recorded every ``dt_s``, joints in the order of ``clip.joint_names``.
        clip: looped whatever its ``loop``, without a penalty where its ends meet.

    The recording may start and end anywhere in the clip (subsequence warping). From one recorded
    frame to the next the clip's time goes on by half to twice ``dt_s`` (a slope limit; Sakoe and
    Chiba 1978). The error is the mean over the time of the clip that is passed (trapezoidal rule
    between recorded frames), on the path where it is least. So no part of the clip can be hurried
    over: a pose that is held scores about its mean absolute deviation from the clip.
    Raises InputError for arrays that do not fit.
    """
    recorded = _checked(joint_pos, clip, dt_s)
    reference = _looped(clip, dt_s / _COLUMNS_PER_STEP)
    costs = np.stack([np.abs(reference - pose).mean(axis=1) for pose in recorded])
    if len(costs) == 1:
        return float(costs.min())
    # the least mean over paths of different length: the least sum of (cost - level) is zero at it
    # (Dinkelbach 1967); each round gives the mean of a better path
    level = float(costs.mean())
    for _ in range(_MAX_ROUNDS):
        excess, passed = _best_path(costs - level)
        level += excess / passed
        if excess > -_TOLERANCE_RAD * passed:
            break
    return level


def _best_path(costs: np.ndarray) -> Tuple[float, int]:
    """The least integral of ``costs`` [T, C] over a path's columns, and how many these are.

    A path enters row 0 at any column and goes on by 1 to 4 columns, cyclically, in each row.
    """
    columns = np.arange(costs.shape[1])
    advances = np.arange(1, _MAX_ADVANCE + 1)[:, None]
    back = (columns - advances) % len(columns)
    half = advances / 2.0
    total, passed = np.zeros(len(columns)), np.zeros(len(columns), dtype=np.int64)
    for before, row in zip(costs[:-1], costs[1:]):
        candidates = total[back] + half * (before[back] + row)
        best = np.argmin(candidates, axis=0)
        total = candidates[best, columns]
        passed = passed[back[best, columns]] + best + 1
    end = int(np.argmin(total))
    return float(total[end]), int(passed[end])


def _looped(clip: MotionClip, spacing_s: float) -> np.ndarray:
    """One cycle of joint angles [C, J] about ``spacing_s`` apart; the first follows the last."""
    columns = max(int(round(clip.duration_s / spacing_s)), 1)
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
