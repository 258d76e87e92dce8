"""The conditions of one run: everything in which it may differ from the nominal simulation."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from amp_sdk.errors import InputError

_NOT_NEGATIVE = (
    "push_m_s strength kp_ratio kd_ratio joint_offset_rad sensor_noise gyro_bias_rad_s "
    "attitude_bias_rad latency_s jitter_s drop_share gap_s coulomb_share slope_deg "
    "terrain_height_m start_spread_rad start_tilt_rad start_drop_m"
).split()
_SHARES = ("forward_share", "lateral_share", "yaw_share", "drop_share")


@dataclass(frozen=True)
class Conditions:
    """Neutral by default. Angles in rad, unless the name says degrees; forward is the heading's.

    Attributes:
        command_profile: ``constant``; ``stop`` (zero in the second half); ``step`` (the
            forward command at its lower end first, at its upper end in the second half).
        forward_share, lateral_share, yaw_share: where in the contract's range a command is, 0 its
            lower and 1 its upper end; the contract's nominal value where not given.
        push_m_s, push_direction_deg: pushes of 0.1 s on the base; the impulse is this speed times
            the robot's mass, the direction is counted from its heading to the left.
        friction: sliding friction of every contact; the models' own where not given.
        payload_share: mass added to the base, in shares of the robot's mass.
        com_forward_m, com_left_m: shift of the base's centre of mass.
        strength: what the motors deliver of the torque asked for, limits included.
        kp_ratio, kd_ratio: gains of the motors' PD control beside those commanded.
        joint_offset_rad: calibration error of every encoder, its sign random.
        sensor_noise: multiple of ``sensing``'s reference noise.
        gyro_bias_rad_s, attitude_bias_rad: constant errors about a random axis (horizontal for the
            attitude).
        latency_s: how late measurements reach the robot's control loop.
        jitter_s: the policy's answers are late by up to this, each by itself; on top of the 2 ms
            that every answer takes.
        drop_share: share of measurements (one each 2 ms) that are lost; the last one is used again.
        gap_s: once in a second, no measurement comes for so long.
        physics_step_s, integrator, solver, cone, contact_time_s: MuJoCo's; ``contact_time_s`` is
            the time constant of contacts (``solref``), the models' own where not given.
        torque_speed: the torque in the direction of motion falls linearly from its limit at half
            of the motor's top speed to zero at top speed.
        coulomb_share: dry friction of the gear, in shares of the joint's torque limit.
        slope_deg, slope_direction_deg: of the floor; the direction that goes up, from the heading.
        terrain, terrain_height_m: ``rough`` has random bumps of that height, ``steps`` rise by it.
        start_spread_rad, start_tilt_rad, start_drop_m: every joint off by up to the first; the base
            tilted about a random axis; released above the floor.
    """

    command_profile: Literal["constant", "stop", "step"] = "constant"
    forward_share: float | None = None
    lateral_share: float | None = None
    yaw_share: float | None = None
    push_m_s: float = 0.0
    push_direction_deg: float = 0.0
    friction: float | None = None
    payload_share: float = 0.0
    com_forward_m: float = 0.0
    com_left_m: float = 0.0
    strength: float = 1.0
    kp_ratio: float = 1.0
    kd_ratio: float = 1.0
    joint_offset_rad: float = 0.0
    sensor_noise: float = 0.0
    gyro_bias_rad_s: float = 0.0
    attitude_bias_rad: float = 0.0
    latency_s: float = 0.0
    jitter_s: float = 0.0
    drop_share: float = 0.0
    gap_s: float = 0.0
    physics_step_s: float = 0.002
    integrator: Literal["euler", "implicit", "implicitfast", "rk4"] = "euler"
    solver: Literal["newton", "cg", "pgs"] = "newton"
    cone: Literal["pyramidal", "elliptic"] = "pyramidal"
    contact_time_s: float | None = None
    torque_speed: bool = False
    coulomb_share: float = 0.0
    slope_deg: float = 0.0
    slope_direction_deg: float = 0.0
    terrain: Literal["flat", "rough", "steps"] = "flat"
    terrain_height_m: float = 0.0
    start_spread_rad: float = 0.05
    start_tilt_rad: float = 0.0
    start_drop_m: float = 0.0

    def __post_init__(self) -> None:
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0.0:
                raise InputError(f"{name} is {getattr(self, name)}; expected 0 or more")
        for name in _SHARES:
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 1.0:
                raise InputError(f"{name} is {value}; expected a share from 0 to 1")
        for name in ("friction", "contact_time_s", "physics_step_s"):
            value = getattr(self, name)
            if value is not None and value <= 0.0:
                raise InputError(f"{name} is {value}; expected more than 0")
        if self.payload_share <= -0.5:
            raise InputError(f"payload_share is {self.payload_share}; expected more than -0.5")
        _check_terrain(self)


NUMBERS = tuple(
    f.name for f in dataclasses.fields(Conditions) if f.type in ("float", "float | None")
)
"""Names of the conditions that a scenario can vary."""

UNITS = (
    ("_m_s", "m/s"),
    ("_rad_s", "rad/s"),
    ("_deg", "degrees"),
    ("_rad", "rad"),
    ("_m", "m"),
    ("_s", "s"),
)


def unit(name: str) -> str:
    """The unit that the name of a condition ends in; empty for a ratio."""
    return next((text for ending, text in UNITS if name.endswith(ending)), "")


def _check_terrain(c: Conditions) -> None:
    if c.slope_deg >= 45.0:
        raise InputError(f"slope_deg is {c.slope_deg}; expected less than 45")
    if c.slope_deg and c.terrain != "flat":
        raise InputError(f"slope_deg needs terrain 'flat', found {c.terrain!r}")
    if c.terrain_height_m > 0.5:
        raise InputError(f"terrain_height_m is {c.terrain_height_m}; expected at most 0.5")
