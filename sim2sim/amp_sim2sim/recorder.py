"""What is kept of an episode."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sim2sim.robot_in_sim import RobotInSim


@dataclass(frozen=True)
class Fall:
    """When and why an episode ended early."""

    time_s: float
    reason: str


@dataclass(frozen=True)
class FineLog:
    """At every physics step: ``[S, J]`` float32."""

    step_s: float
    joint_pos: np.ndarray
    joint_vel: np.ndarray
    torque_nm: np.ndarray


@dataclass(frozen=True)
class EpisodeLog:
    """What happened, at every control period (``[T, ...]``), up to the end or the fall.

    ``base_pos_w [T, 3]`` m, ``base_quat_w [T, 4]`` wxyz, ``lin_vel_w [T, 3]`` m/s, ``ang_vel_b
    [T, 3]`` rad/s, ``joint_pos [T, J]`` rad, ``action [T, J]`` as applied, ``foot_contact [T, F]``
    bool. ``fine`` is dropped where only the course matters.
    """

    number: int
    period_s: float
    duration_s: float
    fall: Fall | None
    command: np.ndarray
    base_pos_w: np.ndarray
    base_quat_w: np.ndarray
    lin_vel_w: np.ndarray
    ang_vel_b: np.ndarray
    joint_pos: np.ndarray
    action: np.ndarray
    foot_contact: np.ndarray
    fine: FineLog | None

    def without_fine(self) -> EpisodeLog:
        """The same log with the record of every physics step dropped."""
        return dataclasses.replace(self, fine=None)


def steps_per_period(contract: PolicyContract, step_s: float) -> int:
    """Physics steps in a control period. Raises InputError where that is no whole number."""
    steps = round(contract.control_period_s / step_s)
    if steps < 1 or abs(steps * step_s - contract.control_period_s) > 1e-9:
        raise InputError(
            f"control_period_s is {contract.control_period_s!r}; expected a whole number of "
            f"physics steps of {step_s!r} s, so that the policy runs at the rate of its training"
        )
    return steps


class Recorder:
    """Arrays of a whole episode, filled as it goes."""

    def __init__(self, contract: PolicyContract, step_s: float, feet: int, duration_s: float):
        self.steps = steps_per_period(contract, step_s)
        self.periods = max(1, round(duration_s / contract.control_period_s))
        self._period_s, self._step_s = contract.control_period_s, step_s
        joints, total = contract.action_dim, self.periods * self.steps
        self._base = np.zeros((self.periods, 13))
        self._joint_pos = np.zeros((self.periods, joints))
        self._action = np.zeros((self.periods, joints))
        self._contact = np.zeros((self.periods, feet), dtype=bool)
        self._fine = np.zeros((3, total, joints), dtype=np.float32)
        self._done = 0

    def period(self, i: int, sim: RobotInSim, action: np.ndarray, feet: np.ndarray) -> None:
        self._base[i, :7], self._base[i, 7:] = sim.base_pose_w, sim.base_velocity
        self._joint_pos[i], self._action[i], self._contact[i] = sim.joint_pos, action, feet
        self._done = i + 1

    def step(self, i: int, pos: np.ndarray, vel: np.ndarray, torque: np.ndarray) -> None:
        self._fine[0, i], self._fine[1, i], self._fine[2, i] = pos, vel, torque

    def finish(
        self, number: int, duration_s: float, fall: Fall | None, command: np.ndarray
    ) -> EpisodeLog:
        base = self._base[: self._done]
        fine = self._fine[:, : self._done * self.steps]
        return EpisodeLog(
            number=number,
            period_s=self._period_s,
            duration_s=duration_s,
            fall=fall,
            command=command,
            base_pos_w=base[:, :3],
            base_quat_w=base[:, 3:7],
            lin_vel_w=base[:, 7:10],
            ang_vel_b=base[:, 10:],
            joint_pos=self._joint_pos[: self._done],
            action=self._action[: self._done],
            foot_contact=self._contact[: self._done],
            fine=FineLog(self._step_s, fine[0], fine[1], fine[2]),
        )
