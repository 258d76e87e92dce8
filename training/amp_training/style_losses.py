"""Losses of the discriminator and the style reward that belongs to each.

- lsgan (Peng et al. 2021): ``(D + 1)^2`` on the policy, ``(D - 1)^2`` on demonstrations; reward
  ``scale * max(0, 1 - (D - 1)^2 / 4)``.
- bce: cross entropy with logits; reward ``-scale * log(max(1 - sigmoid(D), 1e-4))``.
- wasserstein: ``1 + tanh(eta D)`` on the policy, ``1 - tanh(eta D)`` on demonstrations, the bounded
  distance of the means; reward ``scale * exp(tanh(eta D))``.

Each loss is the mean over both sides: near 0 where all samples are told apart.
"""

from __future__ import annotations

import math
from typing import Tuple

import torch
from torch import Tensor, nn

ETA = 0.3


def style_reward(logit: Tensor, loss: str, scale: float, eta: float = ETA) -> Tensor:
    """Style reward of logits [...]; see the module."""
    if loss == "lsgan":
        return scale * (1.0 - 0.25 * (logit - 1.0) ** 2).clamp(min=0.0)
    if loss == "wasserstein":
        return scale * torch.exp(torch.tanh(eta * logit))
    return -scale * torch.log((1.0 - torch.sigmoid(logit)).clamp(min=1e-4))


def reward_levels(loss: str, scale: float) -> Tuple[float, float]:
    """The smallest style reward there is, and that of a discriminator that cannot tell (D = 0)."""
    if loss == "lsgan":
        return 0.0, 0.75 * scale
    if loss == "wasserstein":
        return math.exp(-1.0) * scale, scale
    return 0.0, math.log(2.0) * scale


def prediction_loss(policy: Tensor, demo: Tensor, loss: str, eta: float = ETA) -> Tensor:
    """Mean of the losses on policy logits [n] and on demonstration logits [m]."""
    if loss == "lsgan":
        return 0.5 * (((policy + 1.0) ** 2).mean() + ((demo - 1.0) ** 2).mean())
    if loss == "wasserstein":
        return 1.0 + 0.5 * (torch.tanh(eta * policy).mean() - torch.tanh(eta * demo).mean())
    bce = nn.functional.binary_cross_entropy_with_logits
    return 0.5 * (bce(policy, torch.zeros_like(policy)) + bce(demo, torch.ones_like(demo)))
