"""No task: the style alone."""

from __future__ import annotations

from typing import Dict

import torch
from torch import Tensor

from amp_training.backends.base import SimState


class Imitation:
    """See ``base.Task``: no goal, no command, no reward."""

    def __init__(self, num_envs: int, device: torch.device) -> None:
        self.goal = torch.zeros(num_envs, 0, device=device)
        self.command = self.goal

    def schedule(self, samples: int) -> None:
        """Nothing grows."""

    def restart(self, which: Tensor, state: SimState) -> None:
        """Nothing to draw."""

    def tick(self, state: SimState) -> None:
        """Nothing to follow."""

    def reward(self, state: SimState, goal: Tensor) -> Tensor:
        """Zero, [...]."""
        return torch.zeros_like(state.root_pos_w[..., 0])

    def snapshot(self) -> Dict[str, Tensor]:
        """Nothing to keep."""
        return {}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Nothing to take back."""
