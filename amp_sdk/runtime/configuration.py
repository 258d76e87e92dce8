"""From robot, contracts and settings to the ``LoopConfig`` of the loop."""

from __future__ import annotations

import dataclasses
from typing import Sequence

import numpy as np

from amp_sdk.contract import PolicyContract, check_robot
from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import messages
from amp_sdk.runtime._native import native
from amp_sdk.runtime.commands import command_columns
from amp_sdk.runtime.settings import LoopSettings

_DRIVERS = {"mock": 0, "shared_memory": 1, "dds": 2}


def loop_config(
    robot: RobotSpec, contracts: Sequence[PolicyContract], settings: LoopSettings
) -> np.ndarray:
    """The loop's configuration, a message ``LoopConfig``; policy ``i`` goes to slot ``i``.

    The stand pose is the first policy's default pose, with the robot's gains. Raises InputError
    where a policy does not fit the robot or takes other commands than the loop's, or there are too
    many policies or joints.
    """
    core = native()
    joints = len(robot.joint_names)
    if joints > core.MAX_JOINTS or len(contracts) > core.MAX_POLICIES:
        raise InputError(
            f"robot {robot.name!r} has {joints} joints, and there are {len(contracts)} policies; "
            f"expected at most {core.MAX_JOINTS} joints and {core.MAX_POLICIES} policies"
        )
    for contract in contracts:
        check_robot(contract, robot)
    config = messages.new(messages.CONFIG)
    config["joints"] = joints
    config["driver"] = _DRIVERS[settings.driver]
    options = settings.driver_options.encode()
    if len(options) >= core.PATH_SIZE:
        raise InputError(
            f"driver_options has {len(options)} bytes; expected less than {core.PATH_SIZE}"
        )
    config["driver_options"] = options
    for name in ("period_s", "stand_time_s", "blend_time_s", "damp_time_s", "orphan_time_s"):
        config[name] = getattr(settings, name)
    config["command_rate"] = settings.command_rate
    config["priority"] = settings.priority
    config["cpu"] = -1 if settings.cpu is None else settings.cpu
    config["lock_memory"] = settings.lock_memory
    for item in dataclasses.fields(settings.safety):
        config["safety"][item.name] = getattr(settings.safety, item.name)
    if settings.safety.state_period_s == 0.0:
        config["safety"]["state_period_s"] = settings.period_s
    _fill_joints(config["joint"][:joints], robot, contracts, settings)
    for slot, contract in enumerate(contracts):
        _fill_policy(config["policy"][slot], contract, settings)
    return config


def _fill_joints(
    joint: np.ndarray, robot: RobotSpec, contracts: Sequence[PolicyContract], s: LoopSettings
) -> None:
    pose = contracts[0].joint_array("default_pos_rad") if contracts else robot.default_joint_pos_rad
    longest = native().NAME_SIZE - 1
    for name in robot.joint_names:
        if len(name.encode()) > longest:
            raise InputError(f"joint name {name!r} is too long; expected at most {longest} bytes")
    joint["name"] = [name.encode() for name in robot.joint_names]
    joint["lower_rad"], joint["upper_rad"] = robot.joint_lower_rad, robot.joint_upper_rad
    joint["effort_limit_nm"] = robot.effort_limit_nm
    joint["velocity_limit_rad_s"] = robot.velocity_limit_rad_s
    joint["stand_pos_rad"], joint["stand_kp"], joint["stand_kd"] = pose, robot.kp, robot.kd
    joint["damp_kd"] = s.damp_kd_ratio * robot.kd


def _fill_policy(slot: np.ndarray, contract: PolicyContract, settings: LoopSettings) -> None:
    joints = contract.action_dim
    slot["present"] = 1
    slot["name"] = contract.provenance.recipe.encode()[: native().NAME_SIZE - 1]
    slot["period_s"] = contract.control_period_s
    slot["timeout_s"] = settings.target_timeout_periods * contract.control_period_s
    slot["interpolation"] = settings.interpolation
    slot["action_limit"] = settings.action_fault_ratio * contract.action_clip
    slot["kp"][:joints], slot["kd"][:joints] = (contract.joint_array(n) for n in ("kp", "kd"))
    # one that the policy does not have stays 0
    for i, command in zip(command_columns(contract), contract.commands):
        slot["command_lower"][i], slot["command_upper"][i] = command.lower, command.upper
