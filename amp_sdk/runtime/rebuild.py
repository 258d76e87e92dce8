"""Observations built again from what a flight record measured."""

from __future__ import annotations

from typing import Dict, Tuple

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.observation import ObservationBuilder, RobotState
from amp_sdk.runtime.commands import command_columns
from amp_sdk.runtime.flight_log import FlightLog, PolicyRecords


def rebuild(
    log: FlightLog, records: PolicyRecords, contract: PolicyContract
) -> Tuple[np.ndarray, np.ndarray, int]:
    """Observations ``[N, D]`` float32, which of them could be built ``[N]``, number of resets.

    A history that began anew is known by its observation, in which all samples of a term are the
    newest one. After answers that the record has not, the history is unknown until it is full; the
    action of the last of them is in the history one sample longer.
    """
    states = _states(log)
    builder, fresh = ObservationBuilder(contract), ObservationBuilder(contract)
    commands = command_columns(contract)
    longest = max(term.history for term in contract.observation)
    gap = longest + int(any(term.name == "last_action" for term in contract.observation))
    rebuilt = np.zeros(records.observation.shape, np.float32)
    known = np.zeros(len(rebuilt), bool)
    nothing = np.zeros(contract.action_dim)
    last_action, last_sequence, unknown, resets = nothing, -1, gap, 0
    for i, row in enumerate(records.rows):
        if int(row["sequence"]) != last_sequence + 1:
            unknown = gap
        last_sequence = int(row["sequence"])
        state = states.get((int(row["time_ns"]), int(row["state_tick"])))
        command = row["command"][commands]
        action = np.asarray(row["action"], np.float64)
        try:
            if state is None:
                raise InputError("not in the record")
            fresh.reset()
            fresh.build(state, command, nothing, rebuilt[i])
            if same_bits(rebuilt[i], records.observation[i]):
                builder, fresh = fresh, builder
                resets += 1
                unknown = 0
            else:
                builder.build(state, command, last_action, rebuilt[i])
                unknown = max(0, unknown - 1)
            known[i] = unknown == 0
        except InputError:  # nor is a measurement whose attitude is none
            unknown = longest
        last_action = contract.applied_action(action)
    return rebuilt, known, resets


def _states(log: FlightLog) -> Dict[Tuple[int, int], RobotState]:
    """Every measurement of the record by its time in ns and the robot's counter."""
    ticks = log.ticks[log.ticks["has_state"] != 0]
    keys = zip(ticks["state.time_ns"].tolist(), ticks["state.tick"].tolist())
    gyro, quat = ticks["state.gyro_b"], ticks["state.quat_wxyz"]
    pos, vel = ticks["state.joint_pos"], ticks["state.joint_vel"]
    return {
        key: RobotState(ang_vel_b=gyro[i], quat_w=quat[i], joint_pos=pos[i], joint_vel=vel[i])
        for i, key in enumerate(keys)
    }


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether all numbers, float32, are the same bits; so is a NaN that is the same NaN."""
    return bool((bits(a) == bits(b)).all())


def bits(values: np.ndarray) -> np.ndarray:
    """The bits of float32 numbers."""
    return np.ascontiguousarray(values, np.float32).view(np.uint32)
