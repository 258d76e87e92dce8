"""Quaternion helpers in torch (wxyz, unit length), the few that the environment needs."""

from __future__ import annotations

import torch
from torch import Tensor


def rotate(quat: Tensor, vec: Tensor) -> Tensor:
    """Rotate ``vec`` [..., 3] by ``quat`` [..., 4] (body to world)."""
    w, u = quat[..., :1], quat[..., 1:]
    t = 2.0 * torch.linalg.cross(u, vec)
    return vec + w * t + torch.linalg.cross(u, t)


def rotate_inverse(quat: Tensor, vec: Tensor) -> Tensor:
    """Rotate ``vec`` [..., 3] by the inverse of ``quat`` [..., 4] (world to body)."""
    w, u = quat[..., :1], quat[..., 1:]
    t = 2.0 * torch.linalg.cross(u, vec)
    return vec - w * t + torch.linalg.cross(u, t)


def projected_gravity(quat: Tensor) -> Tensor:
    """Unit gravity direction in the body frame, [..., 3]: minus the third row of the rotation."""
    w, x, y, z = quat.unbind(-1)
    return torch.stack(
        (2.0 * (w * y - x * z), -2.0 * (w * x + y * z), 2.0 * (x * x + y * y) - 1.0), dim=-1
    )


def heading(quat: Tensor) -> Tensor:
    """Yaw of the rotated x axis, [...] rad."""
    w, x, y, z = quat.unbind(-1)
    return torch.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def heading_velocity(quat: Tensor, vel_w: Tensor) -> Tensor:
    """World velocity [..., 3] turned into the heading frame (yaw removed), [..., 3]."""
    yaw = heading(quat)
    c, s = torch.cos(yaw), torch.sin(yaw)
    x, y, z = vel_w.unbind(-1)
    return torch.stack((c * x + s * y, -s * x + c * y, z), dim=-1)
