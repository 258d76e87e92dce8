"""A simulated robot in the messages of the runtime: what it measures, what its motors do."""

from __future__ import annotations

import numpy as np

from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import messages
from amp_sim2sim.robot_in_sim import RobotInSim


class SimulatedRobot:
    """``RobotInSim`` with motors that have a PD controller of their own, as real ones do.

    Joints are in the robot's order, which is that of its policies. ``state`` is a ``RobotState``,
    always the same array.
    """

    def __init__(self, sim: RobotInSim, robot: RobotSpec) -> None:
        self.sim = sim
        self.state = messages.new(messages.STATE)
        self.state["flags"] = messages.native().HAS_TORQUE
        self._joints = len(robot.joint_names)
        self._effort_nm = robot.effort_limit_nm
        self._torque_nm = np.zeros(self._joints)

    def measure(self, time_ns: int) -> np.ndarray:
        """The sensors of the present state, as measured at ``time_ns``; returns ``state``."""
        self.sim.sense()
        measured, state, joints = self.sim.measure(), self.state, self._joints
        state["time_ns"] = time_ns
        state["tick"] += 1
        state["quat_wxyz"], state["gyro_b"] = measured.quat_w, measured.ang_vel_b
        state["joint_pos"][:joints] = measured.joint_pos
        state["joint_vel"][:joints] = measured.joint_vel
        state["joint_torque"][:joints] = self._torque_nm
        return state

    def move(self, command: np.ndarray) -> None:
        """One physics step under a ``JointCommand``; call ``measure`` before."""
        joints = slice(0, self._joints)
        torque = command["kp"][joints] * (command["target_pos"][joints] - self.sim.joint_pos)
        torque += command["kd"][joints] * (command["target_vel"][joints] - self.sim.joint_vel)
        torque += command["torque"][joints]
        torque *= command["mode"][joints]  # 0: idle
        self._torque_nm = np.clip(torque, -self._effort_nm, self._effort_nm)
        self.sim.push(self._torque_nm)
