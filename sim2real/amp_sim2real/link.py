"""Listening to a robot: its measurements, its remote and what its line is like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Tuple

from amp_sdk.runtime import messages
from amp_sdk.unitree import Wire, guarded_native


@dataclass(frozen=True)
class LinkStatus:
    """What came so far; ``plain`` states are those without check sum, which only a simulator sends
    and only domains other than 0 take; ``foreign_commands`` others sent to the same robot.

    ``buttons`` of the remote are bits, ``sticks`` lx, ly, rx, ry from -1 to 1 (x right, y forward).
    """

    received: int
    plain: int
    crc_errors: int
    out_of_order: int
    restarts: int
    foreign_commands: int
    last_foreign_ns: int
    mode_machine: int
    buttons: int
    sticks: Tuple[float, float, float, float]


class Link:
    """Never sends anything. ``state`` is the newest ``RobotState``, always the same array."""

    def __init__(self, wire: Wire) -> None:
        """Join the robot's network. Raises InputError where that fails."""
        self._native: Any = guarded_native("RobotLink", wire.options())
        self.state = messages.new(messages.STATE)

    def poll(self) -> bool:
        """Take the newest measurement; False where there is none that was not seen before."""
        return self._native.read(self.state)

    def status(self) -> LinkStatus:
        """Counters, and the remote as of the last ``poll``."""
        return LinkStatus(**self._native.status())

    def state_types(self) -> Tuple[str, ...]:
        """The message types of those who publish states."""
        return tuple(self._native.state_types())

    def command_types(self) -> Tuple[str, ...]:
        """The message types of others who publish commands, whether they send or not."""
        return tuple(self._native.command_types())
