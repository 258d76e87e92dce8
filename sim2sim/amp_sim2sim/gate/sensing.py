"""What the robots measure: the truth with noise, biases, calibration errors, delay and loss."""

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
_GAP_EVERY_S = 1.0


class Sensing:
    """The sensors of ``N`` robots at every tick of their loops; run ``i`` draws its random numbers
    from ``rngs[i]``. ``state`` is where it writes: what reached the loops last."""

    def __init__(
        self,
        all_of: Sequence[Conditions],
        rngs: Sequence[np.random.Generator],
        ticks: int,
        tick_s: float,
        state: RobotState,
    ) -> None:
        count, joints = state.joint_pos.shape
        self.joint_offset = np.zeros((count, joints))
        self._gyro_bias, self._attitude_bias = np.zeros((count, 3)), np.zeros((count, 3))
        self._lost = np.zeros((ticks, count), dtype=bool)
        noise = []
        for i, (c, rng) in enumerate(zip(all_of, rngs, strict=True)):
            self.joint_offset[i] = c.joint_offset_rad * rng.choice((-1.0, 1.0), joints)
            self._gyro_bias[i] = c.gyro_bias_rad_s * _direction(rng)
            angle = rng.uniform(-np.pi, np.pi)
            self._attitude_bias[i, :2] = c.attitude_bias_rad * np.array(
                [np.cos(angle), np.sin(angle)]
            )
            self._lost[:, i] = _losses(c, rng, ticks, tick_s)
            if c.sensor_noise > 0.0:
                noise.append(c.sensor_noise * rng.standard_normal((ticks, 6 + 2 * joints)))
        self._lost[0] = False
        self._noisy = np.flatnonzero([c.sensor_noise > 0.0 for c in all_of])
        self._noise = np.stack(noise, axis=1) if noise else np.zeros((ticks, 0, 6 + 2 * joints))
        turned = [c.sensor_noise > 0.0 or c.attitude_bias_rad > 0.0 for c in all_of]
        self._turned = np.flatnonzero(turned)
        self._rotation = self._attitude_errors()
        delay = np.rint([c.latency_s / tick_s for c in all_of]).astype(int)
        self._late, self._delay = np.flatnonzero(delay), delay[delay > 0]
        self._past = np.zeros((max(self._delay, default=0) + 1, len(self._late), 7 + 2 * joints))
        self.state = state

    def _attitude_errors(self) -> np.ndarray:
        """Bias and noise of the attitude as quaternions in the base frame, ``[ticks, T, 4]``."""
        rotation = np.tile(self._attitude_bias[self._turned], (len(self._lost), 1, 1))
        noisy = np.isin(self._turned, self._noisy)
        rotation[:, noisy] += ATTITUDE_NOISE_RAD * self._noise[:, :, 3:6]
        return rotations.from_exp_map(rotation)

    def measure(
        self, tick: int, quat: np.ndarray, gyro: np.ndarray, pos: np.ndarray, vel: np.ndarray
    ) -> np.ndarray:
        """Measure true attitude wxyz, angular velocity (base) and joints ``[N, ...]``; returns
        which robots' ``state`` is new, ``[N]`` bool."""
        state, lost = self.state, self._lost[tick]
        rows = np.flatnonzero(lost)
        last = [array[rows] for array in _arrays(state)]
        np.add(gyro, self._gyro_bias, out=state.ang_vel_b)
        np.add(pos, self.joint_offset, out=state.joint_pos)
        state.quat_w[:], state.joint_vel[:] = quat, vel
        if len(self._noisy):
            self._add_noise(tick)
        if len(self._turned):
            true = state.quat_w[self._turned]
            state.quat_w[self._turned] = rotations.multiply(true, self._rotation[tick])
        if len(self._late):
            self._delay_by_latency(tick)
        for array, kept in zip(_arrays(state), last, strict=True):
            array[rows] = kept
        return ~lost

    def _add_noise(self, tick: int) -> None:
        noise, new = self._noise[tick], self.state
        joints = new.joint_pos.shape[1]
        new.ang_vel_b[self._noisy] += GYRO_NOISE_RAD_S * noise[:, :3]
        new.joint_pos[self._noisy] += JOINT_POS_NOISE_RAD * noise[:, 6 : 6 + joints]
        new.joint_vel[self._noisy] += JOINT_VEL_NOISE_RAD_S * noise[:, 6 + joints :]

    def _delay_by_latency(self, tick: int) -> None:
        slots, late, arrays = len(self._past), self._late, _arrays(self.state)
        row = np.concatenate([array[late] for array in arrays], axis=1)
        if tick == 0:
            self._past[:] = row  # the robot stood there before
        self._past[tick % slots] = row
        then = self._past[(tick - self._delay) % slots, np.arange(len(late))]
        first = 0
        for array in arrays:
            array[late] = then[:, first : first + array.shape[1]]
            first += array.shape[1]


def _arrays(state: RobotState) -> tuple[np.ndarray, ...]:
    return state.ang_vel_b, state.quat_w, state.joint_pos, state.joint_vel


def _losses(c: Conditions, rng: np.random.Generator, ticks: int, tick_s: float) -> np.ndarray:
    """Which ticks' measurements are lost, ``[ticks]`` bool: each by itself, and gaps."""
    lost = rng.uniform(size=ticks) < c.drop_share
    gap = round(c.gap_s / tick_s)
    every = round(_GAP_EVERY_S / tick_s)
    for start in range(every, ticks, every):
        begin = start + int(rng.integers(every // 2))
        lost[begin : begin + gap] = True
    return lost


def _direction(rng: np.random.Generator) -> np.ndarray:
    vector = rng.standard_normal(3)
    return vector / np.linalg.norm(vector)
