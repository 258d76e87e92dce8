"""A Go2 hung up in MuJoCo whose motors and joints are not those of the book, and its chirps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amp_sdk import robots
from amp_sdk.unitree import wire
from amp_sim2sim.identify.chirp import Chirps
from amp_sim2sim.wire.robot import WireBody

GO2 = robots.load("go2")
WIRE = wire(GO2, GO2.joint_names, "lo", 1)
TICK_S, STEPS = 0.002, 2


@dataclass(frozen=True)
class Truth:
    """What is to be found again, ``[J]`` each; ``delay_s`` in whole ticks."""

    kp_ratio: np.ndarray
    kd_ratio: np.ndarray
    armature: np.ndarray
    damping: np.ndarray
    friction: np.ndarray
    delay_s: float


def seeded(seed: int, delay_ticks: int) -> Truth:
    """A robot drawn around the book's."""
    rng = np.random.default_rng(seed)
    n = len(GO2.joint_names)
    return Truth(
        kp_ratio=rng.uniform(0.8, 1.2, n),
        kd_ratio=rng.uniform(0.7, 1.3, n),
        armature=GO2.armature * rng.uniform(0.7, 1.5, n),
        damping=rng.uniform(0.05, 0.4, n),
        friction=rng.uniform(0.1, 0.5, n),
        delay_s=delay_ticks * TICK_S,
    )


def hang(truth: Truth, joints: list[int], offset_rad, seconds: float, noise: float) -> Chirps:
    """One joint of ``joints`` after the other follows ``offset_rad(joint, time)``."""
    body = WireBody(GO2, WIRE, TICK_S / STEPS, lift_m=0.4)
    model = body.sim.model
    dofs = [int(model.joint(name).dofadr[0]) for name in GO2.joint_names]
    model.dof_armature[dofs], model.dof_damping[dofs] = truth.armature, truth.damping
    model.dof_frictionloss[dofs] = truth.friction
    rng, kp, kd = np.random.default_rng(9), GO2.kp, GO2.kd
    rest, slots = GO2.default_joint_pos_rad, list(WIRE.slots)
    targets, rows = [], []
    waiting = round(truth.delay_s / TICK_S)
    orders = np.zeros((6, WIRE.motors))
    orders[3, slots], orders[4, slots] = kp * truth.kp_ratio, kd * truth.kd_ratio
    orders[5, slots] = 1.0
    settle = round(2.0 / TICK_S)
    for tick in range(settle + round(seconds * len(joints) / TICK_S)):
        time_s = (tick - settle) * TICK_S
        goal = rest.copy()
        if tick >= settle:
            joint = joints[min(int(time_s / seconds), len(joints) - 1)]
            goal[joint] += offset_rad(joint, time_s % seconds)
        motors, imu = (array.copy() for array in body.measure())
        rows.append((time_s, imu, motors[0, slots], motors[1, slots], motors[3, slots]))
        targets.append(goal)
        orders[0, slots] = targets[max(0, len(targets) - 1 - waiting)]
        for _ in range(STEPS):
            body.command(orders)
            body.hang(1.0)
            body.step()
    time_s, imu, pos, vel, torque = (
        np.array(column)[settle:] for column in zip(*rows, strict=True)
    )
    return Chirps(
        joint_names=GO2.joint_names,
        time_s=time_s,
        quat_w=imu[:, :4],
        gyro_b=imu[:, 4:7] + noise * 0.2 * rng.normal(size=(len(imu), 3)),
        accel_b=imu[:, 7:] + noise * 5.0 * rng.normal(size=(len(imu), 3)),
        pos=pos + noise * 0.05 * rng.normal(size=pos.shape),
        vel=vel + noise * rng.normal(size=vel.shape),
        torque=torque + noise * 5.0 * rng.normal(size=torque.shape),
        sent_s=time_s,
        target=np.array(targets)[settle:],
        kp=kp,
        kd=kd,
    )
