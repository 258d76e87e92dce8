"""Float64 NumPy references of the kernels, written from the formulas and for reading."""

from __future__ import annotations

import numpy as np


def gae(rewards, values, next_values, failed, done, gamma, lam):
    """``[T, N]`` float64 advantages and returns."""
    r, v, nv = (np.asarray(a, np.float64) for a in (rewards, values, next_values))
    failed, done = np.asarray(failed) != 0, np.asarray(done) != 0
    advantages = np.zeros_like(r)
    carry = np.zeros(r.shape[1])
    for t in reversed(range(r.shape[0])):
        bootstrap = np.where(failed[t], 0.0, nv[t])
        carry = r[t] + gamma * bootstrap - v[t] + gamma * lam * np.where(done[t], 0.0, carry)
        advantages[t] = carry
    return advantages, advantages + v


def matrices(quat):
    """``[..., 3, 3]`` rotation matrices of wxyz quaternions of any length."""
    w, x, y, z = np.moveaxis(np.asarray(quat, np.float64), -1, 0)
    squared = w * w + x * x + y * y + z * z
    rows = [
        [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
    return np.stack([np.stack(row, -1) for row in rows], -2) / squared[..., None, None]


def yaw_matrix(yaw):
    """``[..., 3, 3]`` rotations by ``yaw`` about z."""
    c, s = np.cos(yaw), np.sin(yaw)
    zero, one = np.zeros_like(c), np.ones_like(c)
    rows = [[c, -s, zero], [s, c, zero], [zero, zero, one]]
    return np.stack([np.stack(row, -1) for row in rows], -2)


def disc_obs(pos, quat, lin, ang, joint_rot, joint_vel, keys, *, heading_invariant, root_height):
    """``[N, H*F]`` float64."""
    pos, lin, ang, joint_vel, keys = (
        np.asarray(a, np.float64) for a in (pos, lin, ang, joint_vel, keys)
    )
    n, h = pos.shape[:2]
    world = matrices(quat)
    forward = world[:, -1, :, 0]
    yaw = np.arctan2(forward[:, 1], forward[:, 0]) * (1.0 if heading_invariant else 0.0)
    turn = yaw_matrix(-yaw)[:, None]

    def local(vectors):
        return np.einsum("nhab,nh...b->nh...a", np.broadcast_to(turn, (n, h, 3, 3)), vectors)

    def axes(rotations):
        return np.concatenate([rotations[..., :, 0], rotations[..., :, 2]], -1)

    position = local(pos - pos[:, -1:])[..., :2]
    if root_height:
        position = np.concatenate([position, pos[..., 2:]], -1)
    parts = [
        position,
        axes(turn @ world),
        axes(matrices(joint_rot)).reshape(n, h, -1),
        local(keys - pos[:, :, None]).reshape(n, h, -1),
        local(lin),
        local(ang),
        joint_vel,
    ]
    return np.concatenate(parts, -1).reshape(n, -1)
