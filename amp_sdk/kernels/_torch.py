"""The kernels in plain torch, for CUDA tensors where the CUDA module is missing.

Same arguments, checks and results as the compiled modules: ``_core.checked`` checks everything and
gives the buffers, which are then filled.
"""

from __future__ import annotations

from typing import Any, List, Tuple

from amp_sdk.kernels._native import core


def gae(
    rewards: Any,
    values: Any,
    next_values: Any,
    failed: Any,
    done: Any,
    gamma: float,
    lam: float,
    out: Any,
    allocate: Any,
    stream: int,
) -> Tuple[Any, Any]:
    """See ``amp_sdk.kernels.gae``; tensors only. Two operations per step."""
    import torch

    advantages, returns = core().checked.gae(
        rewards, values, next_values, failed, done, gamma, lam, out, allocate, stream
    )
    gamma, lam = float(gamma), float(lam)
    delta = rewards + (gamma * next_values).masked_fill_(failed != 0, 0.0) - values
    cut = done != 0
    advantages[-1] = delta[-1]
    for t in range(delta.shape[0] - 2, -1, -1):
        trace = advantages[t + 1].masked_fill(cut[t], 0.0)
        torch.add(delta[t], trace, alpha=gamma * lam, out=advantages[t])
    torch.add(advantages, values, out=returns)
    return advantages, returns


def disc_obs(
    root_pos: Any,
    root_quat: Any,
    root_lin_vel: Any,
    root_ang_vel: Any,
    joint_rot: Any,
    joint_vel: Any,
    key_pos: Any,
    heading_invariant: bool,
    root_height: bool,
    out: Any,
    allocate: Any,
    stream: int,
) -> Any:
    """See ``amp_sdk.kernels.disc_obs``; tensors only."""
    result = core().checked.disc_obs(
        root_pos, root_quat, root_lin_vel, root_ang_vel, joint_rot, joint_vel, key_pos,
        heading_invariant, root_height, out, allocate, stream,
    )  # fmt: skip
    cos, sin = _heading(root_quat[:, -1]) if heading_invariant else (1.0, 0.0)
    n, h = root_pos.shape[:2]
    features = result.view(n, h, -1)

    def turn(target: Any, vectors: Any) -> None:
        """Fill ``target`` [N, H, M, 3] with ``vectors`` turned by minus the heading."""
        x, y, z = vectors.unbind(-1)
        target[..., 0] = cos * x + sin * y
        target[..., 1] = cos * y - sin * x
        target[..., 2] = z

    blocks = iter(_blocks(features, root_pos, joint_rot, joint_vel, key_pos, root_height))
    position = next(blocks)
    x, y, z = root_pos.unbind(-1)
    x, y = (x - x[:, -1:]).unsqueeze(2), (y - y[:, -1:]).unsqueeze(2)
    position[..., 0:1] = cos * x + sin * y
    position[..., 1:2] = cos * y - sin * x
    if root_height:
        position[..., 2] = z
    turn(next(blocks).view(n, h, 2, 3), _axes(root_quat).view(n, h, 2, 3))
    next(blocks).copy_(_axes(joint_rot).view(n, h, -1))
    turn(next(blocks).view(n, h, -1, 3), key_pos - root_pos.unsqueeze(2))
    turn(next(blocks).view(n, h, 1, 3), root_lin_vel.unsqueeze(2))
    turn(next(blocks).view(n, h, 1, 3), root_ang_vel.unsqueeze(2))
    next(blocks).copy_(joint_vel)
    return result


def _blocks(
    features: Any, root_pos: Any, joint_rot: Any, joint_vel: Any, key_pos: Any, root_height: bool
) -> List[Any]:
    """The views [N, H, size] of ``features`` [N, H, F], one per block, in order."""
    position = 3 if root_height else 2
    sizes = [position, 6, 6 * joint_rot.shape[2], 3 * key_pos.shape[2], 3, 3, joint_vel.shape[2]]
    return list(features.split(sizes, dim=-1))


def _heading(quat: Any) -> Tuple[Any, Any]:
    """Cosine and sine [N, 1, 1] of the heading of ``quat`` [N, 4]; (1, 0) where it points up."""
    import torch

    w, x, y, z = quat.double().unbind(-1)
    forward_x = w * w + x * x - y * y - z * z
    forward_y = 2.0 * (x * y + w * z)
    length = torch.sqrt(forward_x * forward_x + forward_y * forward_y)
    up = length == 0.0
    cos = torch.where(up, torch.ones_like(length), forward_x / length)
    sin = torch.where(up, torch.zeros_like(length), forward_y / length)
    return cos.float()[:, None, None], sin.float()[:, None, None]


def _axes(quat: Any) -> Any:
    """[..., 6]: the rotated x axis, then the rotated z axis, of ``quat`` [..., 4]."""
    import torch

    w, x, y, z = quat.unbind(-1)
    columns = (
        1.0 - 2.0 * (y * y + z * z),
        2.0 * (x * y + w * z),
        2.0 * (x * z - w * y),
        2.0 * (x * z + w * y),
        2.0 * (y * z - w * x),
        1.0 - 2.0 * (x * x + y * y),
    )
    return torch.stack(columns, -1)
