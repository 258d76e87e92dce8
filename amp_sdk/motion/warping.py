"""Dynamic time warping of a recording against a looped clip, whatever the distance of two poses."""

from __future__ import annotations

from typing import Tuple

import numpy as np

_COLUMNS_PER_STEP = 2
_MAX_ADVANCE = 4  # columns per step, at least one: local time stretch 1/2 to 2
_TOLERANCE = 1e-6  # in the unit of the costs
_MAX_ROUNDS = 50


def looped(frames: np.ndarray, duration_s: float, dt_s: float) -> np.ndarray:
    """One cycle of a clip's ``frames`` [F, K], the columns [C, K] to warp against.

    They are about half of ``dt_s`` apart, interpolated; the first follows the last.
    """
    columns = max(int(round(duration_s * _COLUMNS_PER_STEP / dt_s)), 1)
    position = np.arange(columns) / columns * (len(frames) - 1)
    frame = position.astype(np.int64)
    fraction = (position - frame)[:, None]
    return (1 - fraction) * frames[frame] + fraction * frames[frame + 1]


def least_mean(costs: np.ndarray) -> float:
    """The least mean of ``costs`` [T, C] over all paths from the first row to the last.

    A row is a recorded frame, a column a moment of the clip (see ``looped``). A path may start and
    end at any column (subsequence warping). From one row to the next it goes on by 1 to 4 columns,
    cyclically: the clip's time goes on by half to twice that of the recording (a slope limit; Sakoe
    and Chiba 1978). The mean is over the columns that are passed (trapezoidal rule between rows).
    """
    if len(costs) == 1:
        return float(costs.min())
    # the least mean over paths of different length: the least sum of (cost - level) is zero at it
    # (Dinkelbach 1967); each round gives the mean of a better path
    level = float(costs.mean())
    for _ in range(_MAX_ROUNDS):
        excess, passed = _best_path(costs - level)
        level += excess / passed
        if excess > -_TOLERANCE * passed:
            break
    return level


def _best_path(costs: np.ndarray) -> Tuple[float, int]:
    """The least integral of ``costs`` [T, C] over a path's columns, and how many these are."""
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
