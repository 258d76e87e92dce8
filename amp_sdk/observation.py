"""Builds the policy's observation from what a robot measures, from the contract alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

import numpy as np

from amp_sdk.contract import ObservationTerm, PolicyContract
from amp_sdk.errors import InputError


@dataclass(frozen=True)
class RobotState:
    """One measurement. Joints are in the order of the contract, the quaternion is wxyz.

    ``ang_vel_b [3]`` rad/s is the gyro in the base frame, ``quat_w [4]`` the attitude (base to
    world), ``joint_pos [J]`` rad and ``joint_vel [J]`` rad/s.
    """

    ang_vel_b: np.ndarray
    quat_w: np.ndarray
    joint_pos: np.ndarray
    joint_vel: np.ndarray


def projected_gravity(quat_w: np.ndarray) -> np.ndarray:
    """The direction of gravity in the base frame, ``[3]``: ``R(q)^T (0, 0, -1)``.

    ``quat_w [4]`` wxyz need not be of exactly unit length; a length outside 0.5 to 2 is an
    InputError, since a dead IMU reports zeros.
    """
    w, x, y, z = (float(v) for v in quat_w)
    norm_squared = w * w + x * x + y * y + z * z
    if not 0.25 <= norm_squared <= 4.0:
        raise InputError(
            f"quat_w is [{w:g}, {x:g}, {y:g}, {z:g}]; expected a unit quaternion (wxyz); check the "
            "IMU"
        )
    gravity = np.array([x * z - w * y, y * z + w * x, 0.5 * (w * w - x * x - y * y + z * z)])
    gravity *= -2.0 / norm_squared
    return gravity


class ObservationBuilder:
    """Turns measurements into observations ``[obs_dim]`` float32, keeping the history.

    A sample is ``clip(scale * value)``; a term is its ``history`` newest samples, oldest first;
    an observation is the terms in contract order. The first sample after a reset fills the
    history. One builder serves one robot.
    """

    def __init__(self, contract: PolicyContract) -> None:
        self._contract = contract
        self._default_pos = contract.joint_array("default_pos_rad")
        self._obs = np.zeros(contract.obs_dim, dtype=np.float32)
        self._terms: List[Tuple[ObservationTerm, np.ndarray, np.ndarray]] = []
        start = 0
        for term in contract.observation:
            view = self._obs[start : start + term.width].reshape(term.history, term.size)
            self._terms.append((term, view, np.zeros(term.size)))
            start += term.width
        self._empty = True

    def reset(self) -> None:
        """Forget the history; the next sample fills it."""
        self._empty = True

    def build(
        self,
        state: RobotState,
        command: np.ndarray,
        last_action: np.ndarray,
        out: Optional[np.ndarray] = None,
    ) -> np.ndarray:
        """The observation ``[obs_dim]`` float32 after one more sample.

        ``command [C]`` is in the order of ``contract.commands``, ``last_action [J]`` is the
        action as applied (after ``action_clip``; zero before the first). The result is written to
        ``out`` where given (nothing is allocated for it then) and is a new array otherwise.
        Raises InputError for a wrong size or a quaternion that is none.
        """
        for term, _, sample in self._terms:  # all of them first: an error leaves the history as is
            self._measure(term.name, state, command, last_action, sample)
        for term, view, sample in self._terms:
            sample *= term.scale
            if term.clip is not None:
                np.clip(sample, term.clip[0], term.clip[1], out=sample)
            if self._empty:
                view[:] = sample
            else:
                view[:-1] = view[1:]
                view[-1] = sample
        self._empty = False
        if out is None:
            return self._obs.copy()
        np.copyto(out, self._obs)
        return out

    def _measure(
        self, name: str, state: RobotState, command: Any, last_action: Any, sample: np.ndarray
    ) -> None:
        if name == "base_ang_vel_b":
            _fill(sample, state.ang_vel_b, "ang_vel_b")
        elif name == "projected_gravity_b":
            _fill(sample, projected_gravity(state.quat_w), name)
        elif name == "command":
            _fill(sample, command, name)
        elif name == "joint_pos":
            _fill(sample, state.joint_pos, name)
            sample -= self._default_pos
        elif name == "joint_vel":
            _fill(sample, state.joint_vel, name)
        else:  # the contract allows no other name
            _fill(sample, last_action, name)


def _fill(sample: np.ndarray, values: Any, name: str) -> None:
    if np.shape(values) != sample.shape:
        raise InputError(
            f"{name} has shape {list(np.shape(values))}; expected {list(sample.shape)}, as the "
            "policy's contract says"
        )
    sample[:] = values
