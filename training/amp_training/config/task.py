"""What the robot is to do beside moving in style."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, Tuple

from amp_training.config._checks import require


@dataclass(frozen=True)
class SteeringConfig:
    """Go in a direction of the world at a speed, and face another one.

    A new goal comes after a time in ``resample_s``; its direction differs from the last one by at
    most ``turn_rad``. Without ``face_apart`` the robot is to face where it goes. The reward is
    ``(1 - facing_share) exp(-sharpness |v* - v|^2) + facing_share max(0, cos(facing error))``.
    """

    speed_m_s: Tuple[float, float] = (0.5, 5.0)
    resample_s: Tuple[float, float] = (4.0, 7.0)
    turn_rad: float = math.pi
    face_apart: bool = True
    sharpness: float = 0.5
    facing_share: float = 0.3

    def __post_init__(self) -> None:
        _check_range("speed_m_s", self.speed_m_s)
        _check_range("resample_s", self.resample_s)
        require(0 < self.turn_rad <= math.pi, "turn_rad must be in (0, pi]")
        require(self.sharpness > 0, "sharpness must be positive")
        require(0 <= self.facing_share <= 1, "facing_share must be in [0, 1]")


@dataclass(frozen=True)
class LocationConfig:
    """Go to a place, ``distance_m`` away in any direction, and stay until there is a new one.

    The reward is ``position_share exp(-d^2 / 2) + velocity_share exp(-max(0, v* - v_d)^2) +
    facing_share max(0, cos(facing error))`` with the distance d, the speed v_d towards the place
    and ``speed_m_s`` v*; within ``reach_m`` the last two are whole. The shares are normalised.
    """

    distance_m: Tuple[float, float] = (1.0, 10.0)
    resample_s: Tuple[float, float] = (6.0, 12.0)
    speed_m_s: float = 1.0
    reach_m: float = 0.5
    position_share: float = 0.5
    velocity_share: float = 0.4
    facing_share: float = 0.1

    def __post_init__(self) -> None:
        _check_range("distance_m", self.distance_m)
        _check_range("resample_s", self.resample_s)
        require(self.speed_m_s > 0 and self.reach_m > 0, "speed_m_s and reach_m must be positive")
        shares = (self.position_share, self.velocity_share, self.facing_share)
        require(min(shares) >= 0 and sum(shares) > 0, "shares must not be negative, nor all zero")


@dataclass(frozen=True)
class TaskConfig:
    """The task: "velocity" follows the recipe's ``command``, "none" is imitation alone."""

    kind: Literal["none", "velocity", "steering", "location"] = "velocity"
    steering: SteeringConfig = field(default_factory=SteeringConfig)
    location: LocationConfig = field(default_factory=LocationConfig)


def _check_range(name: str, bounds: Tuple[float, float]) -> None:
    require(0 < bounds[0] <= bounds[1], f"{name}: expected two rising numbers above zero")
