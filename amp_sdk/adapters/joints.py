"""The joints of another project's policy, in the robot's order, with the numbers they need."""

from __future__ import annotations

import fnmatch
from typing import Dict, List, Sequence, Tuple

import numpy as np

from amp_sdk.adapters.completion import Completion
from amp_sdk.adapters.stated import Stated
from amp_sdk.contract import JointContract
from amp_sdk.errors import InputError, closest
from amp_sdk.robots import RobotSpec

FIELDS = ("kp", "kd", "default_pos_rad", "action_scale")
HALF_DECIMAL = 0.0005
"""What cutting a number to three decimals may change it by."""
_NOTABLE = 1e-3  # of the number itself


def joint_order(stated: Stated, told: Completion, robot: RobotSpec, where: str) -> np.ndarray:
    """The robot's index of each of the network's joints, ``[J]``. Raises InputError."""
    names = stated.joints or told.joint_names or ()
    if stated.joints and told.joint_names and stated.joints != told.joint_names:
        raise InputError(
            f"{where}: joint_names differ from those of the policy's metadata; leave them out, or "
            "use rename_joints"
        )
    for name in told.rename_joints:
        if name not in names:
            raise InputError(
                f"{where}: rename_joints: the network has no joint {name!r}; {closest(name, names)}"
            )
    names = tuple(told.rename_joints.get(name, name) for name in names)
    unknown = [name for name in names if name not in robot.joint_names]
    absent = [name for name in robot.joint_names if name not in names]
    if unknown or absent or len(names) != len(robot.joint_names):
        raise InputError(
            f"{where}: its joints are not those of robot {robot.name!r}: unknown there: "
            f"{', '.join(unknown) or 'none'}; missing: {', '.join(absent) or 'none'}; choose "
            "another robot, or name them with rename_joints"
        )
    return robot.joint_index(names)


def joint_numbers(
    stated: Stated, told: Completion, robot: RobotSpec, order: np.ndarray, where: str
) -> Tuple[Dict[str, np.ndarray], List[str], List[str]]:
    """Numbers ``[J]`` of each of FIELDS in the robot's order, what is missing, what is doubtful.

    Raises InputError where what is told contradicts what is stated.
    """
    numbers: Dict[str, np.ndarray] = {}
    missing: List[str] = []
    doubtful: List[str] = []
    for name in FIELDS:
        given = _by_pattern(getattr(told, name), robot.joint_names, name, where)
        values = np.full(len(order), np.nan)
        if name in stated.numbers:
            values[order] = stated.numbers[name]
        off = np.abs(given - values) > HALF_DECIMAL * 1.001  # false where one of them is NaN
        if off.any():
            i = int(np.argmax(off))
            raise InputError(
                f"{where}: {name} of {robot.joint_names[i]!r} is given as {given[i]:g}, but the "
                f"policy's metadata say {values[i]:g}; expected the same number, more decimals at "
                "most; leave it out or correct it"
            )
        if name != "default_pos_rad" and name in stated.numbers:
            doubtful += _rounded(name, np.where(np.isnan(given), values, np.nan), robot.joint_names)
        numbers[name] = np.where(np.isnan(given), values, given)
        absent = [j for j, v in zip(robot.joint_names, numbers[name]) if np.isnan(v)]
        if absent:
            of = "every joint" if len(absent) == len(order) else ", ".join(absent)
            missing.append(f"{name} (of {of})")
    return numbers, missing, doubtful


def joint_contracts(
    numbers: Dict[str, np.ndarray], robot: RobotSpec, offset_is_pose: bool
) -> Tuple[JointContract, ...]:
    """The contract's joints: these numbers with the robot's limits."""
    return tuple(
        JointContract(
            name=name,
            default_pos_rad=float(numbers["default_pos_rad"][i]),
            kp=float(numbers["kp"][i]),
            kd=float(numbers["kd"][i]),
            action_scale=float(numbers["action_scale"][i]),
            action_offset_rad=float(numbers["default_pos_rad"][i]) if offset_is_pose else 0.0,
            effort_limit_nm=float(robot.effort_limit_nm[i]),
            lower_rad=float(robot.joint_lower_rad[i]),
            upper_rad=float(robot.joint_upper_rad[i]),
        )
        for i, name in enumerate(robot.joint_names)
    )


def _by_pattern(
    given: Dict[str, float], joints: Sequence[str], field: str, where: str
) -> np.ndarray:
    for pattern in given:
        if not fnmatch.filter(joints, pattern):
            raise InputError(
                f"{where}: {field}: no joint is called {pattern!r}; {closest(pattern, joints)}"
            )
    values = [
        next((v for pattern, v in given.items() if fnmatch.fnmatchcase(joint, pattern)), np.nan)
        for joint in joints
    ]
    return np.array(values, dtype=np.float64)


def _rounded(field: str, values: np.ndarray, joints: Sequence[str]) -> List[str]:
    """A warning where all of ``values`` have at most three decimals and some of them are small."""
    known = ~np.isnan(values)
    if not known.any() or np.any(np.round(values[known], 3) != values[known]):
        return []
    with np.errstate(divide="ignore"):
        share = np.where(known, HALF_DECIMAL / np.abs(values), 0.0)
    notable = [i for i in np.argsort(-share) if share[i] > _NOTABLE]
    if not notable:
        return []
    worst = ", ".join(f"{joints[i]} ({values[i]:g}, {share[i]:.1%})" for i in notable[:3])
    more = f" and {len(notable) - 3} more" if len(notable) > 3 else ""
    return [
        f"{field} is cut to three decimals in the metadata and may be off, most for {worst}{more}; "
        f"give the training's numbers in full ({field})"
    ]
