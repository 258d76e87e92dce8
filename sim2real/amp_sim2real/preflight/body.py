"""A robot's body: temperatures, battery, attitude, joints."""

from __future__ import annotations

from typing import Iterator, List

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.doctor._finding import NOTE, OK, PROBLEM, Finding
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import LoopSettings, messages
from amp_sim2real.preflight.observed import Observed

_BATTERY_PERCENT = 20.0  # the vendor's own limit
_WARM_C = 60.0
_FAR_RAD = 0.6
_LEVEL_RAD = 0.5


def body(
    seen: Observed, spec: RobotSpec, contract: PolicyContract, settings: LoopSettings
) -> Iterator[Finding]:
    """Temperatures, battery, attitude and joints."""
    core, state, joints = messages.native(), seen.state, len(spec.joint_names)
    flags = int(state["flags"])
    if flags & core.HAS_TEMPERATURE:
        yield _temperature(state["motor_temperature_c"][:joints], spec, settings)
    if flags & core.HAS_BATTERY:
        percent = float(state["battery_percent"])
        low = PROBLEM if percent < settings.safety.min_battery_percent else NOTE
        level = OK if percent >= _BATTERY_PERCENT else low
        expected = f"{_BATTERY_PERCENT:.0f} % or more"
        yield Finding("battery", f"{percent:.0f} %", level, expected, "charge it, or change it")
    w, x, y, z = (float(v) for v in state["quat_wxyz"])
    tilt = 2.0 * float(np.arctan2(np.hypot(x, y), np.hypot(w, z)))
    yield Finding(
        "attitude",
        f"tilted by {tilt:.2f} rad",
        OK if tilt < _LEVEL_RAD else PROBLEM,
        f"below {_LEVEL_RAD:g} rad",
        "put the robot upright (G1: hang it up straight); restart it where it is",
    )
    yield from _joints(state["joint_pos"][:joints], spec, contract)


def _temperature(celsius: np.ndarray, spec: RobotSpec, settings: LoopSettings) -> Finding:
    hottest = int(np.argmax(celsius))
    limit = settings.safety.max_temperature_c
    level = OK if celsius[hottest] < _WARM_C else NOTE
    return Finding(
        "motor temperature",
        f"at most {celsius[hottest]:.0f} C ({spec.joint_names[hottest]})",
        PROBLEM if celsius[hottest] >= limit else level,
        f"below {_WARM_C:.0f} C before a start; the loop damps at {limit:.0f} C",
        "let it cool down",
    )


def _joints(pos: np.ndarray, spec: RobotSpec, contract: PolicyContract) -> Iterator[Finding]:
    beyond = np.maximum(spec.joint_lower_rad - pos, pos - spec.joint_upper_rad)
    names: List[str] = [spec.joint_names[i] for i in np.flatnonzero(~(beyond < 0.1))]
    if names:
        yield Finding(
            "joint ranges",
            f"outside: {', '.join(names)}",
            PROBLEM,
            "every joint within its range, and 0.1 rad",
            "calibrate the robot's joints; check that the policy is for this variant",
        )
    else:
        yield Finding("joint ranges", "all joints within")
    off = np.abs(pos - contract.joint_array("default_pos_rad"))
    worst = int(np.argmax(off))
    yield Finding(
        "stand pose",
        f"{spec.joint_names[worst]} is {off[worst]:.2f} rad away, the farthest",
        OK if off[worst] < _FAR_RAD else NOTE,
        f"below {_FAR_RAD:g} rad, unless the robot lies or hangs",
        "see that all limbs are free to move there slowly",
    )
