"""The parts of a policy contract. Each checks its own values and raises InputError."""

from __future__ import annotations

import dataclasses
import math
import numbers
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from amp_sdk.errors import InputError, closest

COMMAND_NAMES: Dict[str, str] = {
    "lin_vel_x": "m/s",
    "lin_vel_y": "m/s",
    "ang_vel_z": "rad/s",
    "steer_x": "1",
    "steer_y": "1",
    "speed": "m/s",
    "face_x": "1",
    "face_y": "1",
    "target_x": "m",
    "target_y": "m",
}
"""Known command terms with their units, all in the heading frame of the base (x forward, y left):
velocities; or the unit vector of the way to go, the speed on it and the unit vector to face; or a
place to go to, from the base."""

OBSERVATION_NAMES: Dict[str, str] = {
    "base_ang_vel_b": "rad/s",
    "projected_gravity_b": "1",
    "command": "as the commands",
    "joint_pos": "rad from the default pose",
    "joint_vel": "rad/s",
    "last_action": "1",
}
"""Known observation terms with their units, all measurable on a robot."""


@dataclass(frozen=True)
class JointContract:
    """One joint: ``target = action_offset_rad + action_scale * clip(action)``, then PD.

    The torque ``kp (target - q) - kd dq`` is limited to ``+-effort_limit_nm``. The limits
    ``lower_rad`` and ``upper_rad`` are those of the joint's mechanics.
    """

    name: str
    default_pos_rad: float
    kp: float
    kd: float
    action_scale: float
    action_offset_rad: float
    effort_limit_nm: float
    lower_rad: float
    upper_rad: float

    def __post_init__(self) -> None:
        require_floats(self)
        if not self.name:
            raise InputError("name is empty; expected the joint's name in the robot model")
        for field in ("kp", "kd", "action_scale"):
            if getattr(self, field) < 0.0:
                raise InputError(
                    f"{field} of joint {self.name!r} is {getattr(self, field)!r}; expected >= 0"
                )
        if self.effort_limit_nm <= 0.0:
            raise InputError(
                f"effort_limit_nm of joint {self.name!r} is {self.effort_limit_nm!r}; expected > 0"
            )
        if not self.lower_rad < self.upper_rad:
            raise InputError(
                f"lower_rad {self.lower_rad!r} of joint {self.name!r} is not below upper_rad "
                f"{self.upper_rad!r}"
            )
        if not self.lower_rad - 1e-6 <= self.default_pos_rad <= self.upper_rad + 1e-6:
            raise InputError(
                f"default_pos_rad {self.default_pos_rad!r} of joint {self.name!r} is outside its "
                f"range [{self.lower_rad!r}, {self.upper_rad!r}]"
            )


@dataclass(frozen=True)
class ObservationTerm:
    """One term: the ``history`` newest samples of ``size`` numbers each, oldest first.

    A sample is multiplied by ``scale``, then clipped to ``clip`` (None: not clipped).
    """

    name: str
    size: int
    scale: float = 1.0
    clip: Optional[Tuple[float, float]] = None
    history: int = 1

    def __post_init__(self) -> None:
        require_floats(self)
        if self.name not in OBSERVATION_NAMES:
            raise InputError(
                f"name: unknown observation term {self.name!r}; "
                f"{closest(self.name, OBSERVATION_NAMES)}"
            )
        if self.size < 1 or self.history < 1:
            raise InputError(
                f"size {self.size!r} and history {self.history!r} of term {self.name!r}: both "
                "must be 1 or more"
            )
        if self.scale == 0.0:
            raise InputError(f"scale of term {self.name!r} is 0; the policy would see nothing")
        if self.clip is not None:
            clip = tuple(as_float("clip", v) for v in self.clip)
            if len(clip) != 2 or not clip[0] < clip[1]:
                raise InputError(
                    f"clip of term {self.name!r} is {self.clip!r}; expected [lower, upper]"
                )
            object.__setattr__(self, "clip", clip)

    @property
    def width(self) -> int:
        """The numbers this term takes in an observation: ``size * history``."""
        return self.size * self.history


@dataclass(frozen=True)
class CommandTerm:
    """One command with the range seen in training and the value to use where nobody commands."""

    name: str
    lower: float
    upper: float
    nominal: float

    def __post_init__(self) -> None:
        require_floats(self)
        if self.name not in COMMAND_NAMES:
            raise InputError(
                f"name: unknown command {self.name!r}; {closest(self.name, COMMAND_NAMES)}"
            )
        if not self.lower <= self.nominal <= self.upper:
            raise InputError(
                f"nominal {self.nominal!r} of command {self.name!r} is outside its range "
                f"[{self.lower!r}, {self.upper!r}]"
            )


@dataclass(frozen=True)
class Provenance:
    """Where the policy comes from. ``motions`` are file names or generator names."""

    sdk_version: str
    recipe: str
    recipe_sha256: str
    seed: int
    samples: int
    motions: Tuple[str, ...]
    torch_version: str
    created_utc: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "motions", tuple(self.motions))
        if self.samples < 0:
            raise InputError(f"samples is {self.samples!r}; expected 0 or more")


@dataclass(frozen=True)
class Golden:
    """Observations ``[G, obs_dim]`` and the actions ``[G, action_dim]`` of the trained network."""

    obs: Tuple[Tuple[float, ...], ...]
    actions: Tuple[Tuple[float, ...], ...]

    def __post_init__(self) -> None:
        for field in ("obs", "actions"):
            rows = tuple(tuple(as_float(field, v) for v in row) for row in getattr(self, field))
            object.__setattr__(self, field, rows)
        if not self.obs or len(self.obs) != len(self.actions):
            raise InputError(
                f"obs has {len(self.obs)} vectors and actions {len(self.actions)}; expected as "
                "many of both, and at least one"
            )


def require_floats(part: Any) -> None:
    """Make every field annotated float a finite Python float, or raise InputError."""
    for field in dataclasses.fields(part):
        if field.type == "float":
            value = as_float(field.name, getattr(part, field.name))
            object.__setattr__(part, field.name, value)


def as_float(name: str, value: Any) -> float:
    """``value`` as a finite Python float (a numpy number keeps its exact value)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InputError(f"{name} is {value!r}; expected a number")
    if not math.isfinite(value):
        raise InputError(f"{name} is {value!r}; expected a finite number")
    return float(value)
