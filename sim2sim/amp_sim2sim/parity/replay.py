"""The recorded targets from the recorded starts, to their ends; and ``sim2sim``'s own physics."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.robots import RobotSpec
from amp_sdk.rollout_record import RolloutRecord
from amp_sim2sim.parity.compare import FirstDifference, Link, compare
from amp_sim2sim.parity.physics import Gains, OwnPhysics, TrainingPhysics
from amp_sim2sim.physics_step import fitting_step
from amp_sim2sim.scene import PHYSICS_STEP_S

_LARGEST = 256


@dataclass(frozen=True)
class Replay:
    """Control steps replayed, how many led to the same bits (as float32), and the first number
    further off than the tolerance. Errors grow from step to step here."""

    steps: int
    same_bits: int
    first: FirstDifference | None


@dataclass(frozen=True)
class OwnPhysicsDifference:
    """How far ``sim2sim``'s physics is from the record after one control step (RMS)."""

    physics_step_s: float
    joint_pos_rad: float
    joint_vel_rad_s: float
    base_velocity_m_s: float


def replay(contract: PolicyContract, robot: RobotSpec, record: RolloutRecord, link: Link) -> Replay:
    """Run the targets from the starts; ``link`` is the motion link."""
    names, robots = record.contract.joint_names, record.start.shape[1]
    physics = TrainingPhysics(robot, names, record.physics, robots)
    physics.set_gains(Gains.of(contract, names))
    steps = round(record.contract.control_period_s / record.physics.physics_step_s)
    here = np.empty(record.next_state.shape)
    for t, start in enumerate(record.start):
        rows = np.flatnonzero(start)
        if len(rows):
            physics.place(rows, record.state[t, rows])
        here[t] = physics.move([(steps, record.target[t])])
    same = (here.astype(np.float32) == record.next_state.astype(np.float32)).all(axis=-1)
    result = compare(dataclasses.replace(link, here=here))
    return Replay(int(same.size), int(same.sum()), result.first)


def own_physics(
    contract: PolicyContract, robot: RobotSpec, record: RolloutRecord
) -> OwnPhysicsDifference | None:
    """One control step of each recorded state, or of some hundreds of them; None where the
    recorded period is no whole number of the steps that ``sim2sim`` takes with the contract."""
    names, period_s = record.contract.joint_names, record.contract.control_period_s
    joints, count = len(names), min(_LARGEST, record.start.size)
    step_s = fitting_step(contract, robot, PHYSICS_STEP_S)
    physics = OwnPhysics(robot, names, Gains.of(contract, names), step_s, count)
    if abs(round(period_s / physics.step_s) * physics.step_s - period_s) > 1e-9:
        return None
    chosen = np.linspace(0, record.start.size - 1, count).astype(int)
    state, target, ends = (
        a.reshape(record.start.size, -1)[chosen].astype(np.float64)
        for a in (record.state, record.target, record.next_state)
    )
    error = physics.after(state, target, period_s) - ends

    def rms(columns: slice) -> float:
        return float(np.sqrt(np.mean(np.square(error[:, columns]))))

    return OwnPhysicsDifference(
        physics_step_s=physics.step_s,
        joint_pos_rad=rms(slice(13, 13 + joints)),
        joint_vel_rad_s=rms(slice(13 + joints, None)),
        base_velocity_m_s=rms(slice(7, 10)),
    )
