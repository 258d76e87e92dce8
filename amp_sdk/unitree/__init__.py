"""Unitree's Go2 and G1 over their own protocol (DDS): which robots, which motors, which messages.

The compiled part, ``amp_sdk._dds`` and ``amp_sdk/_loop_dds``, is built where CycloneDDS 0.10 is
found; everything else of the package works without it.
"""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Sequence, Tuple

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec

MOTORS = {"go": 20, "hg": 35}
"""How many motors a message has room for."""

INSTALL = (
    "install CycloneDDS 0.10 with its C headers and idlc (Debian, Ubuntu: apt install "
    "cyclonedds-dev cyclonedds-tools; elsewhere build 0.10.2 and set CMAKE_PREFIX_PATH to its "
    "prefix), then amp-sdk again, in the checkout: pip install . (make build for development)"
)

# family of messages, and the values of mode_machine whose robots have these joints and gears
_ROBOTS = {"go2": ("go", ()), "g1_29dof": ("hg", (5,)), "g1_23dof": ("hg", (4,))}


@dataclass(frozen=True)
class Wire:
    """How to reach one robot: ``family`` of messages ("go" or "hg"), network ``interface``, DDS
    ``domain`` (0 on a real robot), motor of each joint, accepted ``mode_machine`` values.
    """

    family: str
    interface: str
    domain: int
    slots: Tuple[int, ...]
    mode_machine: Tuple[int, ...]
    dry_run: bool = False

    @property
    def motors(self) -> int:
        """How many motors a message has."""
        return MOTORS[self.family]

    def options(self) -> str:
        """As the compiled drivers take it."""
        parts = [
            f"family={self.family} net={self.interface} domain={self.domain}",
            "slots=" + ",".join(map(str, self.slots)),
        ]
        if self.mode_machine:
            parts.append("mode_machine=" + ",".join(map(str, self.mode_machine)))
        return " ".join(parts) + (" dry_run=1" if self.dry_run else "")


def wire(
    robot: RobotSpec,
    joint_names: Sequence[str],
    interface: str,
    domain: int,
    dry_run: bool = False,
) -> Wire:
    """The wire to ``robot``, whose joints the caller has in the order of ``joint_names``.

    Raises InputError for a robot that does not speak this protocol, or has another set of joints.
    """
    if robot.name not in _ROBOTS:
        why = ""
        if robot.name == "g1_12dof":
            why = " (it would leave waist and arms limp; train for g1_23dof or g1_29dof)"
        raise InputError(
            f"robot {robot.name!r} cannot be reached over DDS{why}; expected one of "
            f"{', '.join(sorted(_ROBOTS))}"
        )
    if not interface or any(c.isspace() or c in "<>&\"'/" for c in interface):
        raise InputError(f"--net {interface!r}: expected an interface, as listed by: ip -br addr")
    if not 0 <= domain <= 232:
        raise InputError(f"--domain {domain}: expected 0 (a real robot) to 232; simulators use 1")
    family, machines = _ROBOTS[robot.name]
    slots = motor_slots(robot, joint_names)
    return Wire(family, interface, domain, slots, machines, dry_run)


def motor_slots(robot: RobotSpec, joint_names: Sequence[str]) -> Tuple[int, ...]:
    """The vendor's motor number of each joint, found by name. Raises InputError."""
    slot_of = dict(zip(robot.wire_names, robot.wire_slots))
    if sorted(joint_names) != sorted(slot_of):
        odd = sorted(set(joint_names) ^ set(slot_of)) or ["a joint given twice"]
        raise InputError(
            f"robot {robot.name!r}: expected its {len(slot_of)} joints, each once, found "
            f"{len(joint_names)}; not on both sides: {', '.join(odd)}"
        )
    return tuple(slot_of[name] for name in joint_names)


@functools.lru_cache(maxsize=None)
def native() -> ModuleType:
    """``amp_sdk._dds``. Raises InputError that says what to install where it is missing."""
    try:
        return importlib.import_module("amp_sdk._dds")
    except ModuleNotFoundError as error:
        raise InputError(
            f"this installation was built without the drivers of robots; {INSTALL}"
        ) from error
    except ImportError as error:
        raise InputError(f"the drivers of robots do not load ({error}); {INSTALL}") from error


def guarded_native(name: str, *arguments: object) -> object:
    """``native().name(*arguments)``, with what DDS objects to as InputError."""
    try:
        return getattr(native(), name)(*arguments)
    except (RuntimeError, ValueError) as error:
        raise InputError(str(error)) from error
