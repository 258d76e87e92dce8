"""How task and style become one objective: as one reward, or as two critics' advantages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

import torch
from torch import Tensor

from amp_training import workers
from amp_training.config import RewardConfig

_SMALLEST = 1e-6


@dataclass(frozen=True)
class Shares:
    """How much style and task weigh in what the policy follows, in the mix's own measure.

    Sum: mean weighted rewards. Product: mean weighted ``-log`` of the factors (how much each takes
    away). Critics: mean sizes of the weighted advantages.
    """

    style: float
    task: float

    @property
    def style_share(self) -> float:
        """Of the two, in [0, 1]."""
        return self.style / max(self.style + self.task, 1e-9)


def critics(config: RewardConfig) -> int:
    """Values that the mix needs: one, or one each for style and task."""
    return 2 if config.mix == "critics" else 1


def mixed_rewards(config: RewardConfig, style: Tensor, task: Tensor, penalty: Tensor) -> Tensor:
    """Step rewards [T, N, K] of style, task and penalty [T, N]; K as of ``critics``.

    sum: ``w_S r_S + w_G r_G - penalty``; product: ``r_S^w_S r_G^w_G - penalty``; critics: the style
    reward for one, the task reward less the penalty for the other.
    """
    if config.mix == "critics":
        return torch.stack((style, task - penalty), dim=-1)
    if config.mix == "product":
        factors = style.clamp(min=_SMALLEST), task.clamp(min=_SMALLEST)
        reward = factors[0] ** config.style * factors[1] ** config.task - penalty
    else:
        reward = config.style * style + config.task * task - penalty
    return reward.unsqueeze(-1)


def mixed_advantages(config: RewardConfig, advantage: Tensor, clip: Optional[float]) -> Tensor:
    """One normalised advantage [T, N] of those of the critics [T, N, K], clipped to ``clip``.

    Each critic's advantages are normalised before they are weighted, so that the weights do not
    depend on the sizes of the rewards.
    """
    if config.mix == "critics":
        parts = [normalized(part) for part in advantage.unbind(-1)]
        advantage = (config.style * parts[0] + config.task * parts[1]).unsqueeze(-1)
    mixed = normalized(advantage.squeeze(-1))
    return mixed if clip is None else mixed.clamp(-clip, clip)


def normalized(x: Tensor) -> Tensor:
    """Mean zero, deviation one."""
    mean, std = workers.mean_and_std(x)
    return (x - mean) / (std + 1e-8)


def shares(config: RewardConfig, style: Tensor, task: Tensor, advantage: Tensor) -> Shares:
    """See ``Shares``; ``advantage`` [T, N, K] as the critics gave it."""
    if config.mix == "critics":
        sizes: Tuple[Tensor, ...] = tuple(normalized(a).abs().mean() for a in advantage.unbind(-1))
    elif config.mix == "product":
        sizes = tuple(-r.clamp(min=_SMALLEST).log().mean() for r in (style, task))
        sizes = tuple(size.clamp(min=0.0) for size in sizes)
    else:
        sizes = (style.mean(), task.mean())
    return Shares(float(config.style * sizes[0]), float(config.task * sizes[1]))
