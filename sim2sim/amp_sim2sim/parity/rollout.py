"""A recorded run as parity looks at it, whether training or a robot's loop wrote it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.observation import BatchObservationBuilder, RobotState
from amp_sdk.rollout_record import RolloutRecord


@dataclass(frozen=True, eq=False)
class Rollout:
    """``T`` control steps of ``N`` robots; joints in the order of ``contract``, that of the record.

    ``start [T, N]``: an episode begins. ``known [T, N]``: the history that the observation holds is
    in the record. ``state`` has arrays ``[T, N, ...]``; ``action`` is the network's output,
    ``target`` rad. ``record`` holds the whole states, where there are some.
    """

    contract: PolicyContract
    start: np.ndarray
    known: np.ndarray
    command: np.ndarray
    state: RobotState
    observation: np.ndarray
    action: np.ndarray
    target: np.ndarray
    record: RolloutRecord | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The joints."""
        return self.contract.joint_names

    def delayed(self, values: np.ndarray, steps: int) -> np.ndarray:
        """``values [T, N, K]`` of ``steps`` control steps before; NaN where an episode was not so
        old, or the record not."""
        late = np.full(values.shape, np.nan)
        late[steps:] = values[: len(values) - steps]
        late[self._age() < steps] = np.nan
        return late

    def _age(self) -> np.ndarray:
        """``[T, N]``: control steps since the episode's start."""
        steps = np.arange(len(self.start))[:, None]
        began = np.maximum.accumulate(np.where(self.start, steps, 0), axis=0)
        return steps - began

    def observed(self, contract: PolicyContract, state: RobotState | None = None) -> np.ndarray:
        """Observations ``[T, N, D]`` as ``contract`` builds them from the recorded measurements,
        or from ``state`` in their place."""
        state = self.state if state is None else state
        steps, robots = self.start.shape
        builder = BatchObservationBuilder(contract, robots, self.names)
        command = self.command[..., _command_columns(contract, self.contract)].astype(np.float64)
        applied = contract.applied_action(self.action.astype(np.float64))
        last = np.nan_to_num(self.delayed(applied, 1))
        parts = (state.ang_vel_b, state.quat_w, state.joint_pos, state.joint_vel)
        parts = tuple(np.ascontiguousarray(part, np.float64) for part in parts)
        out = np.zeros((steps, robots, contract.obs_dim), np.float32)
        for t in range(steps):
            builder.reset(self.start[t])
            builder.build(RobotState(*(p[t] for p in parts)), command[t], last[t], out[t])
        return out


def of_training(record: RolloutRecord) -> Rollout:
    """The rollout of a record that training wrote."""
    joints = record.contract.action_dim
    _, quat, _, gyro, pos, vel = np.split(record.state, [3, 7, 10, 13, 13 + joints], axis=-1)
    return Rollout(
        contract=record.contract,
        start=record.start.astype(bool),
        known=np.ones(record.start.shape, dtype=bool),
        command=record.command,
        state=RobotState(ang_vel_b=gyro, quat_w=quat, joint_pos=pos, joint_vel=vel),
        observation=record.observation,
        action=record.action,
        target=record.target,
        record=record,
    )


def _command_columns(contract: PolicyContract, recorded: PolicyContract) -> list[int]:
    columns = [recorded.command_index(command.name) for command in contract.commands]
    if -1 in columns:
        missing = contract.commands[columns.index(-1)].name
        raise InputError(
            f"the policy observes the command {missing!r}, which the record does not have; record "
            "the run that this policy was exported from"
        )
    return columns
