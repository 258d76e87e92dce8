"""Terms of the policy's update, pure functions of a minibatch.

Schulman et al. 2017, "Proximal Policy Optimization Algorithms".
"""

from __future__ import annotations

import math
from typing import Optional

import torch
from torch import Tensor


def clipped_surrogate(ratio: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """``-E min(r A, clip(r) A)``."""
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage).mean()


def clipped_value_loss(value: Tensor, old: Tensor, target: Tensor, clip: Optional[float]) -> Tensor:
    """Mean squared error of the value; with ``clip``, the larger of it and that of the value held
    within ``clip`` of the old one."""
    error = (value - target) ** 2
    if clip is not None:
        near = old + (value - old).clamp(-clip, clip)
        error = torch.maximum(error, (near - target) ** 2)
    return error.mean()


def bound_loss(mean: Tensor, bound: float = 1.0) -> Tensor:
    """Mean over samples of the squared part of the mean action outside ``[-bound, bound]``."""
    return ((mean.abs() - bound).clamp(min=0.0) ** 2).sum(-1).mean()


def gaussian_kl(mean_p: Tensor, log_std_p: Tensor, mean_q: Tensor, log_std_q: Tensor) -> Tensor:
    """Mean over samples of ``KL(p || q)`` of diagonal Gaussians."""
    ratio = torch.exp(2.0 * (log_std_p - log_std_q))
    distance = (mean_p - mean_q) ** 2 * torch.exp(-2.0 * log_std_q)
    return (log_std_q - log_std_p + 0.5 * (ratio + distance - 1.0)).sum(-1).mean()


def gaussian_log_density(action: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """Log density [B] of ``action`` [B, A] under a diagonal Gaussian."""
    noise = (action - mean) * torch.exp(-log_std)
    return -(0.5 * noise.pow(2) + log_std + 0.5 * math.log(2 * math.pi)).sum(-1)


def gaussian_entropy(log_std: Tensor) -> Tensor:
    """Entropy of a diagonal Gaussian, a scalar."""
    return (log_std + 0.5 * math.log(2 * math.pi * math.e)).sum()


def symmetry_loss(of_image: Tensor, image: Tensor) -> Tensor:
    """Mean squared distance of the actions [B, A] chosen on mirrored observations from the mirror
    images of those chosen on the observations (Yu et al. 2018, arXiv:1801.08093)."""
    return ((of_image - image) ** 2).sum(-1).mean()
