"""Parity with a real loop: the flight record of a control loop instead of a training rollout.

The record holds measurements, not whole states, so that in place of the motion it is compared what
the loop told the motors (gains) and what the motors then did (torques).
"""

from __future__ import annotations

import warnings
from pathlib import Path

import mujoco
import numpy as np

import amp_sdk
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.observation import RobotState
from amp_sdk.policy import Policy
from amp_sdk.runtime.commands import command_columns
from amp_sdk.runtime.flight_log import DamagedRecordWarning, FlightLog, PolicyRecords
from amp_sim2sim.parity.flight_links import gain_causes, gain_link, torque_causes, torque_link
from amp_sim2sim.parity.identity import check_same_policy, contract_differences, origin_sha256
from amp_sim2sim.parity.parity import Findings, ParityResult, compare_chain
from amp_sim2sim.parity.rollout import Rollout

_NO_MOTION = "motion: a flight record holds no whole states (base height and velocity are missing)"


def flight_parity(policy: Policy, path: Path) -> ParityResult:
    """The policy file and this package's runtime against a loop's run. Raises InputError."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DamagedRecordWarning)
        log = FlightLog(path)
    records, recorded = _slot(log, policy.contract)
    rollout, findings = rollout_of(log, records, recorded), Findings()
    compare_chain(policy, rollout, findings)
    missing = [_NO_MOTION, *(str(w.message) for w in caught)]
    link = gain_link(policy.contract, log, records.slot)
    if link is None:
        missing.append("gains and torques: the loop never ran this policy alone (mode policy)")
    else:
        findings.add(link, gain_causes(link))
        link = torque_link(log, records.slot)
        if link is None:
            missing.append("torques: the robot reports none")
        else:
            causes = torque_causes(log, records.slot, link)
            findings.add(link, causes, other_physics=True)
    missing[1:1] = findings.not_compared
    differences = contract_differences(policy.contract, recorded)
    return ParityResult(
        in_parity=findings.in_parity and not differences,
        policy=policy.path,
        record=str(path),
        robot=log.header.robot,
        recorded_by=f"a loop of {log.header.loop_period_s:g} s ({log.header.created_utc})",
        steps=len(rollout.start),
        robots=1,
        contract_differences=tuple(differences),
        links=tuple(findings.links),
        causes=tuple(findings.causes),
        unexplained=tuple(findings.unexplained),
        physics_only=tuple(findings.physics_only),
        replay=None,
        own_physics=None,
        not_compared=tuple(missing),
        amp_sdk_version=amp_sdk.__version__,
        mujoco_version=mujoco.__version__,
    )


def _slot(log: FlightLog, contract: PolicyContract) -> tuple[PolicyRecords, PolicyContract]:
    """The answers of this policy, and its contract when they were recorded."""
    if not log.policies:
        raise InputError(
            f"{log.path}: no policy answered in this run; expected a flight record in which one ran"
        )
    found = {slot: log.header.contract(slot) for slot in log.policies}
    for slot, recorded in found.items():
        if origin_sha256(recorded) == origin_sha256(contract):
            check_same_policy(contract, recorded, log.path)
            return log.policies[slot], recorded
    check_same_policy(contract, next(iter(found.values())), log.path)
    raise AssertionError("another policy is refused")


def rollout_of(log: FlightLog, records: PolicyRecords, contract: PolicyContract) -> Rollout:
    """The answers as ``[T, 1, ...]``. Raises InputError where no measurement of them is there."""
    ticks = log.ticks[log.ticks["has_state"] != 0]
    keys = zip(ticks["state.time_ns"].tolist(), ticks["state.tick"].tolist(), strict=True)
    at = {key: i for i, key in enumerate(keys)}
    answered = zip(
        records.rows["time_ns"].tolist(), records.rows["state_tick"].tolist(), strict=True
    )
    place = np.array([at.get(key, -1) for key in answered])
    if (place < 0).all():
        raise InputError(f"{log.path}: the measurements that the policy answered are not in it")
    rows, observation = records.rows, records.observation
    start = _starts(rows, contract)
    measured = ticks[np.maximum(place, 0)]
    return Rollout(
        contract=contract,
        start=start[:, None],
        known=_known(start, place >= 0, rows, contract)[:, None],
        command=rows["command"][:, None, command_columns(contract)],
        state=RobotState(
            ang_vel_b=measured["state.gyro_b"][:, None],
            quat_w=measured["state.quat_wxyz"][:, None],
            joint_pos=measured["state.joint_pos"][:, None],
            joint_vel=measured["state.joint_vel"][:, None],
        ),
        observation=observation[:, None],
        action=rows["action"][:, None],
        target=rows["target"][:, None],
    )


def _starts(rows: np.ndarray, contract: PolicyContract) -> np.ndarray:
    """``[T]``: the policy begins anew after a pause, and at what follows missing answers nothing
    before is known."""
    late = np.diff(rows["time_ns"]) > 1.5e9 * contract.control_period_s
    missing = np.diff(rows["sequence"].astype(np.int64)) != 1
    return np.concatenate([[True], late | missing])


def _known(
    start: np.ndarray, measured: np.ndarray, rows: np.ndarray, contract: PolicyContract
) -> np.ndarray:
    """``[T]``: all samples of the observation are in the record. After a start that is not the
    policy's own first answer, its history is unknown until it is full."""
    longest = max(term.history for term in contract.observation)
    steps = np.arange(len(start))
    began = np.maximum.accumulate(np.where(start, steps, 0))
    own = (rows["sequence"][began] == 1) | (steps - began > longest)
    whole = np.convolve(~measured, np.ones(longest, int))[: len(start)] == 0
    return own & whole
