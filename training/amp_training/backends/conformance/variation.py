"""Every environment has its own robot: gains, damping, friction, base mass."""

from __future__ import annotations

import dataclasses
from typing import List

import numpy as np
import torch

from amp_sdk.rotations import to_matrix
from amp_training.backends.conformance.contact import sliding
from amp_training.backends.conformance.dynamics import step_response
from amp_training.backends.conformance.rig import DT_S, Case, Measurement, Rig, array
from amp_training.backends.randomization import Variations

# of rotors.xml: base, rotors and swinging mass, kg; places in the base's frame, m
_BASE_KG, _BASE_COM = 20.0, np.array([0.1, 0.05, -0.03])
_ROTOR_PLACES = ((0.2, 0.0, 0.2), (0.2, 0.0, 0.2), (-0.2, 0.1, 0.2))  # 1 kg each
_MASS_KG, _HINGE, _ARM_M = 2.0, np.array([0.0, 0.0, 0.5]), 0.3


def _nominal(envs: int, joints: int) -> Variations:
    return Variations(
        kp_ratio=np.ones((envs, joints)),
        kd_ratio=np.ones((envs, joints)),
        damping_nm_s=np.zeros((envs, joints)),
        friction=np.full(envs, 0.6),
        base_mass_kg=np.zeros(envs),
    )


def _gains(envs: int, joints: int) -> Variations:
    kp, kd = np.array([1.0, 1.5, 0.7, 1.0]), np.array([1.0, 0.8, 1.2, 1.0])
    damping = np.array([0.0, 0.0, 0.0, 0.4])
    return dataclasses.replace(
        _nominal(envs, joints),
        kp_ratio=np.repeat(kp[:, None], joints, 1),
        kd_ratio=np.repeat(kd[:, None], joints, 1),
        damping_nm_s=np.repeat(damping[:, None], joints, 1),
    )


def _friction(envs: int, joints: int) -> Variations:
    return dataclasses.replace(_nominal(envs, joints), friction=np.linspace(0.3, 0.9, envs))


def _mass(envs: int, joints: int) -> Variations:
    return dataclasses.replace(_nominal(envs, joints), base_mass_kg=np.linspace(-5.0, 10.0, envs))


def recoil(rig: Rig) -> List[Measurement]:
    """The swinging mass pushes the base away; their momentum tells the base's mass."""
    rig.reset(rig.start(20.0))
    beta = rig.robot.joint_names.index("beta")
    targets = torch.zeros(rig.backend.num_envs, len(rig.robot.joint_names))
    targets[:, beta] = 1.0
    rig.step(targets, round(0.1 / DT_S))
    state = rig.backend.state
    rows = []
    for i in range(rig.backend.num_envs):
        quat, spin_b = array(state.root_quat_w)[i], array(state.root_ang_vel_b)[i]
        turn = to_matrix(quat)
        origin = array(state.root_lin_vel_w)[i]

        def velocity(
            place: np.ndarray,
            origin: np.ndarray = origin,
            turn: np.ndarray = turn,
            spin_b: np.ndarray = spin_b,
        ) -> np.ndarray:
            return origin + turn @ np.cross(spin_b, place)

        angle, speed = array(state.joint_pos)[i, beta], array(state.joint_vel)[i, beta]
        arm = _ARM_M * np.array([np.sin(angle), 0.0, np.cos(angle)])
        swing = turn @ np.cross([0.0, speed, 0.0], arm)
        momentum = _MASS_KG * (velocity(_HINGE + arm) + swing)
        momentum += sum(velocity(np.array(place)) for place in _ROTOR_PLACES)
        found = -momentum[0] / velocity(_BASE_COM)[0]  # nothing pushes along x
        expected = _BASE_KG
        if rig.variations is not None:
            expected += float(rig.variations.base_mass_kg[i])
        rows.append(Measurement(f"environment {i}: base, kg", found, expected, 0.05 * expected))
    return rows


CASES = (
    Case("recoil", recoil, "rotors", kp=10.0, kd=0.5),
    Case("varied_gains", step_response, "arm", envs=4, kp=20.0, kd=1.0, vary=_gains),
    Case("varied_friction", sliding, "arm", envs=3, kp=20.0, kd=1.0, vary=_friction),
    Case("varied_mass", recoil, "rotors", envs=3, kp=10.0, kd=0.5, vary=_mass),
)
