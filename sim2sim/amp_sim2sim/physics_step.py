"""How long the physics steps of a verification are."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.robots import RobotSpec


def fitting_step(contract: PolicyContract, robot: RobotSpec, step_s: float) -> float:
    """The longest physics step of at most ``step_s`` that goes into the control period a whole
    number of times (policies of 30 Hz get 1.96 ms where 2 ms are asked for) and at which the PD
    loop, computed once a step, does not overshoot by its damping (``damping_rate``).

    Motors are far from that. Simulated characters, whose drives are ideal, are not: at 2 ms theirs
    would shake between their torque limits.
    """
    period_s = contract.control_period_s
    step_s = min(step_s, 1.0 / max(damping_rate(contract, robot), 1e-9))
    steps = max(1, round(period_s / step_s))
    if abs(steps * step_s - period_s) <= 1e-9:
        return step_s
    return period_s / math.ceil(period_s / step_s)


def damping_rate(contract: PolicyContract, robot: RobotSpec) -> float:
    """The fastest rate in 1/s at which the contract's ``kd`` brakes a motion of the joints.

    With mass matrix M in the default pose and the dampers' D = diag(kd), velocities obey
    ``M dv/dt = -D v``: the rate is the largest eigenvalue of ``M^-1 D``. An explicit step h
    multiplies that motion by ``1 - h rate``: it overshoots above 1 and diverges above 2.
    """
    model = mujoco.MjModel.from_xml_path(str(robot.mjcf_path))
    data = mujoco.MjData(model)
    kd = np.zeros(model.nv)
    joints = [model.joint(name) for name in contract.joint_names]
    data.qpos[[int(j.qposadr[0]) for j in joints]] = contract.joint_array("default_pos_rad")
    kd[[int(j.dofadr[0]) for j in joints]] = contract.joint_array("kd")
    mujoco.mj_forward(model, data)
    mass = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, mass)
    # D^1/2 M^-1 D^1/2 is symmetric and has the same eigenvalues
    root = np.sqrt(kd)
    symmetric = root[:, None] * np.linalg.solve(mass, np.diag(root))
    return float(np.linalg.eigvalsh((symmetric + symmetric.T) / 2)[-1])
