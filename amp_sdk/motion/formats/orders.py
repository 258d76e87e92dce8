"""Joint names in the orders in which files store them."""

from __future__ import annotations

from typing import Tuple

_SHOULDER_TO_WRIST = (
    "shoulder_pitch",
    "shoulder_roll",
    "shoulder_yaw",
    "elbow",
    "wrist_roll",
    "wrist_pitch",
    "wrist_yaw",
)
_HIP_TO_ANKLE = ("hip_pitch", "hip_roll", "hip_yaw", "knee", "ankle_pitch", "ankle_roll")


def quadruped(*legs: str) -> Tuple[str, ...]:
    """Hip, thigh and calf of each leg, as in ``quadruped("FL", "FR", "RL", "RR")``."""
    return tuple(f"{leg}_{part}_joint" for leg in legs for part in ("hip", "thigh", "calf"))


G1_29DOF: Tuple[str, ...] = (
    *(f"left_{part}_joint" for part in _HIP_TO_ANKLE),
    *(f"right_{part}_joint" for part in _HIP_TO_ANKLE),
    *(f"waist_{axis}_joint" for axis in ("yaw", "roll", "pitch")),
    *(f"left_{part}_joint" for part in _SHOULDER_TO_WRIST),
    *(f"right_{part}_joint" for part in _SHOULDER_TO_WRIST),
)
"""Depth first in Unitree's model of revision 1.0: legs, waist, arms, left before right."""
