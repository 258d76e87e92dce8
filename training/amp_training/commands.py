"""Velocity commands: ranges from the recipe or the clips, resampled during an episode."""

from __future__ import annotations

from typing import Sequence, Tuple

import torch
from torch import Tensor

from amp_sdk.contract import CommandTerm
from amp_training.config import CommandConfig


def command_terms(
    config: CommandConfig, clip_velocity_h: Tuple[float, float]
) -> Tuple[CommandTerm, ...]:
    """The command terms of the contract.

    Args:
        config: ranges; without one, a linear velocity is that of the clips.
        clip_velocity_h: (forward, lateral) mean of the clips in the heading frame, m/s.
    """
    x, y = clip_velocity_h
    wanted = {
        "lin_vel_x": (config.lin_vel_x or (x, x), x),
        "lin_vel_y": (config.lin_vel_y or (y, y), y),
        "ang_vel_z": (config.ang_vel_z, 0.0),
    }
    return tuple(
        CommandTerm(
            name=name,
            lower=float(low),
            upper=float(high),
            nominal=float(min(max(nominal, low), high)),
        )
        for name, ((low, high), nominal) in wanted.items()
    )


class CommandSampler:
    """Commands [N, C], uniform in their ranges, each held for a random time."""

    def __init__(
        self,
        terms: Sequence[CommandTerm],
        resample_s: Tuple[float, float],
        dt_s: float,
        num_envs: int,
        generator: torch.Generator,
    ) -> None:
        self._low = torch.tensor([term.lower for term in terms])
        self._span = torch.tensor([term.upper - term.lower for term in terms])
        self._steps = (resample_s[0] / dt_s, (resample_s[1] - resample_s[0]) / dt_s)
        self._generator = generator
        self._left = torch.zeros(num_envs)
        self.command = self._low.expand(num_envs, -1).clone()
        self._constant = not bool((self._span > 0).any())
        self.restart(torch.arange(num_envs))

    def restart(self, ids: Tensor) -> None:
        """Draw new commands for ``ids`` [n]."""
        if self._constant or len(ids) == 0:
            return
        draw = torch.rand(len(ids), len(self._low), generator=self._generator)
        self.command[ids] = self._low + self._span * draw
        hold = torch.rand(len(ids), generator=self._generator)
        self._left[ids] = self._steps[0] + self._steps[1] * hold

    def tick(self) -> None:
        """One control step: commands whose time is over are drawn again."""
        if self._constant:
            return
        self._left -= 1.0
        self.restart(torch.nonzero(self._left <= 0).flatten())
