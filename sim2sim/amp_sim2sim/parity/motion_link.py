"""From state and target to the next state: the recorded physics against the contract's gains.

Every control period begins in its recorded state, so that an error of one does not grow into the
next ones, and a mistake of gains is not taken for chaos.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.robots import RobotSpec
from amp_sim2sim.parity.compare import Group, Link
from amp_sim2sim.parity.explain import Candidate
from amp_sim2sim.parity.motion_mistakes import motion_mistakes
from amp_sim2sim.parity.motion_trials import Trials
from amp_sim2sim.parity.physics import Gains, TrainingPhysics
from amp_sim2sim.parity.rollout import Rollout

TOLERANCE = 1e-4
_CHUNK, _TRIED = 256, 64


def motion_link(contract: PolicyContract, robot: RobotSpec, rollout: Rollout) -> Link:
    """Recorded next states beside those of the recorded states and targets under the contract's
    gains, in the engine settings of the record."""
    record = rollout.record
    assert record is not None, "a rollout without whole states has no motion link"
    joints, size = len(rollout.names), record.state.shape[-1]
    physics = TrainingPhysics(robot, rollout.names, record.physics, _CHUNK)
    physics.set_gains(Gains.of(contract, rollout.names))
    steps = round(record.contract.control_period_s / record.physics.physics_step_s)
    state, target = record.state.reshape(-1, size), record.target.reshape(-1, joints)
    here = [
        physics.after(state[i : i + _CHUNK], [(steps, target[i : i + _CHUNK])])
        for i in range(0, len(state), _CHUNK)
    ]
    return Link(
        name="motion",
        recorded=record.next_state,
        here=np.vstack(here).reshape(record.next_state.shape),
        elements=_elements(rollout.names),
        groups=_groups(joints),
        known=np.ones(rollout.start.shape, dtype=bool),
        tolerance=TOLERANCE,
    )


def motion_causes(
    contract: PolicyContract, robot: RobotSpec, rollout: Rollout, link: Link
) -> Iterator[Candidate]:
    """Every mistake of motors and states, tried on a part of the rows."""
    differing = link.differing(np.arange(link.here.shape[-1]))
    trials = Trials(contract, robot, rollout, _TRIED, differing)
    error = np.sqrt(np.nanmean(np.square(link.here - link.recorded), axis=(0, 1)))
    for kind, text, next_state in motion_mistakes(trials, error[-len(rollout.names) :]):
        values = np.full(link.here.shape, np.nan)
        values[trials.rows] = next_state
        yield Candidate(kind, text, values)


def whole_state(link: Link) -> list[Group]:
    """One group: a mistake of motors moves everything."""
    return [Group("state", np.arange(link.recorded.shape[-1]))]


def _groups(joints: int) -> list[Group]:
    base = ("base position", 3), ("base attitude", 4), ("base velocity", 3), ("base turning", 3)
    sizes = (*base, ("joint_pos", joints), ("joint_vel", joints))
    ends = np.cumsum([size for _, size in sizes])
    return [
        Group(name, np.arange(end - size, end))
        for (name, size), end in zip(sizes, ends, strict=True)
    ]


def _elements(names: tuple[str, ...]) -> list[str]:
    base = [f"base position {axis}" for axis in "xyz"]
    base += [f"base quaternion {axis}" for axis in "wxyz"]
    base += [f"base velocity {axis}" for axis in "xyz"] + [f"base turning {a}" for a in "xyz"]
    joints = [f"{what} of {name}" for what in ("joint_pos", "joint_vel") for name in names]
    return [f"{name} after the step" for name in base + joints]
