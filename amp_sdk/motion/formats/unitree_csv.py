"""Unitree CSV: no header, a frame per line: place 3, quaternion XYZW 4, 29 joints of the G1.

The joints are in the depth-first order of Unitree's model: left leg, right leg, waist (yaw, roll,
pitch), left arm, right arm. The frame rate is not stored.
"""

from __future__ import annotations

from pathlib import Path
from typing import List

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion.formats import orders
from amp_sdk.motion.formats.raw import RawMotion, check_width, fitting_robots, number_table
from amp_sdk.robots import RobotSpec

NAME = "Unitree CSV"


def recognises(data: bytes) -> bool:
    """Whether the first line holds commas and begins with a number."""
    first = data.lstrip().split(b"\n", 1)[0].split(b",")
    try:
        float(first[0])
    except ValueError:
        return False
    return len(first) > 1


def parse(data: bytes, where: str, robot: RobotSpec) -> RawMotion:
    """Read a clip of ``robot``, which must have the joints of the G1. Raises InputError."""
    frames = number_table(_rows(data, where), where)
    if set(robot.joint_names) != set(orders.G1_29DOF):
        fit = ", ".join(fitting_robots(len(orders.G1_29DOF))) or "none of our robots"
        raise InputError(
            f"{where}: a Unitree CSV holds the {len(orders.G1_29DOF)} joints of the G1, which "
            f"{robot.name} with its {len(robot.joint_names)} does not have "
            f"({frames.shape[1]} columns found); it would fit: {fit}"
        )
    check_width(frames.shape[1], 7, robot, "place 3, quaternion 4", where)
    return RawMotion(
        format=NAME,
        source=where,
        name=Path(where).stem,
        joint_names=orders.G1_29DOF,
        root_pos_w=frames[:, :3],
        root_quat_w=rotations.from_xyzw(frames[:, 3:7]),
        joint_pos=frames[:, 7:],
        fps=None,
        loop=None,
    )


def _rows(data: bytes, where: str) -> List[List[float]]:
    rows: List[List[float]] = []
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            rows.append([float(cell) for cell in line.rstrip().rstrip(",").split(",")])
        except ValueError as error:
            raise InputError(
                f"{where}: line {number}: expected numbers separated by commas ({error})"[:300]
            ) from error
    return rows
