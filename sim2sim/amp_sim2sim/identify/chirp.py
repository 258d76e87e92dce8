"""The part of a flight record in which joints were excited, as arrays on a clock of the robot's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.runtime.flight_log import FlightLog
from amp_sdk.runtime.modes import Mode

_LEAST = 500
_AROUND = 101


@dataclass(frozen=True, eq=False)
class Chirps:
    """Measurements ``[N]`` at ``time_s``, and commands ``[M]`` sent at ``sent_s``, joints ``[J]``.

    ``quat_w [N, 4]`` wxyz, ``gyro_b``, ``accel_b [N, 3]``; ``pos``, ``vel``, ``torque [N, J]``;
    ``target [M, J]``, ``kp``, ``kd [J]``.
    """

    joint_names: tuple[str, ...]
    time_s: np.ndarray
    quat_w: np.ndarray
    gyro_b: np.ndarray
    accel_b: np.ndarray
    pos: np.ndarray
    vel: np.ndarray
    torque: np.ndarray
    sent_s: np.ndarray
    target: np.ndarray
    kp: np.ndarray
    kd: np.ndarray


def read(log: FlightLog, joint_names: tuple[str, ...]) -> Chirps:
    """The ticks in which targets were followed in full. Raises InputError where there are few.

    Times are those of the robot's own counter (ms), and commands are put on its clock by the median
    of what lies between both clocks around them: messages arrive with jitter, which would spoil
    derivatives.
    """
    ticks = log.ticks
    moving = (ticks["status.mode"] == Mode.POLICY) & (ticks["status.blend"] >= 1.0)
    sent = ticks[moving]
    new = sent[sent["has_state"] == 1]
    new = new[np.concatenate([[True], np.diff(new["state.tick"].astype(np.int64)) > 0])[: len(new)]]
    if len(new) < _LEAST:
        raise InputError(
            f"{log.path}: {len(new)} measurements under targets; expected a record of "
            "deploy --excite, with a minute or more of it"
        )
    count_s = 1e-3 * (new["state.tick"].astype(np.int64) - int(new["state.tick"][0]))
    begin_ns = int(new["state.time_ns"][0])
    arrived_s = 1e-9 * (new["state.time_ns"].astype(np.int64) - begin_ns)
    sent_s = 1e-9 * (sent["command.time_ns"].astype(np.int64) - begin_ns)
    between_s = _running_median(arrived_s - count_s)
    sent_s = sent_s - np.interp(sent_s, arrived_s, between_s)
    return Chirps(
        joint_names=joint_names,
        time_s=count_s,
        quat_w=new["state.quat_wxyz"],
        gyro_b=new["state.gyro_b"],
        accel_b=new["state.accel_b"],
        pos=new["state.joint_pos"],
        vel=new["state.joint_vel"],
        torque=new["state.joint_torque"],
        sent_s=sent_s,
        target=sent["command.target_pos"],
        kp=np.median(sent["command.kp"], axis=0),
        kd=np.median(sent["command.kd"], axis=0),
    )


def _running_median(values: np.ndarray) -> np.ndarray:
    padded = np.pad(values, _AROUND // 2, "edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, _AROUND), axis=1)
