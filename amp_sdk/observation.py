"""Builds the policy's observation from what a robot measures, from the contract alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.kernels import _native


@dataclass(frozen=True)
class RobotState:
    """One measurement. Joints are in the order of the contract, the quaternion is wxyz.

    ``ang_vel_b [3]`` rad/s is the gyro in the base frame, ``quat_w [4]`` the attitude (base to
    world), ``joint_pos [J]`` rad and ``joint_vel [J]`` rad/s. A batch has ``[N, ...]`` of each.
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
    return _native.core().projected_gravity(quat_w)


class ObservationBuilder:
    """Turns measurements into observations ``[obs_dim]`` float32, keeping the history.

    A sample is ``clip(scale * value)``; a term is its ``history`` newest samples, oldest first;
    an observation is the terms in contract order. The first sample after a reset fills the
    history. One builder serves one robot and one thread.

    ``joint_names`` are those of the measured joints where these are in another order than the
    contract's, or more; ``last_action`` is always in the order of the contract. Raises InputError
    where a joint of the contract is not among them.
    """

    def __init__(
        self, contract: PolicyContract, joint_names: Optional[Sequence[str]] = None
    ) -> None:
        self._obs = np.zeros(contract.obs_dim, dtype=np.float32)
        self._core = _make(contract, joint_names, None)

    def reset(self) -> None:
        """Forget the history; the next sample fills it."""
        self._core.reset()

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
        ``out`` (contiguous float32) where given, nothing being allocated for it then, and is a new
        array otherwise. Raises InputError for a wrong size or a quaternion that is none, with the
        history as it was.
        """
        out = np.empty_like(self._obs) if out is None else out
        self._core.build(
            state.ang_vel_b,
            state.quat_w,
            state.joint_pos,
            state.joint_vel,
            command,
            last_action,
            out,
        )
        return out


class BatchObservationBuilder:
    """``ObservationBuilder`` for ``robots`` robots at once: every array has a first axis ``N``.

    The robots' histories are independent. One call builds them all without Python's lock.
    """

    def __init__(
        self, contract: PolicyContract, robots: int, joint_names: Optional[Sequence[str]] = None
    ) -> None:
        if robots < 1:
            raise InputError(f"robots is {robots}; expected 1 or more")
        self._shape = (robots, contract.obs_dim)
        self._core = _make(contract, joint_names, robots)

    def reset(self, which: Optional[np.ndarray] = None) -> None:
        """Forget the history of all robots, or of those where ``which [N]`` bool is true."""
        self._core.reset(which)

    def build(
        self,
        states: RobotState,
        command: np.ndarray,
        last_action: np.ndarray,
        out: Optional[np.ndarray] = None,
        active: Optional[np.ndarray] = None,
    ) -> np.ndarray:
        """Observations ``[N, obs_dim]`` float32 of states ``[N, ...]``, ``command [N, C]`` and
        ``last_action [N, J]``.

        Where ``active [N]`` bool is false a robot is left out: nothing of it is looked at, its
        history stays, and so does its row of ``out`` (zeros where ``out`` is not given). Raises
        InputError as ``ObservationBuilder.build`` does; no robot's history has changed then.
        """
        out = np.zeros(self._shape, dtype=np.float32) if out is None else out
        self._core.build(
            states.ang_vel_b,
            states.quat_w,
            states.joint_pos,
            states.joint_vel,
            command,
            last_action,
            out,
            active,
        )
        return out


def _make(
    contract: PolicyContract, joint_names: Optional[Sequence[str]], robots: Optional[int]
) -> Any:
    names = list(contract.joint_names if joint_names is None else joint_names)
    missing = [name for name in contract.joint_names if name not in names]
    if missing or len(set(names)) != len(names):
        raise InputError(
            f"joint_names: expected each joint of the contract once; found {names}"
            + (f", without {', '.join(missing)}" if missing else "")
        )
    terms: List[Tuple[Any, ...]] = [
        (term.name, term.history, term.scale, term.clip) for term in contract.observation
    ]
    return _native.core().ObservationBuilder(
        terms,
        contract.joint_array("default_pos_rad"),
        [names.index(name) for name in contract.joint_names],
        len(names),
        len(contract.commands),
        robots,
    )
