"""The observation of a contract in plain NumPy, double precision: what the C++ one must equal."""

from __future__ import annotations

from collections import deque

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.observation import RobotState


def gravity_b(quat_w: np.ndarray) -> np.ndarray:
    """``R(q)^T (0, 0, -1)`` for a quaternion wxyz of any length."""
    w, x, y, z = (float(v) for v in quat_w)
    norm_squared = w * w + x * x + y * y + z * z
    gravity = np.array([x * z - w * y, y * z + w * x, 0.5 * (w * w - x * x - y * y + z * z)])
    return gravity * (-2.0 / norm_squared)


class ReferenceBuilder:
    """One robot. Keeps the raw samples and assembles every observation anew."""

    def __init__(self, contract: PolicyContract) -> None:
        self.contract = contract
        self.samples: list[deque[np.ndarray]] = []
        self.reset()

    def reset(self) -> None:
        self.samples = [deque(maxlen=term.history) for term in self.contract.observation]

    def build(self, state: RobotState, command: np.ndarray, last_action: np.ndarray) -> np.ndarray:
        values = {
            "base_ang_vel_b": state.ang_vel_b,
            "projected_gravity_b": gravity_b(state.quat_w),
            "command": command,
            "joint_pos": state.joint_pos - self.contract.joint_array("default_pos_rad"),
            "joint_vel": state.joint_vel,
            "last_action": last_action,
        }
        parts = []
        for term, samples in zip(self.contract.observation, self.samples, strict=True):
            sample = np.asarray(values[term.name], np.float64) * term.scale
            if term.clip is not None:
                sample = np.clip(sample, *term.clip)
            samples.append(sample.astype(np.float32))
            while len(samples) < term.history:
                samples.append(samples[-1])
            parts.extend(samples)
        return np.concatenate(parts)
