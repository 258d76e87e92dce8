"""Random inputs of the kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Rollout(NamedTuple):
    """Inputs of ``gae``, ``[T, N]``."""

    rewards: np.ndarray
    values: np.ndarray
    next_values: np.ndarray
    failed: np.ndarray
    done: np.ndarray


class Windows(NamedTuple):
    """Inputs of ``disc_obs``, ``[N, H, ...]``."""

    root_pos: np.ndarray
    root_quat: np.ndarray
    root_lin_vel: np.ndarray
    root_ang_vel: np.ndarray
    joint_rot: np.ndarray
    joint_vel: np.ndarray
    key_pos: np.ndarray


def rollout(steps: int, columns: int, seed: int = 0, done: float = 0.1) -> Rollout:
    """Normal rewards and values; a share ``done`` of ends, half of them failures."""
    rng = np.random.default_rng(seed)
    arrays = rng.standard_normal((3, steps, columns)).astype(np.float32)
    ends = rng.random((steps, columns)) < done
    return Rollout(*arrays, ends & (rng.random((steps, columns)) < 0.5), ends)


def windows(n: int, h: int, j: int, d: int, k: int, seed: int = 0) -> Windows:
    """Normal vectors and uniform unit quaternions."""
    rng = np.random.default_rng(seed)

    def vectors(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    def quats(*shape: int) -> np.ndarray:
        raw = rng.standard_normal((*shape, 4))
        return (raw / np.linalg.norm(raw, axis=-1, keepdims=True)).astype(np.float32)

    return Windows(
        vectors(n, h, 3),
        quats(n, h),
        vectors(n, h, 3),
        vectors(n, h, 3),
        quats(n, h, j),
        vectors(n, h, d),
        vectors(n, h, k, 3),
    )


def relative_error(found: Any, expected: np.ndarray) -> float:
    """Largest difference relative to the largest expected value."""
    found = np.asarray(found, np.float64)
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-30))
