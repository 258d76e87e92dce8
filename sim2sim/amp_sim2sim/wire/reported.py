"""What a simulated robot says of itself: its measurements, and the faults that a user asked for."""

from __future__ import annotations

import numpy as np

from amp_sim2sim.wire.events import Schedule

Reported = tuple[int, np.ndarray, np.ndarray, float, int, np.ndarray, bool]
"""The arguments of the endpoint's ``publish``: counter in ms, motors, IMU, battery in percent,
buttons and sticks of the remote, whether the check sum is wrong."""

_FIRST_TICK = 100000
_BATTERY_PERCENT = 80.0
_L2_B = 1 << 5 | 1 << 9


def reported(
    measured: tuple[np.ndarray, np.ndarray], time_s: float, held_s: float, schedule: Schedule
) -> Reported:
    """What is said at ``time_s`` of motors ``[5, M]`` and IMU ``[10]``, with what goes wrong
    ``held_s`` after the robot was first held up."""
    motors, imu = (array.copy() for array in measured)
    tick = round(1000.0 * time_s) + _FIRST_TICK
    if schedule.holds("restart", held_s):
        tick -= _FIRST_TICK
    hot, gyro, joint, tilt, battery = (
        schedule.value(kind, held_s) for kind in ("hot", "gyro", "joint", "tilt", "battery")
    )
    if hot is not None:
        motors[4] = hot
    if joint is not None:
        motors[0, 0] += joint
    if schedule.holds("nan", held_s):
        motors[0, 0] = np.nan
    if gyro is not None:
        imu[4] += gyro
    if tilt is not None:
        imu[:4] = np.cos(tilt / 2), np.sin(tilt / 2), 0.0, 0.0
    buttons = _L2_B if schedule.holds("remote", held_s) else 0
    percent = _BATTERY_PERCENT if battery is None else battery
    return tick, motors, imu, percent, buttons, np.zeros(4), schedule.holds("corrupt", held_s)
