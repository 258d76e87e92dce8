"""The body of a robot on the wire: physics, motor boards, IMU, and the band of a gantry."""

from __future__ import annotations

import mujoco
import numpy as np

from amp_sdk.robots import RobotSpec
from amp_sdk.unitree import Wire
from amp_sim2sim.robot_in_sim import RobotInSim
from amp_sim2sim.scene import build_model

_BAND_N_M, _BAND_N_S_M = 2000.0, 500.0
_BAND_HEIGHT_M = 0.4  # above the base, where it is fixed to the robot
_BAND_RELEASE_S = 1.0
_SETTLE_S = 2.0
_ROOM_TEMPERATURE_C = 35.0


class WireBody:
    """A robot whose motors have PD controllers that run in every physics step.

    Arrays of motors are in the vendor's order, ``wire.motors`` long. ``lift_m`` is how far above
    its stance the gantry holds the robot.
    """

    def __init__(
        self, robot: RobotSpec, wire: Wire, physics_step_s: float, lift_m: float = 0.0
    ) -> None:
        self.step_s = physics_step_s
        self.sim = RobotInSim(build_model(robot, physics_step_s), robot, robot.joint_names)
        self._slots = np.array(wire.slots)
        self._effort_nm = robot.effort_limit_nm
        self._targets = np.zeros((6, len(robot.joint_names)))
        self._torque_nm = np.zeros(len(robot.joint_names))
        self._motors = np.zeros((5, wire.motors))
        self._imu = np.zeros(10)
        model = self.sim.model
        self._acc = int(model.sensor("imu_acc").adr[0])
        self._base = model.body(robot.base_body).id
        self.sim.stand(robot.default_joint_pos_rad, 0.0)
        self.stand_height_m = float(self.sim.base_pose_w[2])
        self.sim.lift(lift_m)
        self._anchor = self.sim.base_pose_w[:3] + (0.0, 0.0, _BAND_HEIGHT_M)

    def settle(self, share: float) -> None:
        """Let the limp robot sink to the floor, or into ``share`` of its gantry's band."""
        for _ in range(round(_SETTLE_S / self.step_s)):
            self.hang(share)
            self.step()

    def command(self, targets: np.ndarray | None) -> None:
        """What the motors are told, ``[6, M]`` of q, dq, tau, kp, kd, enabled; None: nothing."""
        self._targets[:] = 0.0 if targets is None else targets[:, self._slots]

    @property
    def stiff(self) -> bool:
        """Whether a motor holds a position."""
        return bool((self._targets[3] * self._targets[5]).any())

    @property
    def enabled(self) -> bool:
        """Whether a motor does anything."""
        return bool(self._targets[5].any())

    def hang(self, share: float) -> None:
        """Pull with ``share`` of the gantry's band, from 0 to 1, until the next call."""
        force = np.zeros(6)
        if share > 0.0:
            pos, up = self._band_point()
            velocity = self.sim.base_velocity[:3]
            force[:3] = share * (_BAND_N_M * (self._anchor - pos) - _BAND_N_S_M * velocity)
            force[3:] = np.cross(up, force[:3])
        self.sim.data.xfrc_applied[self._base] = force

    def _band_point(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the band is fixed to the robot, in the world, and that from the centre of mass."""
        data = self.sim.data
        rotation = data.xmat[self._base].reshape(3, 3)
        pos = data.xpos[self._base] + rotation @ (0.0, 0.0, _BAND_HEIGHT_M)
        return pos, pos - data.xipos[self._base]

    def step(self) -> None:
        """One physics step, with the PD controllers evaluated in it."""
        self.sim.sense()
        q, dq, tau, kp, kd, enabled = self._targets
        pos, vel = self.sim.joint_pos, self.sim.joint_vel
        torque = enabled * (tau + kp * (q - pos) + kd * (dq - vel))
        self._torque_nm = np.clip(torque, -self._effort_nm, self._effort_nm)
        self.sim.push(self._torque_nm)

    def measure(self) -> tuple[np.ndarray, np.ndarray]:
        """``[5, M]`` of q, dq, ddq, torque, temperature, and ``[10]`` of the IMU: attitude, gyro,
        acceleration. The same arrays in every call."""
        measured = self.sim.measure()
        self._motors[0, self._slots] = measured.joint_pos
        self._motors[1, self._slots] = measured.joint_vel
        self._motors[3, self._slots] = self._torque_nm
        self._motors[4] = _ROOM_TEMPERATURE_C
        self._imu[:4], self._imu[4:7] = measured.quat_w, measured.ang_vel_b
        self._imu[7:] = self.sim.data.sensordata[self._acc : self._acc + 3]
        return self._motors, self._imu

    def tilt_rad(self) -> float:
        """The angle between the base's z axis and the vertical."""
        matrix = np.zeros(9)
        mujoco.mju_quat2Mat(matrix, self.sim.base_pose_w[3:])
        return float(np.arccos(np.clip(matrix[8], -1.0, 1.0)))


def band_share(stiff_s: float, gantry_s: float) -> float:
    """How much of its band a gantry pulls with, ``stiff_s`` after the robot was first held."""
    if gantry_s <= 0.0:
        return 0.0
    return float(np.clip(1.0 - (stiff_s - gantry_s) / _BAND_RELEASE_S, 0.0, 1.0))
