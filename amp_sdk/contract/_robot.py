"""Does a contract belong to this robot?"""

from __future__ import annotations

from typing import TYPE_CHECKING, List

import numpy as np

from amp_sdk.contract._schema import PolicyContract
from amp_sdk.errors import InputError

if TYPE_CHECKING:
    from amp_sdk.robots import RobotSpec

_TOLERANCE = 1e-6


def check_robot(contract: PolicyContract, robot: RobotSpec) -> None:
    """Raise InputError with every difference that makes the policy unfit for the robot.

    Checked: robot, variant, joint names and their order, effort limits not above the robot's,
    joint ranges not beyond the robot's.
    """
    problems = _names(contract, robot)
    if not problems:  # the limits are comparable only where the joints are the same
        problems = _limits(contract, robot)
    if problems:
        raise InputError(
            f"the policy does not fit robot {robot.name!r}: {'; '.join(problems)}; use a policy "
            "that was trained for this robot, or train and export one again"
        )


def _names(contract: PolicyContract, robot: RobotSpec) -> List[str]:
    problems = []
    if contract.robot != robot.name:
        problems.append(f"it is for robot {contract.robot!r}")
    if contract.variant != robot.variant:
        problems.append(f"it is for variant {contract.variant!r}, the robot is {robot.variant!r}")
    ours, theirs = contract.joint_names, tuple(robot.joint_names)
    missing = [name for name in theirs if name not in ours]
    unknown = [name for name in ours if name not in theirs]
    if missing:
        problems.append(f"its contract lacks the joints {', '.join(missing)}")
    if unknown:
        problems.append(f"the robot has no joints {', '.join(unknown)}")
    if not missing and not unknown and ours != theirs:
        i = next(i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b)
        problems.append(
            f"its joint order differs from position {i} on: expected {theirs[i]!r}, found "
            f"{ours[i]!r}"
        )
    return problems


def _limits(contract: PolicyContract, robot: RobotSpec) -> List[str]:
    problems = []
    effort = contract.joint_array("effort_limit_nm")
    for i in np.flatnonzero(effort > robot.effort_limit_nm * (1.0 + _TOLERANCE)):
        problems.append(
            f"effort_limit_nm of {contract.joint_names[i]!r} is {effort[i]:g}, above the robot's "
            f"{robot.effort_limit_nm[i]:g}"
        )
    lower, upper = contract.joint_array("lower_rad"), contract.joint_array("upper_rad")
    outside = (lower < robot.joint_lower_rad - _TOLERANCE) | (
        upper > robot.joint_upper_rad + _TOLERANCE
    )
    for i in np.flatnonzero(outside):
        problems.append(
            f"the range of {contract.joint_names[i]!r} is [{lower[i]:g}, {upper[i]:g}], beyond "
            f"the robot's [{robot.joint_lower_rad[i]:g}, {robot.joint_upper_rad[i]:g}]"
        )
    return problems
