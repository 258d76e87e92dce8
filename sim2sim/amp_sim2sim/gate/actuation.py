"""From commands to torques: PD with limits, wrong gains, weak motors, friction; late answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sim2sim.gate.conditions import Conditions
from amp_sim2sim.gate.loops import ANSWER_S

_CORNER = 0.5  # share of the top speed up to which a motor has its full torque
_STICTION_RAD_S = 0.05


class ServoCommand(Protocol):
    """What motors are told, all ``[N, J]``; an idle one has gains of zero."""

    target_pos: np.ndarray
    target_vel: np.ndarray
    feed_forward: np.ndarray
    kp: np.ndarray
    kd: np.ndarray


class Motors:
    """The motors of ``N`` robots, each with a PD controller of its own, as real ones have; joints
    are in the order of the contract."""

    def __init__(
        self,
        contract: PolicyContract,
        all_of: Sequence[Conditions],
        top_speed_rad_s: np.ndarray,
        joint_offset_rad: np.ndarray,
    ) -> None:
        def column(name: str) -> np.ndarray:
            return np.array([[getattr(c, name)] for c in all_of], dtype=np.float64)

        self._kp_ratio, self._kd_ratio = column("kp_ratio"), column("kd_ratio")
        self._strength, self._offset = column("strength"), joint_offset_rad
        self._limit = contract.joint_array("effort_limit_nm")
        self._friction = self._limit * column("coulomb_share")
        self._has_friction = bool(self._friction.any())
        self._curved = np.flatnonzero([c.torque_speed for c in all_of])
        self._top_speed = top_speed_rad_s

    def torque(
        self, command: ServoCommand, pos: np.ndarray, vel: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the motors are asked for (within the limits) and what reaches the joints, Nm;
        all ``[N, J]``."""
        asked = self._kp_ratio * command.kp
        asked *= command.target_pos - pos - self._offset
        asked += self._kd_ratio * command.kd * (command.target_vel - vel)
        asked += command.feed_forward
        np.minimum(asked, self._limit, out=asked)
        np.maximum(asked, -self._limit, out=asked)
        torque = self._strength * asked
        if len(self._curved):
            torque[self._curved] = self._within_curve(torque[self._curved], vel[self._curved])
        if self._has_friction:
            torque -= self._friction * np.tanh(vel / _STICTION_RAD_S)
        return asked, torque

    def _within_curve(self, torque: np.ndarray, vel: np.ndarray) -> np.ndarray:
        share = (1.0 - np.abs(vel) / self._top_speed) / (1.0 - _CORNER)
        limit = self._limit * np.clip(share, 0.0, 1.0)
        driving = torque * vel > 0.0
        return np.where(driving, np.clip(torque, -limit, limit), torque)


def answers_known(
    all_of: Sequence[Conditions],
    rngs: Sequence[np.random.Generator],
    periods: int,
    ticks: int,
    tick_s: float,
) -> np.ndarray:
    """How many answers of its policy a loop has received at each of its ticks,
    ``[periods * ticks, N]``.

    A policy answers the measurement of every control period after ``loops.ANSWER_S``, and up to
    the jitter on top, rounded to ticks; the first answer, to the start pose, is there at once. A
    later one never arrives before an earlier one.
    """
    table = np.zeros((periods * ticks, len(all_of)), dtype=np.int32)
    clock = np.arange(periods * ticks)
    for i, (c, rng) in enumerate(zip(all_of, rngs, strict=True)):
        delay_s = ANSWER_S + c.jitter_s * rng.uniform(size=periods)
        delay_s[0] = 0.0
        arrival = np.arange(periods) * ticks + np.rint(delay_s / tick_s).astype(int)
        arrival = np.maximum.accumulate(arrival)
        table[:, i] = np.searchsorted(arrival, clock, side="right")
    return table
