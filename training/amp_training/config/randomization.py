"""Differences between the environments' robots, and disturbances."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Tuple

from amp_training.config._checks import require

_POSITIVE = ("damping_nm_s", "delay_s", "slope_rad")
_MUJOCO_ONLY = (
    "link_mass_ratio",
    "com_shift_m",
    "motor_strength",
    "delay_s",
    "push_interval_s",
    "slope_rad",
)
_RATIOS = ("gain_ratio", "friction", "link_mass_ratio", "motor_strength")


@dataclass(frozen=True)
class SensorConfig:
    """Errors of what the policy sees; zero: none.

    A noise is drawn anew at every control step, uniform within plus and minus its value; a bias
    once for each robot, in the same way. ``gravity`` is of the unit vector of gravity, whose error
    stands for that of the attitude.
    """

    ang_vel_noise_rad_s: float = 0.0
    gravity_noise: float = 0.0
    joint_pos_noise_rad: float = 0.0
    joint_vel_noise_rad_s: float = 0.0
    ang_vel_bias_rad_s: float = 0.0
    gravity_bias: float = 0.0
    joint_pos_bias_rad: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            require(value >= 0, f"{name} must not be negative")

    @property
    def exact(self) -> bool:
        """Whether there is no error at all."""
        return not any(vars(self).values())


@dataclass(frozen=True)
class RandomizationConfig:
    """Differences between the environments' robots, drawn once; (lower, upper) bounds.

    ``damping_nm_s`` (N m s/rad, added to each joint) also stands in for dry friction, which the
    simulation leaves out for speed. ``com_shift_m`` moves the base's centre of mass along each
    axis; ``motor_strength`` scales gains and torque limits together, joint by joint; ``delay_s`` is
    the time from an action to its effect, in whole physics steps. ``slope_rad`` is the inclination
    of a robot's floor, in a direction of its own (gravity is tilted, which is the same). Every
    ``push_interval_s`` a robot's base gets a horizontal velocity of up to ``push_m_s`` on top.
    """

    enabled: bool = True
    gain_ratio: Tuple[float, float] = (0.85, 1.15)
    damping_nm_s: Tuple[float, float] = (0.0, 0.4)
    friction: Tuple[float, float] = (0.5, 1.1)
    base_mass_kg: Tuple[float, float] = (-1.0, 1.5)
    link_mass_ratio: Tuple[float, float] = (1.0, 1.0)
    com_shift_m: Tuple[float, float] = (0.0, 0.0)
    motor_strength: Tuple[float, float] = (1.0, 1.0)
    delay_s: Tuple[float, float] = (0.0, 0.0)
    slope_rad: Tuple[float, float] = (0.0, 0.0)
    push_interval_s: Optional[Tuple[float, float]] = None
    push_m_s: float = 0.5
    sensors: SensorConfig = field(default_factory=SensorConfig)

    @property
    def mujoco_only(self) -> Tuple[str, ...]:
        """Names of the values that differ from "none" and that only MuJoCo's backends have."""
        plain = type(self)(enabled=self.enabled)
        return tuple(n for n in _MUJOCO_ONLY if getattr(self, n) != getattr(plain, n))

    def __post_init__(self) -> None:
        for name in (*_RATIOS, *_POSITIVE, "base_mass_kg", "com_shift_m"):
            lower, upper = getattr(self, name)
            require(lower <= upper, f"{name}: lower bound above upper")
        require(all(getattr(self, name)[0] > 0 for name in _RATIOS), "ratios must be positive")
        require(self.slope_rad[1] < 1.0, "slope_rad must be below 1")
        for name in _POSITIVE:
            require(getattr(self, name)[0] >= 0, f"{name} must not be negative")
        interval = self.push_interval_s
        require(
            interval is None or 0 < interval[0] <= interval[1],
            "push_interval_s: expected two rising numbers above zero",
        )
        require(self.push_m_s >= 0, "push_m_s must not be negative")
