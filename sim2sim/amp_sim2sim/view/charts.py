"""What the live plots show: velocities against their commands, one joint's angle and torque."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sim2sim.plots import ACCENT, CLIP, LIMIT
from amp_sim2sim.view.history import Window

LABELS = {"lin_vel_x": "forward", "lin_vel_y": "to the left", "ang_vel_z": "turning left"}
"""A person's words for the commands."""
_TITLES = ("forward, m/s", "to the left, m/s", "turning left, rad/s")


@dataclass(frozen=True, eq=False)
class Chart:
    """Lines over ``time_s [T]``, each with its name, colour (#rrggbb) and values ``[T]``."""

    title: str
    time_s: np.ndarray
    lines: tuple[tuple[str, str, np.ndarray], ...]


def live_charts(window: Window, contract: PolicyContract, joint: int) -> tuple[Chart, ...]:
    """Three of the velocities, then angle and torque of a joint."""
    time, name = window.time_s, contract.joint_names[joint].removesuffix("_joint")
    limit = np.full_like(time, contract.joint_array("effort_limit_nm")[joint])
    velocity = [
        Chart(
            title,
            time,
            (("command", CLIP, window.command[:, k]), ("actual", ACCENT, window.velocity[:, k])),
        )
        for k, title in enumerate(_TITLES)
    ]
    target, actual = window.target_rad[:, joint], window.joint_pos[:, joint]
    angle = (("target", CLIP, target), ("actual", ACCENT, actual))
    torque = (
        ("torque", ACCENT, window.torque_nm[:, joint]),
        ("limit", LIMIT, limit),
        ("-limit", LIMIT, -limit),
    )
    return (
        *velocity,
        Chart(f"{name}: angle, rad", time, angle),
        Chart(f"{name}: torque, Nm", time, torque),
    )
