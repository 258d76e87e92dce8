"""What a user may set about the loop, from YAML through ``amp_sdk.config``."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal, Optional, Tuple

from amp_sdk.errors import InputError


@dataclass(frozen=True)
class SafetySettings:
    """Limits past which the robot is damped, and those that targets are held to.

    Ratios multiply the robot's own limits. ``state_timeout_s``: age of the newest measurement;
    ``frozen_timeout_s``: the robot's counter standing still; ``state_period_s``: at which
    measurements come (0: at the loop's); ``max_state_loss``: the share of them that may be missing
    for good, and ``state_loss_time_s`` how much may be missing beyond that; ``deadman_timeout_s``
    0 asks for no dead-man's switch, which is for simulation only.
    """

    soft_zone_rad: float = 0.05
    limit_margin_rad: float = 0.1
    target_rate_rad_s: float = 50.0
    velocity_fault_ratio: float = 1.5
    torque_fault_ratio: float = 1.5
    max_tilt_rad: float = 1.0
    max_gyro_rad_s: float = 12.0
    max_temperature_c: float = 85.0
    min_battery_percent: float = 5.0
    state_timeout_s: float = 0.02
    frozen_timeout_s: float = 0.02
    state_period_s: float = 0.0
    max_state_loss: float = 0.25
    state_loss_time_s: float = 0.03
    deadman_timeout_s: float = 0.3
    overrun_timeout_s: float = 0.02

    def __post_init__(self) -> None:
        zero_allowed = (
            "soft_zone_rad",
            "limit_margin_rad",
            "min_battery_percent",
            "state_period_s",
            "max_state_loss",
            "deadman_timeout_s",
        )
        _check_numbers(self, zero_allowed)
        if self.max_state_loss >= 1.0:
            raise InputError(f"max_state_loss is {self.max_state_loss!r}; expected a share below 1")
        if self.max_tilt_rad > math.pi:
            raise InputError(f"max_tilt_rad is {self.max_tilt_rad!r}; expected at most pi")


@dataclass(frozen=True)
class LoopSettings:
    """How the loop runs and moves.

    ``driver_options`` is what the driver is told, such as ``amp_sdk.unitree.Wire.options()``.
    ``priority`` of SCHED_FIFO (0: ordinary), ``cpu`` to run on (None: any). ``interpolation``: the
    share of a policy's period in which its target is reached (0: at once, as in training);
    ``target_timeout_periods``: the oldest answer that is acted on, in periods of the policy since
    the measurement it answers; ``action_fault_ratio``: an action above this multiple of the
    contract's ``action_clip`` is a fault. ``command_rate``: how fast commands ramp, in m/s^2, m/s^2
    and rad/s^2. ``damp_kd_ratio``: damping, in multiples of the robot's kd. ``damp_time_s``: of
    damping before the motors go limp on request. ``orphan_time_s``: how long a loop whose owner is
    gone damps before it goes limp and ends (0: until it is told).
    """

    driver: Literal["mock", "shared_memory", "dds"] = "shared_memory"
    driver_options: str = ""
    period_s: float = 0.002
    priority: int = 80
    cpu: Optional[int] = None
    lock_memory: bool = True
    stand_time_s: float = 2.0
    blend_time_s: float = 0.3
    damp_time_s: float = 2.0
    damp_kd_ratio: float = 2.0
    interpolation: float = 0.5
    target_timeout_periods: float = 2.5
    action_fault_ratio: float = 5.0
    command_rate: Tuple[float, float, float] = (1.0, 1.0, 2.0)
    orphan_time_s: float = 30.0
    safety: SafetySettings = field(default_factory=SafetySettings)

    def __post_init__(self) -> None:
        zero_allowed = ("stand_time_s", "blend_time_s", "damp_time_s", "interpolation")
        _check_numbers(self, (*zero_allowed, "orphan_time_s"))
        if not 2e-4 <= self.period_s <= 0.02:
            raise InputError(f"period_s is {self.period_s!r}; expected seconds from 0.0002 to 0.02")
        if not 0 <= self.priority <= 99:
            raise InputError(f"priority is {self.priority!r}; expected 0 to 99")
        if self.cpu is not None and not 0 <= self.cpu < 1024:
            raise InputError(f"cpu is {self.cpu!r}; expected the number of a CPU, from 0")
        if self.interpolation > 1.0:
            raise InputError(f"interpolation is {self.interpolation!r}; expected a share, 0 to 1")
        if self.target_timeout_periods <= 1.0:
            raise InputError(
                f"target_timeout_periods is {self.target_timeout_periods!r}; expected above 1: an "
                "answer is that old when the next one comes"
            )
        if len(self.command_rate) != 3 or min(self.command_rate) <= 0.0:
            raise InputError(f"command_rate is {self.command_rate!r}; expected three above 0")


def _check_numbers(settings: Any, zero_allowed: Tuple[str, ...]) -> None:
    for item in dataclasses.fields(settings):
        value = getattr(settings, item.name)
        if item.type != "float":
            continue
        if (
            not math.isfinite(value)
            or value < 0.0
            or (value == 0.0 and item.name not in zero_allowed)
        ):
            expected = "0 or more" if item.name in zero_allowed else "above 0"
            raise InputError(f"{item.name} is {value!r}; expected a finite number {expected}")
