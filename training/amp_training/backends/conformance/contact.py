"""Contact with the floor: impact, rest, friction."""

from __future__ import annotations

import math
from typing import List

import torch

from amp_training.backends.conformance.rig import DT_S, GRAVITY, Case, Measurement, Rig, array

_HALF_M, _FRICTION = 0.3, 0.6  # of arm.xml


def impact(rig: Rig) -> List[Measurement]:
    """A dropped box falls freely to the floor, loses its momentum there and stays."""
    drop_m = 0.05
    rig.reset(rig.start(_HALF_M + drop_m))
    fall_s = math.sqrt(2.0 * drop_m / GRAVITY)
    before = int(fall_s / DT_S)
    speed = rig.trace(lambda s: s.root_lin_vel_w[0, 2], before)
    after = rig.trace(lambda s: s.root_lin_vel_w[0, 2], 50)
    state = rig.backend.state
    return [
        Measurement("speed before, m/s", speed[-1], -GRAVITY * before * DT_S, 0.03),
        Measurement("rebound over the speed of impact", after.max() / (GRAVITY * fall_s), 0.0, 0.3),
        Measurement("height at rest, m", array(state.root_pos_w)[0, 2], _HALF_M, 0.01),
        Measurement("speed at rest, m/s", float(array(state.root_lin_vel_w[0]).max()), 0.0, 0.01),
    ]


def sliding(rig: Rig) -> List[Measurement]:
    """A sliding box stops after ``v^2 / (2 mu g)``, with the robot's friction, in every heading."""
    rig.reset(rig.start(_HALF_M))
    rig.step(steps=20)
    state = rig.start(_HALF_M)
    state.flat.copy_(rig.backend.state.flat)
    speed = 1.0
    state.root_lin_vel_w[:, 0] = speed
    begin = array(state.root_pos_w)[:, 0]
    rig.reset(state)
    rig.step(steps=60)
    distance = array(rig.backend.state.root_pos_w)[:, 0] - begin
    rows = []
    for i in range(rig.backend.num_envs):
        friction = _FRICTION if rig.variations is None else float(rig.variations.friction[i])
        found = speed**2 / (2.0 * GRAVITY * float(distance[i]))
        rows.append(Measurement(f"environment {i}: friction", found, friction, 0.1 * friction))
    end = float(torch.linalg.vector_norm(rig.backend.state.root_lin_vel_w, dim=-1).max())
    return [*rows, Measurement("speed at the end, m/s", end, 0.0, 0.02)]


CASES = (
    Case("impact", impact, "arm", kp=20.0, kd=1.0),
    Case("sliding", sliding, "arm", kp=20.0, kd=1.0),
)
