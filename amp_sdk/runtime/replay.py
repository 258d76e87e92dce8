"""Does the policy still answer as it did on the robot? Two questions to a flight record.

1. The recorded observations go through the network again: the actions must be the same bits.
2. The observations are built again from the recorded measurements, as the contract says: where
   they differ, what the robot observed is not what the contract describes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.policy import Policy
from amp_sdk.runtime.flight_log import FlightLog, PolicyRecords
from amp_sdk.runtime.rebuild import bits, rebuild


@dataclass(frozen=True)
class Difference:
    """The first figure that is another one. ``tick`` is the robot's, that the policy answered."""

    sequence: int
    tick: int
    time_s: float
    what: str
    recorded: float
    found: float

    def __str__(self) -> str:
        return (
            f"answer {self.sequence} (tick {self.tick}, {self.time_s:.3f} s): {self.what} is "
            f"recorded as {self.recorded!r}, found {self.found!r} (difference "
            f"{self.found - self.recorded:.3g})"
        )


@dataclass(frozen=True)
class Comparison:
    """One policy slot. ``answers`` recorded; how many of them, and the first, that differ.

    ``not_rebuilt``: observations whose measurement, or history, is not in the record; ``resets``:
    how often the history began anew.
    """

    slot: int
    policy: str
    answers: int
    different_actions: int
    first_action: Optional[Difference]
    different_observations: int
    first_observation: Optional[Difference]
    not_rebuilt: int
    resets: int


def compare(log: FlightLog, slot: int, policy: Policy) -> Comparison:
    """Both comparisons for one slot of a record. Raises InputError where they do not fit."""
    records = log.policies[slot]
    contract = policy.contract
    _check_fits(log, records, contract, policy.path)
    actions = _run_again(policy, records)
    action_rows = _differing(actions, records.rows["action"])
    rebuilt, known, resets = rebuild(log, records, contract)
    observation_rows = _differing(rebuilt, records.observation) & known
    joints = [f"action of {name!r}" for name in contract.joint_names]
    return Comparison(
        slot=slot,
        policy=policy.path,
        answers=len(actions),
        different_actions=int(action_rows.sum()),
        first_action=_first(log, records, records.rows["action"], actions, action_rows, joints),
        different_observations=int(observation_rows.sum()),
        first_observation=_first(
            log, records, records.observation, rebuilt, observation_rows, element_names(contract)
        ),
        not_rebuilt=int((~known).sum()),
        resets=resets,
    )


def _check_fits(
    log: FlightLog, records: PolicyRecords, contract: PolicyContract, where: str
) -> None:
    if log.header.joint_names != contract.joint_names:
        raise InputError(
            f"{where}: its joints are not those of the record {log.path}; expected "
            f"{', '.join(log.header.joint_names)}; give the policy that ran"
        )
    width = records.observation.shape[1]
    if width != contract.obs_dim:
        raise InputError(
            f"{where}: its observations have {contract.obs_dim} numbers, those of slot "
            f"{records.slot} of {log.path} have {width}; give the policy that ran"
        )


def _run_again(policy: Policy, records: PolicyRecords) -> np.ndarray:
    """Actions ``[N, J]`` float32, one observation at a time and on bound buffers, as on a robot."""
    bound = policy.bind()
    actions = np.empty((len(records.rows), policy.contract.action_dim), np.float32)
    for i, observation in enumerate(records.observation):
        bound.observation[:] = observation
        bound.run()
        actions[i] = bound.action
    return actions


def _differing(found: np.ndarray, recorded: np.ndarray) -> np.ndarray:
    """Which rows ``[N]`` differ in any bit; arrays ``[N, K]`` float32."""
    return (bits(found) != bits(recorded)).any(axis=1)


def _first(
    log: FlightLog,
    records: PolicyRecords,
    recorded: np.ndarray,
    found: np.ndarray,
    rows: np.ndarray,
    names: List[str],
) -> Optional[Difference]:
    if not rows.any():
        return None
    i = int(np.argmax(rows))
    j = int(np.argmax(bits(recorded[i]) != bits(found[i])))
    row = records.rows[i]
    begin = log.ticks["timing.time_ns"][0] if len(log.ticks) else row["time_ns"]
    return Difference(
        sequence=int(row["sequence"]),
        tick=int(row["state_tick"]),
        time_s=float(row["time_ns"] - begin) * 1e-9,
        what=names[j],
        recorded=float(recorded[i, j]),
        found=float(found[i, j]),
    )


def element_names(contract: PolicyContract) -> List[str]:
    """A name for each number of an observation."""
    names = []
    for term in contract.observation:
        joints = term.name in ("joint_pos", "joint_vel", "last_action")
        parts = contract.joint_names if joints else [str(i) for i in range(term.size)]
        for age in range(term.history - 1, -1, -1):
            old = f", {age} samples old" if age else ""
            names += [f"observation {term.name}[{part}]{old}" for part in parts]
    return names
