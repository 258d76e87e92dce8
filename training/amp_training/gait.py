"""Measures of a gait, pure functions of a recorded motion of T steps, F feet and J joints.

They know nothing of the discriminator, and treat a robot and a clip alike.
"""

from __future__ import annotations

from typing import Optional, Union

import numpy as np

CONTACT_M = 0.01
"""A foot is on the ground where it is not higher above it than this."""
COVERED_RAD = 0.1
"""A pose of a clip is covered where the robot took one with no larger mean absolute difference."""

_SHORTEST_PERIOD_S = 0.15
_PERIODIC = 0.5
_AS_HIGH = 0.9
_MOST_POSES, _MOST_VISITED = 2000, 4000
_ROWS = 64


def in_contact(height_m: np.ndarray, ground_m: Union[float, np.ndarray] = 0.0) -> np.ndarray:
    """Which feet are on the ground, [T, F] bool, from their heights [T, F] above where they are
    when the robot stands; ``ground_m`` [F] where the ground is not at zero."""
    return height_m < ground_m + CONTACT_M


def duty_factor(contact: np.ndarray) -> float:
    """Share of the time that a foot is on the ground, mean over the feet of ``contact`` [T, F]."""
    return float(np.mean(contact))


def foot_slip(foot_pos_w: np.ndarray, contact: np.ndarray, dt_s: float) -> Optional[float]:
    """Mean horizontal speed in m/s of feet [T, F, >=2] m on the ground; None where none ever is.

    A step counts for a foot that is on the ground at both of its ends, ``contact`` [T, F].
    """
    held = contact[1:] & contact[:-1]
    if not held.any():
        return None
    speed = np.linalg.norm(np.diff(foot_pos_w[..., :2], axis=0), axis=-1) / dt_s
    return float(speed[held].mean())


def gait_frequency(joint_pos: np.ndarray, dt_s: float) -> Optional[float]:
    """Strides a second of joint angles [T, J] rad; None where nothing repeats itself.

    The stride is the first lag at which the joints' autocorrelation (deviations from their means,
    each lag over the energy of its own two parts) peaks about as high as it ever does again. A leg
    repeats itself once a stride, so left and right steps are not taken for one another. At least
    two strides must have been recorded.
    """
    lags = len(joint_pos) // 2
    shortest = max(1, int(round(_SHORTEST_PERIOD_S / dt_s)))
    if lags < shortest + 2:
        return None
    correlation = _autocorrelation(joint_pos - joint_pos.mean(axis=0), lags)
    inner = correlation[1:-1]
    peaks = 1 + np.flatnonzero((inner >= correlation[:-2]) & (inner > correlation[2:]))
    peaks = peaks[(peaks >= shortest) & (correlation[peaks] > _PERIODIC)]
    if not len(peaks):
        return None
    lag = int(peaks[correlation[peaks] >= _AS_HIGH * correlation[peaks].max()][0])
    before, here, after = correlation[lag - 1 : lag + 2]
    curvature = before - 2.0 * here + after
    offset = 0.5 * (before - after) / curvature if curvature < 0.0 else 0.0
    return float(1.0 / ((lag + offset) * dt_s))


def coverage(visited: np.ndarray, poses: np.ndarray, tolerance_rad: float = COVERED_RAD) -> float:
    """Share of ``poses`` [P, J] rad of the clips that lie near one of ``visited`` [M, J] rad: the
    mean absolute difference of the joints is at most ``tolerance_rad``.

    Of more than 2000 poses, or 4000 visited, so many are taken, evenly: it is for passing by.
    """
    if not len(visited):
        return 0.0
    poses, visited = _thinned(poses, _MOST_POSES), _thinned(visited, _MOST_VISITED)
    near = 0
    for i in range(0, len(poses), _ROWS):
        apart = poses[i : i + _ROWS, None] - visited[None]
        nearest = np.abs(apart, out=apart).mean(axis=2).min(axis=1)
        near += int(np.count_nonzero(nearest <= tolerance_rad))
    return near / len(poses)


def _thinned(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many of ``rows`` [R, J], evenly spaced, float32."""
    if len(rows) > most:
        rows = rows[np.linspace(0, len(rows) - 1, most).round().astype(int)]
    return rows.astype(np.float32)


def _autocorrelation(signal: np.ndarray, lags: int) -> np.ndarray:
    """Of ``signal`` [T, J] at lags 0 to ``lags``, between -1 and 1; zero without any motion."""
    frames = len(signal)
    spectrum = np.fft.rfft(signal, 2 * frames, axis=0)
    products = np.fft.irfft((np.abs(spectrum) ** 2).sum(axis=1), 2 * frames)[: lags + 1]
    energy = np.concatenate(([0.0], np.cumsum((signal**2).sum(axis=1))))
    lag = np.arange(lags + 1)
    scale = np.sqrt(energy[frames - lag] * (energy[frames] - energy[lag]))
    return np.divide(products, scale, out=np.zeros_like(products), where=scale > 1e-9 * frames)
