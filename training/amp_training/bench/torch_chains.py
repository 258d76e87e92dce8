"""What the kernels are measured against: the same terms in plain torch, as training code commonly
writes them. A reversed loop over time for the advantages; for the discriminator observation a chain
of small quaternion functions over flattened tensors, each of which also compiles with TorchScript.
"""

from __future__ import annotations

from typing import Tuple

import torch
from torch import Tensor


def gae_loop(
    rewards: Tensor,
    values: Tensor,
    next_values: Tensor,
    failed: Tensor,
    done: Tensor,
    gamma: float,
    lam: float,
) -> Tuple[Tensor, Tensor]:
    """Advantages and returns by a reversed loop over time; all ``[T, N]`` float32, flags too."""
    advantages = torch.zeros_like(rewards)
    last = torch.zeros_like(rewards[0])
    for t in range(rewards.shape[0] - 1, -1, -1):
        delta = rewards[t] + gamma * next_values[t] * (1.0 - failed[t]) - values[t]
        last = delta + gamma * lam * (1.0 - done[t]) * last
        advantages[t] = last
    return advantages, advantages + values


def quat_rotate(quat: Tensor, vector: Tensor) -> Tensor:
    """``vector`` ``[M, 3]`` rotated by ``quat`` ``[M, 4]`` (wxyz)."""
    w = quat[:, 0:1]
    axis = quat[:, 1:4]
    cross = torch.cross(axis, vector, dim=-1)
    dot = (axis * vector).sum(dim=-1, keepdim=True)
    return vector * (2.0 * w * w - 1.0) + 2.0 * w * cross + 2.0 * axis * dot


def quat_multiply(a: Tensor, b: Tensor) -> Tensor:
    """Hamilton product of ``[M, 4]`` quaternions (wxyz)."""
    aw, ax, ay, az = a[:, 0], a[:, 1], a[:, 2], a[:, 3]
    bw, bx, by, bz = b[:, 0], b[:, 1], b[:, 2], b[:, 3]
    return torch.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        dim=-1,
    )


def quat_from_yaw(yaw: Tensor) -> Tensor:
    """``[M, 4]`` rotation by ``yaw`` ``[M]`` about z."""
    half = 0.5 * yaw
    zero = torch.zeros_like(half)
    return torch.stack([torch.cos(half), zero, zero, torch.sin(half)], dim=-1)


def heading(quat: Tensor) -> Tensor:
    """``[M]`` yaw of the rotated x axis of ``quat`` ``[M, 4]``."""
    axis = torch.zeros_like(quat[:, 0:3])
    axis[:, 0] = 1.0
    forward = quat_rotate(quat, axis)
    return torch.atan2(forward[:, 1], forward[:, 0])


def two_axes(quat: Tensor) -> Tensor:
    """``[M, 6]``: the rotated x axis, then the rotated z axis."""
    x_axis = torch.zeros_like(quat[:, 0:3])
    z_axis = torch.zeros_like(quat[:, 0:3])
    x_axis[:, 0] = 1.0
    z_axis[:, 2] = 1.0
    return torch.cat([quat_rotate(quat, x_axis), quat_rotate(quat, z_axis)], dim=-1)


def disc_obs_chain(
    root_pos: Tensor,
    root_quat: Tensor,
    root_lin_vel: Tensor,
    root_ang_vel: Tensor,
    joint_rot: Tensor,
    joint_vel: Tensor,
    key_pos: Tensor,
    heading_invariant: bool,
    root_height: bool,
) -> Tensor:
    """``[N, H*F]``; arguments as ``amp_sdk.kernels.disc_obs``."""
    n, h = root_pos.shape[0], root_pos.shape[1]
    k, j = key_pos.shape[2], joint_rot.shape[2]
    position = root_pos - root_pos[:, -1:]
    keys = key_pos - root_pos.unsqueeze(2)
    if heading_invariant:
        inverse = quat_from_yaw(-heading(root_quat[:, -1]))
        per_step = inverse.unsqueeze(1).expand(n, h, 4).reshape(n * h, 4)
        position = quat_rotate(per_step, position.reshape(n * h, 3)).reshape(n, h, 3)
        root_rot = quat_multiply(per_step, root_quat.reshape(n * h, 4))
        lin_vel = quat_rotate(per_step, root_lin_vel.reshape(n * h, 3)).reshape(n, h, 3)
        ang_vel = quat_rotate(per_step, root_ang_vel.reshape(n * h, 3)).reshape(n, h, 3)
        per_key = per_step.unsqueeze(1).expand(n * h, k, 4).reshape(n * h * k, 4)
        keys = quat_rotate(per_key, keys.reshape(n * h * k, 3))
    else:
        root_rot = root_quat.reshape(n * h, 4)
        lin_vel, ang_vel = root_lin_vel, root_ang_vel
    if root_height:
        position = torch.cat([position[:, :, 0:2], root_pos[:, :, 2:3]], dim=-1)
    else:
        position = position[:, :, 0:2]
    parts = [
        position,
        two_axes(root_rot).reshape(n, h, 6),
        two_axes(joint_rot.reshape(n * h * j, 4)).reshape(n, h, 6 * j),
        keys.reshape(n, h, 3 * k),
        lin_vel,
        ang_vel,
        joint_vel,
    ]
    return torch.cat(parts, dim=-1).reshape(n, -1)
