"""Fits of one joint: how its motor follows commands, and what its gear and rotor take.

The motor: ``torque(t) = a kp (target(t - l - d) - pos(t - l)) - b kd vel(t - l)`` with ratios a, b,
the delay d from a command to its effect, and the lag l of the torque's reading. The joint:
``torque = links + armature acc + damping vel + friction sign(vel) + offset``. Both are linear but
for the two times, which are searched for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DELAYS_S = np.arange(0.0, 0.0305, 0.0005)
LAGS_S = np.arange(0.0, 0.0045, 0.0005)
_BLOCKS = 8
_STANDING_RAD_S = 0.1  # below, friction may have either sign
_MOVING_RAD_S = 0.3  # a joint that is excited goes faster than this at times
_WINDOW = 9
_NEAR_S = 0.004


@dataclass(frozen=True)
class Estimate:
    """A value and its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class JointFit:
    """Ratios to the commanded gains, delay in s, armature kg m^2, damping N m s/rad, friction and
    offset in N m. ``residual`` is the share of the torque that is not explained."""

    kp_ratio: Estimate
    kd_ratio: Estimate
    delay_s: Estimate
    armature: Estimate
    damping: Estimate
    friction: Estimate
    offset: Estimate
    residual: float


def smooth(values: np.ndarray) -> np.ndarray:
    """A short window that rises and falls over the first axis, the same for all sides of a fit."""
    window = np.hanning(_WINDOW + 2)[1:-1]
    window /= window.sum()
    padded = np.pad(values, [(_WINDOW // 2, _WINDOW // 2)] + [(0, 0)] * (values.ndim - 1), "edge")
    return np.apply_along_axis(lambda column: np.convolve(column, window, "valid"), 0, padded)


def fit_joint(
    time_s: np.ndarray,
    measured: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    links: np.ndarray,
    command: tuple[np.ndarray, np.ndarray],
    gains: tuple[float, float],
) -> JointFit:
    """``measured`` are pos, vel, acc, torque ``[N]`` at ``time_s``, ``links`` the torque ``[N]``
    that the links ask for; ``command`` is when targets were sent ``[M]`` and which ``[M]``."""
    pos, vel, acc, torque = measured
    lag, sent = _times(time_s, pos, vel, torque, command, gains)
    delay = Estimate(sent.value - lag, sent.error)
    past = time_s - lag
    pos, vel, acc, links = (np.interp(past, time_s, v) for v in (pos, vel, acc, links))
    motor = _motor_columns(pos, vel, _held(command, time_s - sent.value), gains)
    kp, kd = _jackknife(smooth(motor), smooth(torque))
    columns = np.stack([acc, vel, np.sign(smooth(vel)), np.ones_like(vel)], axis=1)
    sides = smooth(columns), smooth(torque - links)
    moving = np.abs(smooth(vel)) > _STANDING_RAD_S
    armature, damping, friction, offset = _jackknife(sides[0][moving], sides[1][moving])
    values = [e.value for e in (armature, damping, friction, offset)]
    left = sides[1][moving] - sides[0][moving] @ values
    residual = float(np.std(left) / np.std(smooth(torque)[moving]))
    return JointFit(kp, kd, delay, armature, damping, friction, offset, residual)


def excited(vel: np.ndarray) -> np.ndarray:
    """Which joint was excited at each time, ``[N]``, by the speeds ``[N, J]``; -1 for none.

    Speeds are looked at over a second or so: a chirp stands still twice a period.
    """
    width = 500
    energy = np.apply_along_axis(
        lambda column: np.convolve(column**2, np.ones(width) / width, "same"), 0, vel
    )
    best = energy.argmax(axis=1)
    clear = energy.max(axis=1) > (_MOVING_RAD_S / 2) ** 2
    return np.where(clear, best, -1)


def _held(command: tuple[np.ndarray, np.ndarray], time_s: np.ndarray) -> np.ndarray:
    sent_s, target = command
    index = np.searchsorted(sent_s, time_s, side="right") - 1
    return target[np.clip(index, 0, len(target) - 1)]


def _motor_columns(
    pos: np.ndarray, vel: np.ndarray, target: np.ndarray, gains: tuple[float, float]
) -> np.ndarray:
    return np.stack([gains[0] * (target - pos), -gains[1] * vel], axis=1)


def _times(
    time_s: np.ndarray,
    pos: np.ndarray,
    vel: np.ndarray,
    torque: np.ndarray,
    command: tuple[np.ndarray, np.ndarray],
    gains: tuple[float, float],
) -> tuple[float, Estimate]:
    """The lag, and the delay with its error, that leave the least unexplained."""

    def cost(lag: float, delay: float, part: slice) -> float:
        before, speed = (np.interp(time_s - lag, time_s, v) for v in (pos, vel))
        columns = _motor_columns(before, speed, _held(command, time_s - delay), gains)[part]
        solution, *_ = np.linalg.lstsq(columns, torque[part], rcond=None)
        return float(np.mean((torque[part] - columns @ solution) ** 2))

    def best(lag: float, part: slice, delays_s: np.ndarray) -> tuple[float, float]:
        costs = np.array([cost(lag, delay, part) for delay in delays_s])
        return float(costs.min()), _lowest(delays_s, costs)

    everything = slice(None)
    about = best(0.0, everything, DELAYS_S)[1]
    near = DELAYS_S[np.abs(DELAYS_S - about) <= _NEAR_S]
    lag = min(LAGS_S.tolist(), key=lambda lag: best(lag, everything, near)[0])
    delay = best(lag, everything, near)[1]
    edges = np.linspace(0, len(time_s), _BLOCKS + 1).astype(int)
    # the slow first quarter of a chirp says little about a delay
    parts = [best(lag, slice(a, b), near)[1] for a, b in zip(edges[2:-1], edges[3:], strict=True)]
    return lag, Estimate(delay, float(np.std(parts, ddof=1) / np.sqrt(len(parts))))


def _lowest(x: np.ndarray, y: np.ndarray) -> float:
    """Where a parabola through the least of ``y`` and its neighbours has its minimum."""
    i = int(np.argmin(y))
    if i in (0, len(x) - 1):
        return float(x[i])
    left, mid, right = y[i - 1 : i + 2]
    bend = left - 2.0 * mid + right
    shift = 0.0 if bend <= 0.0 else 0.5 * (left - right) / bend
    return float(x[i] + shift * (x[1] - x[0]))


def _jackknife(columns: np.ndarray, values: np.ndarray) -> list[Estimate]:
    """Least squares; errors by leaving out one block of the run after the other, since what is not
    explained is not independent from one measurement to the next."""
    whole, *_ = np.linalg.lstsq(columns, values, rcond=None)
    block = np.arange(len(values)) * _BLOCKS // len(values)
    parts = np.array(
        [
            np.linalg.lstsq(columns[block != i], values[block != i], rcond=None)[0]
            for i in range(_BLOCKS)
        ]
    )
    spread = np.sqrt((_BLOCKS - 1) * np.mean((parts - parts.mean(axis=0)) ** 2, axis=0))
    return [Estimate(float(v), float(e)) for v, e in zip(whole, spread, strict=True)]
