"""Motion of bodies and joints against closed forms."""

from __future__ import annotations

import math
from typing import List

import numpy as np
import torch

from amp_training.backends.conformance.rig import DT_S, GRAVITY, Case, Measurement, Rig, array

# of arm.xml
_ROD_KG, _ROD_M = 1.0, 0.4
_ROD_INERTIA = 0.02 + _ROD_KG * _ROD_M**2 + 0.01  # about the hinge, with the armature
_ROD_LIMIT_NM = 5.0


def free_fall(rig: Rig) -> List[Measurement]:
    """A thrown robot follows the parabola; nothing damps or couples its flight."""
    state = rig.start(20.0)
    velocity = np.array([1.0, -2.0, 3.0])
    state.root_lin_vel_w.copy_(torch.tensor(velocity).to(state.flat))
    rig.reset(state)
    time_s = 0.5
    rig.step(steps=round(time_s / DT_S))
    fall = np.array([0.0, 0.0, -GRAVITY])
    place = np.array([0.0, 0.0, 20.0]) + velocity * time_s + 0.5 * fall * time_s**2
    found = rig.backend.state
    rows = []
    for i, axis in enumerate("xyz"):
        rows.append(
            Measurement(f"position {axis}, m", array(found.root_pos_w)[0, i], place[i], 0.02)
        )
        speed = velocity[i] + fall[i] * time_s
        rows.append(
            Measurement(f"velocity {axis}, m/s", array(found.root_lin_vel_w)[0, i], speed, 0.01)
        )
    spin = float(array(found.root_ang_vel_b)[0].__abs__().max())
    rows.append(Measurement("spin, rad/s", spin, 0.0, 0.01))
    return rows


def pendulum(rig: Rig) -> List[Measurement]:
    """Without gains, the rod swings with the period of its amplitude and keeps its energy."""
    amplitude = 1.0
    state = rig.start(0.3)
    state.joint_pos[:, 0] = amplitude
    rig.reset(state)
    angle_speed = rig.trace(lambda s: torch.stack((s.joint_pos[0], s.joint_vel[0])), 160)
    angle, speed = angle_speed[:, 0, 0], angle_speed[:, 1, 0]
    weight = _ROD_KG * GRAVITY * _ROD_M
    energy = 0.5 * _ROD_INERTIA * speed**2 + weight * (1.0 - np.cos(angle))
    begin = weight * (1.0 - math.cos(amplitude))
    # the complete elliptic integral of the period, as a series of the amplitude
    series = 1.0 + amplitude**2 / 16.0 + 11.0 * amplitude**4 / 3072.0
    period_s = 2.0 * math.pi * math.sqrt(_ROD_INERTIA / weight) * series
    crossings = _crossings_s(angle)
    found_s = 2.0 * float(np.diff(crossings).mean()) if len(crossings) > 1 else math.nan
    return [
        Measurement(
            "energy after a period over that before", energy[-50:].mean() / begin, 1.0, 0.03
        ),
        Measurement("period, s", found_s, period_s, 0.02 * period_s),
    ]


def _crossings_s(angle: np.ndarray) -> np.ndarray:
    """Times of the zero crossings of samples that are ``DT_S`` apart."""
    before = np.flatnonzero(angle[:-1] * angle[1:] < 0)
    share = angle[before] / (angle[before] - angle[before + 1])
    return (before + 1 + share) * DT_S


def step_response(rig: Rig) -> List[Measurement]:
    """The PD loop answers a step as the second-order system that it is; gains may vary."""
    goal = 0.2
    rig.reset(rig.start(30.0))  # nothing but the PD loop moves the rod of a falling box
    envs = rig.backend.num_envs
    found = rig.trace(lambda s: s.joint_pos[:, 0], 80, torch.full((envs, 1), goal))
    rows = []
    for i in range(envs):
        kp, kd = rig.kp, rig.kd
        if rig.variations is not None:
            kp *= float(rig.variations.kp_ratio[i, 0])
            kd *= float(rig.variations.kd_ratio[i, 0])
            kd += float(rig.variations.damping_nm_s[i, 0])
        expected = goal * _step(kp, kd, DT_S * np.arange(1, 81))
        error = np.abs(found[:, i] - expected).max() / goal
        rows.append(Measurement(f"environment {i}: largest error over the step", error, 0.0, 0.04))
    return rows


def _step(kp: float, kd: float, times_s: np.ndarray) -> np.ndarray:
    """Unit step response of ``I q'' = kp (1 - q) - kd q'``, underdamped."""
    rate = 0.5 * kd / _ROD_INERTIA
    frequency = math.sqrt(kp / _ROD_INERTIA - rate**2)
    turn = frequency * times_s
    return 1.0 - np.exp(-rate * times_s) * (np.cos(turn) + rate / frequency * np.sin(turn))


def torque_limit(rig: Rig) -> List[Measurement]:
    """A target far away gives the acceleration of the torque limit, in both directions."""
    rig.reset(rig.start(30.0))
    time_s = 0.1
    rig.step(torch.tensor([[50.0], [-50.0]]), round(time_s / DT_S))
    speed = _ROD_LIMIT_NM * time_s / _ROD_INERTIA
    found = array(rig.backend.state.joint_vel)[:, 0]
    return [
        Measurement("speed, rad/s", found[0], speed, 0.02 * speed),
        Measurement("speed, rad/s", found[1], -speed, 0.02 * speed),
    ]


CASES = (
    Case("free_fall", free_fall, "arm", kp=20.0, kd=1.0),
    Case("pendulum", pendulum, "arm"),
    Case("step_response", step_response, "arm", kp=20.0, kd=1.0),
    Case("torque_limit", torque_limit, "arm", kp=20.0, kd=0.01),
)
