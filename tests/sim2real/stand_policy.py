"""A policy that balances a G1 on the spot: a linear network on attitude and gyro.

The stand pose with stiff legs; the ankles turn against the base's tilt and its rate, which is what
keeps an inverted pendulum up while the feet stay flat.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from small_policy import robot_contract, write_policy

from amp_sdk import robots
from amp_sdk.contract import Golden, JointContract, ObservationTerm

LEG_KP, ANKLE_KP, WAIST_KP = 300.0, 100.0, 200.0
PITCH_GAIN, PITCH_RATE_S, ROLL_GAIN, ROLL_RATE_S = 2.0, 0.3, 1.0, 0.2


def write(path: Path) -> None:
    """Write the policy for the G1 with 29 joints."""
    robot = robots.load("g1_29dof")
    joints = [_stiff(joint) for joint in robot_contract(robot).joints]
    terms = (ObservationTerm("base_ang_vel_b", 3), ObservationTerm("projected_gravity_b", 3))
    golden = Golden(((0.0,) * 6,), ((0.0,) * len(joints),))
    contract = robot_contract(robot, observation=terms, golden=golden)
    contract = dataclasses.replace(contract, joints=tuple(joints))
    weight = np.zeros((6, len(joints)))
    for i, joint in enumerate(joints):
        # projected gravity is (sin pitch, -sin roll cos pitch, ...) for small angles
        if joint.name.endswith("ankle_pitch_joint"):
            weight[1, i], weight[3, i] = PITCH_RATE_S, PITCH_GAIN
        elif joint.name.endswith("ankle_roll_joint"):
            weight[0, i], weight[4, i] = ROLL_RATE_S, -ROLL_GAIN
        weight[:, i] /= joint.action_scale
    write_policy(path, contract, weight)


def _stiff(joint: JointContract) -> JointContract:
    for part, kp, kd in (
        ("hip", LEG_KP, 9.0),
        ("knee", LEG_KP, 9.0),
        ("ankle", ANKLE_KP, 5.0),
        ("waist", WAIST_KP, 5.0),
    ):
        if part in joint.name:
            return dataclasses.replace(joint, kp=kp, kd=kd)
    return joint
