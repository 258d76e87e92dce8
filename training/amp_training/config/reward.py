"""The step reward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from amp_training.config._checks import require


@dataclass(frozen=True)
class RewardConfig:
    """Weights of the step reward. Task terms are in [0, 1]; penalties are subtracted.

    ``mix``: sum adds weighted style and task; product multiplies them, the weights being exponents,
    so that neither can make up for the other; critics values each on its own and adds the
    normalised advantages by weight.
    """

    mix: Literal["sum", "product", "critics"] = "sum"
    style: float = 0.7
    task: float = 0.3
    yaw_share: float = 0.2
    velocity_width: float = 0.5
    yaw_width_rad_s: float = 0.5
    action_rate: float = 0.001

    def __post_init__(self) -> None:
        require(self.style >= 0 and self.task >= 0, "style and task weights must not be negative")
        require(self.velocity_width > 0, "velocity_width must be positive")
        require(self.yaw_width_rad_s > 0, "yaw_width_rad_s must be positive")
        require(0 <= self.yaw_share <= 1, "yaw_share must be in [0, 1]")
