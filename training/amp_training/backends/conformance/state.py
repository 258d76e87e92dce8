"""What ``state`` says, what ``reset`` writes, and what neither may touch."""

from __future__ import annotations

import dataclasses
from typing import Callable, List

import numpy as np
import torch

from amp_sdk.rotations import conjugate, multiply, to_exp_map
from amp_training.backends.base import SimState
from amp_training.backends.conformance.rig import DT_S, GRAVITY, Case, Measurement, Rig, array

# of rotors.xml: inertia about the joint of the rotors, whose torque limit is 2 N m
_ROTORS = {"zeta": 0.07, "alpha": 0.11, "mid": 0.02}
_LIMIT_NM = 2.0


def _tumbling(rig: Rig, height_m: float) -> SimState:
    """A state in which every number differs from every other."""
    state = rig.start(height_m)
    quat = torch.tensor([0.6, -0.48, 0.36, 0.5291502622])  # of unit length
    state.root_quat_w.copy_(quat)
    state.root_lin_vel_w.copy_(torch.tensor([0.7, -1.1, 0.4]))
    state.root_ang_vel_b.copy_(torch.tensor([2.0, -1.3, 1.6]))
    joints = state.joint_pos.shape[1]
    state.joint_pos.copy_(0.1 + 0.2 * torch.arange(joints))
    state.joint_vel.copy_(0.5 - 0.3 * torch.arange(joints))
    return state


def round_trip(rig: Rig) -> List[Measurement]:
    """After a reset ``state`` holds what was written, and after a step still nearly that."""
    state = _tumbling(rig, 5.0)
    rig.reset(state)
    used = 13 + 2 * rig.backend.layout.joints
    now = array(rig.backend.state.flat[:, :used])
    wrong = float(np.abs(now - array(state.flat[:, :used])).max())
    rig.step(state.joint_pos)
    moved = array(rig.backend.state.flat[:, :used]) - now
    joints = rig.backend.layout.joints
    return [
        Measurement("state after the reset", wrong, 0.0, 0.0),
        Measurement("rotation within a step", np.abs(moved[:, 3:7]).max(), 0.0, 0.03),
        Measurement("joints within a step, rad", np.abs(moved[:, 13 : 13 + joints]).max(), 0, 0.03),
    ]


def velocities(rig: Rig) -> List[Measurement]:
    """Every velocity is the rate of its position, in the frame that the contract names."""
    state = _tumbling(rig, 5.0)
    rig.reset(state)
    rig.step(state.joint_pos)  # an engine may know velocities only after a step
    before = _copy(rig)
    rig.step(state.joint_pos)
    after = rig.backend.state
    rate = array(after.root_pos_w - before.root_pos_w)[0] / DT_S
    mean = 0.5 * array(after.root_lin_vel_w + before.root_lin_vel_w)[0]
    turn = _rotation_vector(array(before.root_quat_w)[0], array(after.root_quat_w)[0]) / DT_S
    spin = 0.5 * array(after.root_ang_vel_b + before.root_ang_vel_b)[0]
    joint = array(after.joint_pos - before.joint_pos)[0] / DT_S
    joint_mean = 0.5 * array(after.joint_vel + before.joint_vel)[0]
    return [
        Measurement("linear, of the origin in the world, m/s", _gap(rate, mean), 0.0, 0.04),
        Measurement("angular, in the body, rad/s", _gap(turn, spin), 0.0, 0.06),
        Measurement("joints, rad/s", _gap(joint, joint_mean), 0.0, 0.15),
    ]


def written_velocities(rig: Rig) -> List[Measurement]:
    """What a reset writes is what the robot then does: the first step moves by it."""
    state = _tumbling(rig, 5.0)
    rig.reset(state)
    rig.step(state.joint_pos)
    after = rig.backend.state
    rate = array(after.root_pos_w - state.root_pos_w)[0] / DT_S
    turn = _rotation_vector(array(state.root_quat_w)[0], array(after.root_quat_w)[0]) / DT_S
    fall = np.array([0.0, 0.0, -0.5 * GRAVITY * DT_S])
    linear = array(state.root_lin_vel_w)[0] + fall
    return [
        Measurement("linear, of the origin in the world, m/s", _gap(rate, linear), 0.0, 0.12),
        Measurement(
            "angular, in the body, rad/s", _gap(turn, array(state.root_ang_vel_b)[0]), 0, 0.2
        ),
    ]


def joint_order(rig: Rig) -> List[Measurement]:
    """Joint i of the state is joint i of the targets and of the robot, limits included."""
    rig.reset(rig.start(20.0))
    time_s = 0.05
    rig.step(50.0 * torch.eye(len(rig.robot.joint_names)), round(time_s / DT_S))
    speed = array(rig.backend.state.joint_vel)
    rows = []
    for i, name in enumerate(rig.robot.joint_names):
        others = np.abs(np.delete(speed[i], i)).max() / abs(speed[i, i])
        rows.append(Measurement(f"{name}: others over its own speed", others, 0.0, 0.25))
        if name in _ROTORS:
            expected = _LIMIT_NM * time_s / _ROTORS[name]
            rows.append(Measurement(f"{name}, rad/s", speed[i, i], expected, 0.1 * expected))
    return rows


def isolation(rig: Rig) -> List[Measurement]:
    """A reset changes its own rows only, and those start as if nothing had been before.

    By ids, and by a mask where the backend takes one.
    """
    rows = _isolation(rig, rig.reset)
    if rig.backend.masked:
        by_mask = _isolation(rig, rig.reset_masked)
        rows += [dataclasses.replace(row, name=f"{row.name}, by a mask") for row in by_mask]
    return rows


def _isolation(rig: Rig, reset: Callable[[SimState, List[int]], None]) -> List[Measurement]:
    start = rig.start(0.1)
    start.root_lin_vel_w[:, 0] = 0.5  # sliding on the floor: contacts, warm starts
    targets = [0.4 * torch.sin(torch.arange(4) + k).repeat(3, 1) for k in range(6)]
    rig.reset(start)
    reference = []
    for target in targets:
        rig.step(target)
        reference.append(array(rig.backend.state.flat))
    rig.reset(start)
    for target in targets[:-1]:
        rig.step(target)
    ended = array(rig.backend.state.flat)
    reset(start, [1])
    written = array(rig.backend.state.flat)
    untouched = np.abs(written - ended)[[0, 2]].max()
    rig.step(targets[-1])
    found = array(rig.backend.state.flat)
    reset(start, [1])
    rig.step(targets[0])
    fresh = array(rig.backend.state.flat)[1]
    near = 0.0 if rig.backend.deterministic else 0.02
    return [
        Measurement(
            "the end of an episode stays to be read", _gap(ended[1], written[1]), 1.0, 0.99
        ),
        Measurement("rows that were not reset", untouched, 0.0, 0.0),
        Measurement("their next step", _gap(found[[0, 2]], reference[-1][[0, 2]]), 0.0, near),
        Measurement("first step after the reset", _gap(fresh, reference[0][1]), 0.0, near),
    ]


def repeated(rig: Rig) -> List[Measurement]:
    """The same steps from the same state again: the same bits, where the backend promises it."""
    ends = []
    for _ in range(2):
        rig.reset(_tumbling(rig, 0.6))
        for k in range(60):
            rig.step(0.4 * torch.sin(torch.arange(4) + k).repeat(2, 1))
        ends.append(array(rig.backend.state.flat))
    near = 0.0 if rig.backend.deterministic else 0.2
    return [Measurement("difference of two runs", _gap(ends[0], ends[1]), 0.0, near)]


def divergence(rig: Rig) -> List[Measurement]:
    """A robot that explodes is reported or held, harms no other, and is well after a reset."""
    good = rig.start(0.1)
    bad = rig.start(0.1)
    bad.joint_vel[0] = 1e12
    rig.reset(bad)
    rig.step()
    faulty, finite = rig.backend.faulty().cpu(), torch.isfinite(rig.backend.state.flat).all(1).cpu()
    seen = bool(faulty[0]) or bool(finite[0])
    other = bool(finite[1]) and not bool(faulty[1])
    rig.reset(good)
    rig.step(steps=5)
    well = not bool(rig.backend.faulty().any())
    height = float(np.abs(array(rig.backend.state.root_pos_w)[:, 2] - 0.1).max())
    return [
        Measurement("a state that is not finite is reported", float(seen), 1.0, 0.0),
        Measurement("the other robot is well", float(other), 1.0, 0.0),
        Measurement("after the reset no robot is faulty", float(well), 1.0, 0.0),
        Measurement("height after the reset, m", height, 0.0, 0.01),
    ]


def _copy(rig: Rig) -> SimState:
    return rig.backend.layout.view(rig.backend.state.flat.clone())


def _gap(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max())


def _rotation_vector(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """[3] rad, the turn from one wxyz quaternion to another in the body's frame."""
    return to_exp_map(multiply(conjugate(before), after))


CASES = (
    Case("round_trip", round_trip, "rotors", kp=10.0, kd=0.5),
    Case("velocities", velocities, "rotors", kp=10.0, kd=0.5),
    Case("written_velocities", written_velocities, "rotors", kp=10.0, kd=0.5),
    Case("joint_order", joint_order, "rotors", envs=4, kp=10.0, kd=0.5),
    Case("isolation", isolation, "rotors", envs=3, kp=10.0, kd=0.5),
    Case("repeated", repeated, "rotors", kp=10.0, kd=0.5),
    Case("divergence", divergence, "rotors", kp=10.0, kd=0.5),
)
