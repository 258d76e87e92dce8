"""How the runs begin: pose, heading, slope, tilt and height, from each run's random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amp_sdk import rotations
from amp_sdk.contract import PolicyContract
from amp_sdk.robots import RobotSpec
from amp_sim2sim.gate.conditions import Conditions
from amp_sim2sim.gate.model import plane_normal, slope_quaternion
from amp_sim2sim.robot_in_sim import RobotInSim
from amp_sim2sim.scene import build_model


@dataclass(frozen=True, eq=False)
class Starts:
    """``base_pose_w [N, 7]``, ``joint_pos [N, J]``; the floor of each run: ``slope_quat_w [N, 4]``
    and its ``normal_w [N, 3]``; ``stand_height_m`` of the default pose."""

    base_pose_w: np.ndarray
    joint_pos: np.ndarray
    slope_quat_w: np.ndarray
    normal_w: np.ndarray
    stand_height_m: float


def make_starts(
    robot: RobotSpec,
    contract: PolicyContract,
    all_of: Sequence[Conditions],
    rngs: Sequence[np.random.Generator],
) -> Starts:
    """Every robot at rest on its floor, its lowest point just touching it."""
    sim = RobotInSim(build_model(robot), robot, contract.joint_names)
    default = contract.joint_array("default_pos_rad")
    stand_height = sim.stand(default, 0.0)
    lower, upper = contract.joint_array("lower_rad"), contract.joint_array("upper_rad")
    yaw, height = np.zeros(len(all_of)), np.zeros(len(all_of))
    tilt, joint_pos = np.zeros((len(all_of), 3)), np.zeros((len(all_of), len(default)))
    for i, (c, rng) in enumerate(zip(all_of, rngs, strict=True)):
        yaw[i], tilt_to = rng.uniform(-np.pi, np.pi, 2)
        tilt[i, :2] = c.start_tilt_rad * np.cos(tilt_to), c.start_tilt_rad * np.sin(tilt_to)
        spread = rng.uniform(-1.0, 1.0, default.shape) * c.start_spread_rad
        joint_pos[i] = np.clip(default + spread, lower, upper)
        lean = rotations.from_exp_map(tilt[i])
        height[i] = sim.height_on_floor(joint_pos[i], lean) + c.start_drop_m
    slope = np.radians([c.slope_deg for c in all_of])
    uphill = yaw + np.radians([c.slope_direction_deg for c in all_of])
    slope_quat = slope_quaternion(slope, uphill)
    normal = plane_normal(slope_quat)
    upright = rotations.multiply(slope_quat, rotations.from_heading(yaw))
    quat = rotations.multiply(upright, rotations.from_exp_map(tilt))
    pose = np.concatenate([normal * height[:, None], quat], axis=1)
    return Starts(pose, joint_pos, slope_quat, normal, stand_height)
