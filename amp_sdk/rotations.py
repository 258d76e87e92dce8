"""Rotations as unit quaternions, (w, x, y, z), in plain NumPy.

Every function takes batches ``[..., 4]`` (or ``[..., 3]``) that broadcast against each other and
keeps the precision of the arrays it is given: float32 in, float32 out; everything else is computed
in float64. Python numbers and lists adapt to the arrays beside them.
``q`` maps vectors of the body frame to the world frame: ``v_w = rotate(q, v_b)``, and
``multiply(a, b)`` turns by ``b`` first. ``q`` and ``-q`` are the same rotation.

Source of the formulas: J. Diebel, "Representing Attitude", Stanford 2006, with the angle of a
quaternion taken from atan2, which stays accurate near the identity and near half a turn.
"""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np


def normalize(q: Any) -> np.ndarray:
    """``q`` [..., 4] at unit length. A zero quaternion gives NaN, as there is no right answer."""
    (q,) = _arrays(q)
    with np.errstate(invalid="ignore"):
        return q / np.linalg.norm(q, axis=-1, keepdims=True)


def multiply(a: Any, b: Any) -> np.ndarray:
    """The rotation ``a`` after ``b``: Hamilton product [..., 4]."""
    a, b = _arrays(a, b)
    aw, ax, ay, az = _parts(a)
    bw, bx, by, bz = _parts(b)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def conjugate(q: Any) -> np.ndarray:
    """The inverse rotation of a unit quaternion [..., 4]."""
    (q,) = _arrays(q)
    return q * np.array([1, -1, -1, -1], dtype=q.dtype)


def rotate(q: Any, v: Any) -> np.ndarray:
    """``v`` [..., 3] of the body frame, in the world frame: v + 2w(u x v) + 2u x (u x v)."""
    q, v = _arrays(q, v)
    w, u = q[..., :1], q[..., 1:]
    t = 2 * _cross(u, v)
    return v + w * t + _cross(u, t)


def rotate_inverse(q: Any, v: Any) -> np.ndarray:
    """``v`` [..., 3] of the world frame, in the body frame."""
    return rotate(conjugate(q), v)


def from_axis_angle(axis: Any, angle_rad: Any) -> np.ndarray:
    """Turn by ``angle_rad`` [...] about ``axis`` [..., 3] of unit length: [..., 4]."""
    axis, angle = _arrays(axis, angle_rad)
    half = angle[..., None] / 2
    axis, half = np.broadcast_arrays(axis, half)
    return np.concatenate([np.cos(half[..., :1]), np.sin(half) * axis], axis=-1)


def from_exp_map(vector_rad: Any) -> np.ndarray:
    """The turn by |v| rad about v [..., 3]: [..., 4]. Smooth through zero."""
    (v,) = _arrays(vector_rad)
    half = np.linalg.norm(v, axis=-1, keepdims=True) / 2
    sin_over_angle = np.sinc(half / np.pi).astype(v.dtype) / 2
    return np.concatenate([np.cos(half), sin_over_angle * v], axis=-1)


def to_exp_map(q: Any) -> np.ndarray:
    """The rotation vector [..., 3] rad of the shorter way, of length at most pi."""
    (q,) = _arrays(q)
    q = np.where(q[..., :1] < 0, -q, q)
    sin_half = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sin_half, q[..., :1])
    tiny = sin_half < np.finfo(q.dtype).tiny
    return np.where(tiny, 2, angle / np.where(tiny, 1, sin_half)).astype(q.dtype) * q[..., 1:]


def slerp(a: Any, b: Any, fraction: Any) -> np.ndarray:
    """The rotation at ``fraction`` [...] of the shorter way from ``a`` to ``b`` [..., 4]."""
    a, b, t = _arrays(a, b, fraction)
    return multiply(a, from_exp_map(t[..., None] * to_exp_map(multiply(conjugate(a), b))))


def difference_w(a: Any, b: Any) -> np.ndarray:
    """The world-frame rotation vector [..., 3] rad that takes ``a`` to ``b`` the shorter way.

    Divided by the time between two frames it is the mean angular velocity in the world frame.
    """
    return to_exp_map(multiply(b, conjugate(a)))


def angle_between(a: Any, b: Any) -> np.ndarray:
    """The angle [...] of the shorter way from ``a`` to ``b``, 0 to pi rad."""
    return np.linalg.norm(difference_w(a, b), axis=-1)


def heading(q: Any) -> np.ndarray:
    """The direction [...] rad of the body's x axis in the ground plane (0 where it is vertical)."""
    (q,) = _arrays(q)
    w, x, y, z = _parts(q)
    return np.arctan2(2 * (x * y + w * z), w * w + x * x - y * y - z * z)


def from_heading(angle_rad: Any) -> np.ndarray:
    """The turn by ``angle_rad`` [...] about the vertical: [..., 4]."""
    (angle,) = _arrays(angle_rad)
    return from_axis_angle(np.array([0, 0, 1], dtype=angle.dtype), angle)


def heading_quat(q: Any) -> np.ndarray:
    """The heading of ``q`` as a turn about the vertical [..., 4]."""
    return from_heading(heading(q))


def without_heading(q: Any) -> np.ndarray:
    """``q`` [..., 4] seen in its own heading frame: roll and pitch alone."""
    return multiply(conjugate(heading_quat(q)), q)


def to_matrix(q: Any) -> np.ndarray:
    """Rotation matrix [..., 3, 3]: ``rotate(q, v) == to_matrix(q) @ v``."""
    (q,) = _arrays(q)
    columns = [rotate(q, axis) for axis in np.eye(3, dtype=q.dtype)]
    return np.stack(columns, axis=-1)


def from_matrix(matrix: Any) -> np.ndarray:
    """The quaternion [..., 4], w >= 0, of a rotation matrix [..., 3, 3].

    The four products of a component with all components (4 q q^T) are linear in the matrix; the
    row with the largest diagonal is the best conditioned (Shepperd 1978).
    """
    (m,) = _arrays(matrix)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    t = np.swapaxes(m, -1, -2)
    odd, even = m - t, m + t
    wx, wy, wz = odd[..., 2, 1], odd[..., 0, 2], odd[..., 1, 0]
    xy, xz, yz = even[..., 1, 0], even[..., 0, 2], even[..., 2, 1]
    rows = [
        [1 + xx + yy + zz, wx, wy, wz],
        [wx, 1 + xx - yy - zz, xy, xz],
        [wy, xy, 1 - xx + yy - zz, yz],
        [wz, xz, yz, 1 - xx - yy + zz],
    ]
    outer = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    best = np.argmax(np.diagonal(outer, axis1=-2, axis2=-1), axis=-1)
    q = normalize(np.take_along_axis(outer, best[..., None, None], axis=-2)[..., 0, :])
    return np.where(q[..., :1] < 0, -q, q)


def continuous(q: Any) -> np.ndarray:
    """A sequence of frames ``q`` [T, ..., 4] with signs chosen so that neighbours never flip."""
    (q,) = _arrays(q)
    flips = np.sum(q[1:] * q[:-1], axis=-1, keepdims=True) < 0
    signs = np.where(np.cumsum(flips, axis=0) % 2, -1, 1).astype(q.dtype)
    return np.concatenate([q[:1], q[1:] * signs], axis=0)


def from_xyzw(q: Any) -> np.ndarray:
    """From the scalar-last order of other libraries, for loaders and drivers only: [..., 4]."""
    (q,) = _arrays(q)
    return np.roll(q, 1, axis=-1)


def to_xyzw(q: Any) -> np.ndarray:
    """To the scalar-last order of other libraries, for loaders and drivers only: [..., 4]."""
    (q,) = _arrays(q)
    return np.roll(q, -1, axis=-1)


def _arrays(*values: Any) -> Tuple[np.ndarray, ...]:
    """The values as arrays of one floating type: float32 where all arrays are, else float64."""
    dtypes = {value.dtype for value in values if isinstance(value, (np.ndarray, np.generic))}
    dtype = np.float32 if dtypes == {np.dtype(np.float32)} else np.float64
    return tuple(np.asarray(value).astype(dtype, copy=False) for value in values)


def _parts(q: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return q[..., 0], q[..., 1], q[..., 2], q[..., 3]


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """np.cross for [..., 3], several times faster on small batches."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)
