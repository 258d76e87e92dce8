"""Measures of an episode: pure functions of what was logged. ``T`` samples, ``J`` joints."""

from __future__ import annotations

import numpy as np

from amp_sdk import rotations

GRAVITY_M_S2 = 9.81


def tilt_rad(quat_w: np.ndarray) -> np.ndarray:
    """Angle ``[...]`` between the base's z axis and the vertical; ``quat_w [..., 4]`` wxyz."""
    x, y = quat_w[..., 1], quat_w[..., 2]
    return np.arccos(np.clip(1.0 - 2.0 * (x * x + y * y), -1.0, 1.0))


def heading_velocity(lin_vel_w: np.ndarray, quat_w: np.ndarray) -> np.ndarray:
    """Forward and lateral velocity ``[T, 2]`` in the frame that turns with the base's heading.

    ``lin_vel_w [T, 3]`` m/s, ``quat_w [T, 4]`` wxyz.
    """
    yaw = rotations.heading(quat_w)
    cos, sin = np.cos(yaw), np.sin(yaw)
    vx, vy = lin_vel_w[:, 0], lin_vel_w[:, 1]
    return np.stack([cos * vx + sin * vy, -sin * vx + cos * vy], axis=1)


def yaw_rate(ang_vel_b: np.ndarray, quat_w: np.ndarray) -> np.ndarray:
    """Angular velocity ``[T]`` about the vertical, rad/s; ``ang_vel_b [T, 3]``."""
    return rotations.rotate(quat_w, ang_vel_b)[:, 2]


def torque_rms_nm(torque_nm: np.ndarray) -> np.ndarray:
    """Root mean square ``[J]`` of ``torque_nm [T, J]``."""
    return np.sqrt(np.mean(np.square(torque_nm, dtype=np.float64), axis=0))


def saturation_share(torque_nm: np.ndarray, limit_nm: np.ndarray) -> np.ndarray:
    """Share ``[J]`` of the samples in which the torque ``[T, J]`` is at its limit ``[J]``."""
    return np.mean(np.abs(torque_nm) >= limit_nm * (1.0 - 1e-6), axis=0)


def action_roughness(action: np.ndarray) -> float:
    """Mean squared second difference of ``action [T, J]``: 0 for constant or linear actions."""
    if len(action) < 3:
        return 0.0
    return float(np.mean(np.square(np.diff(action, n=2, axis=0))))


def limit_excess_rad(pos_rad: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """How far ``pos_rad [T, J]`` is beyond ``[lower, upper]``, zero inside; ``[T, J]``."""
    return np.maximum(0.0, np.maximum(lower - pos_rad, pos_rad - upper))


def cost_of_transport(
    torque_nm: np.ndarray, vel_rad_s: np.ndarray, step_s: float, mass_kg: float, distance_m: float
) -> float | None:
    """Mechanical work over weight times distance, ``sum |tau dq| dt / (m g d)``.

    ``torque_nm``, ``vel_rad_s [T, J]``. Braking counts as work (motors do not give it back). None
    below 0.5 m, where the ratio says nothing.
    """
    if distance_m < 0.5:
        return None
    work = float(np.sum(np.abs(torque_nm.astype(np.float64) * vel_rad_s)) * step_s)
    return work / (mass_kg * GRAVITY_M_S2 * distance_m)


def path_length_m(pos_w: np.ndarray) -> float:
    """Length of the horizontal path through ``pos_w [T, 3]``."""
    return float(np.sum(np.linalg.norm(np.diff(pos_w[:, :2], axis=0), axis=1)))
