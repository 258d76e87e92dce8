"""What the robots measure: the truth with noise, biases, calibration errors and lost samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from amp_sdk import rotations
from amp_sdk.observation import RobotState
from amp_sim2sim.gate.conditions import Conditions

GYRO_NOISE_RAD_S, ATTITUDE_NOISE_RAD = 0.1, 0.02
JOINT_POS_NOISE_RAD, JOINT_VEL_NOISE_RAD_S = 0.01, 0.5
"""Standard deviations of reference noise (``sensor_noise`` 1), the order that is usual in training
for quadrupeds; a robot's own encoders and IMU are better."""


class Sensing:
    """The sensors of ``N`` robots; run ``i`` draws its random numbers from ``rngs[i]``."""

    def __init__(
        self,
        all_of: Sequence[Conditions],
        rngs: Sequence[np.random.Generator],
        periods: int,
        joints: int,
    ) -> None:
        count = len(all_of)
        self.joint_offset = np.zeros((count, joints))
        self._gyro_bias, self._attitude_bias = np.zeros((count, 3)), np.zeros((count, 3))
        self._lost = np.zeros((periods, count), dtype=bool)
        self._noisy = np.flatnonzero([c.sensor_noise > 0.0 for c in all_of])
        noise = []
        for i, (c, rng) in enumerate(zip(all_of, rngs, strict=True)):
            self.joint_offset[i] = c.joint_offset_rad * rng.choice((-1.0, 1.0), joints)
            self._gyro_bias[i] = c.gyro_bias_rad_s * _direction(rng)
            angle = rng.uniform(-np.pi, np.pi)
            self._attitude_bias[i, :2] = c.attitude_bias_rad * np.array(
                [np.cos(angle), np.sin(angle)]
            )
            self._lost[:, i] = rng.uniform(size=periods) < c.drop_share
            if c.sensor_noise > 0.0:
                noise.append(c.sensor_noise * rng.standard_normal((periods, 6 + 2 * joints)))
        self._lost[0] = False
        self._noise = np.stack(noise, axis=1) if noise else np.zeros((periods, 0, 6 + 2 * joints))
        self._last: RobotState | None = None

    def measure(
        self, period: int, quat: np.ndarray, gyro: np.ndarray, pos: np.ndarray, vel: np.ndarray
    ) -> RobotState:
        """Measurements ``[N, ...]`` of true attitude wxyz, angular velocity (base) and joints."""
        rotation = self._attitude_bias.copy()
        gyro, pos, vel = gyro + self._gyro_bias, pos + self.joint_offset, vel.copy()
        if len(self._noisy):
            noise, joints = self._noise[period], pos.shape[1]
            gyro[self._noisy] += GYRO_NOISE_RAD_S * noise[:, :3]
            rotation[self._noisy] += ATTITUDE_NOISE_RAD * noise[:, 3:6]
            pos[self._noisy] += JOINT_POS_NOISE_RAD * noise[:, 6 : 6 + joints]
            vel[self._noisy] += JOINT_VEL_NOISE_RAD_S * noise[:, 6 + joints :]
        state = RobotState(gyro, _turned(quat, rotation), pos, vel)
        lost = self._lost[period]
        if self._last is not None and lost.any():
            for name in ("ang_vel_b", "quat_w", "joint_pos", "joint_vel"):
                getattr(state, name)[lost] = getattr(self._last, name)[lost]
        self._last = state
        return state


def _turned(quat: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """``quat [N, 4]`` followed by rotation vectors ``[N, 3]`` in the base frame."""
    return rotations.multiply(quat, rotations.from_exp_map(rotation))


def _direction(rng: np.random.Generator) -> np.ndarray:
    vector = rng.standard_normal(3)
    return vector / np.linalg.norm(vector)
