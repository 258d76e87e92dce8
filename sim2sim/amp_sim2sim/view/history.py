"""The last seconds of a watched simulation, for live plots."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sim2sim import metrics

LENGTH_S = 10.0
_MEAN_S = 0.5
VELOCITIES = ("lin_vel_x", "lin_vel_y", "ang_vel_z")


@dataclass(frozen=True)
class Window:
    """At every control period, oldest first: ``time_s [T]``; ``command [T, 3]`` and the actual
    ``velocity [T, 3]`` (mean over the half second before) forward, lateral and about the vertical,
    the command NaN where the policy has none; ``joint_pos``, ``target_rad``, ``torque_nm
    [T, J]``."""

    time_s: np.ndarray
    command: np.ndarray
    velocity: np.ndarray
    joint_pos: np.ndarray
    target_rad: np.ndarray
    torque_nm: np.ndarray


class History:
    """Remembers ``LENGTH_S``."""

    def __init__(self, contract: PolicyContract) -> None:
        period_s = contract.control_period_s
        self._columns = [contract.command_index(name) for name in VELOCITIES]
        self._mean = max(1, round(_MEAN_S / period_s))
        self._joints = contract.action_dim
        self._rows: deque[np.ndarray] = deque(maxlen=round(LENGTH_S / period_s))

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()

    def add(
        self,
        time_s: float,
        command: np.ndarray,
        base_pose_w: np.ndarray,
        base_velocity: np.ndarray,
        joints: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> None:
        """One control period; ``joints`` are angles, targets and torques, ``[J]`` each."""
        quat = base_pose_w[None, 3:]
        planar = metrics.heading_velocity(base_velocity[None, :3], quat)[0]
        turn = metrics.yaw_rate(base_velocity[None, 3:], quat)
        asked = [command[k] if k >= 0 else np.nan for k in self._columns]
        self._rows.append(np.concatenate([[time_s], asked, planar, turn, *joints]))

    def window(self) -> Window:
        """All of it, as a copy."""
        j = self._joints
        rows = np.array(self._rows) if self._rows else np.zeros((0, 7 + 3 * j))
        return Window(
            time_s=rows[:, 0],
            command=rows[:, 1:4],
            velocity=_trailing_mean(rows[:, 4:7], self._mean),
            joint_pos=rows[:, 7 : 7 + j],
            target_rad=rows[:, 7 + j : 7 + 2 * j],
            torque_nm=rows[:, 7 + 2 * j :],
        )


def _trailing_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Mean ``[T, K]`` of each row of ``values [T, K]`` and the ``width - 1`` before it."""
    summed = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - width)
    return (summed[ends] - summed[starts]) / (ends - starts)[:, None]
