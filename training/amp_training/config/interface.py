"""What the policy sees and does: actions, observations, commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Optional, Tuple

from amp_training.config._checks import require


@dataclass(frozen=True)
class ActionConfig:
    """Joint target = centre + scale * clip(action); gains default to the robot's."""

    center: Literal["motion_mean", "default"] = "motion_mean"
    scale: Optional[float] = None
    clip: float = 10.0
    kp: Optional[float] = None
    kd: Optional[float] = None

    def __post_init__(self) -> None:
        require(self.clip > 0, "clip must be positive")
        for name in ("scale", "kp", "kd"):
            value = getattr(self, name)
            require(value is None or value > 0, f"{name} must be positive")


@dataclass(frozen=True)
class ObservationConfig:
    """What the policy sees: samples kept per term, and their scales."""

    history: int = 1
    joint_vel_scale: float = 0.05
    ang_vel_scale: float = 0.25
    last_action_scale: float = 0.25
    clip: float = 100.0

    def __post_init__(self) -> None:
        require(1 <= self.history <= 32, "history must be 1 to 32")
        require(self.clip > 0, "clip must be positive")


@dataclass(frozen=True)
class CommandConfig:
    """Velocity command in the heading frame; ``None`` takes the clips' mean velocity.

    A real animal's heading is rarely quite along its way, so a clip has a lateral velocity too.
    With ``growth_samples`` the ranges are at first ``first_share`` of their width, around the
    clips' velocity, and grow to their full width over so many samples.
    """

    lin_vel_x: Optional[Tuple[float, float]] = None
    lin_vel_y: Optional[Tuple[float, float]] = None
    ang_vel_z: Tuple[float, float] = (0.0, 0.0)
    resample_s: Tuple[float, float] = (4.0, 8.0)
    growth_samples: Optional[int] = None
    first_share: float = 0.2

    def __post_init__(self) -> None:
        for name in ("lin_vel_x", "lin_vel_y", "ang_vel_z", "resample_s"):
            bounds = getattr(self, name)
            require(bounds is None or bounds[0] <= bounds[1], f"{name}: lower bound above upper")
        growth = self.growth_samples
        require(growth is None or growth >= 1, "growth_samples must be at least 1")
        require(0 <= self.first_share <= 1, "first_share must be in [0, 1]")
