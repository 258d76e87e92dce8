"""What every source of operator input (keyboard, gamepad, socket) says, in one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Protocol, Tuple

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.runtime.commands import command_columns
from amp_sdk.runtime.modes import Mode

Velocity = Tuple[float, float, float]
"""Forward m/s, left m/s, turn to the left rad/s, in the base's heading frame."""

STANDSTILL: Velocity = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class SourceInput:
    """What one source wanted since it was asked before.

    ``held``: its dead-man's switch is held. ``stop``: its emergency stop was or is pressed.
    ``modes``: modes asked for, oldest first; ``policy``: the policy slot asked for, or None;
    ``next_policy``: steps to a later slot; ``clear``: faults are to be cleared; ``lost``: the
    source is gone for good (unplugged, closed), in one line, or "".
    """

    held: bool = False
    stop: bool = False
    velocity: Velocity = STANDSTILL
    modes: Tuple[Mode, ...] = ()
    policy: Optional[int] = None
    next_policy: int = 0
    clear: bool = False
    lost: str = ""


class Source(Protocol):
    """A device or socket. ``rank``: who takes over from whom; the higher one wins."""

    name: str
    rank: int

    def fileno(self) -> int:
        """The file descriptor that becomes readable with new input; -1 where there is none."""
        ...

    def poll(self, now_ns: int) -> SourceInput:
        """Read what there is, without waiting."""
        ...

    def help(self) -> str:
        """What keys, buttons or messages do, for a person."""
        ...

    def close(self) -> None:
        """Give the device back as it was."""
        ...


@dataclass(frozen=True)
class CommandRange:
    """How fast an operator may command: ``lower`` and ``upper``, each a Velocity."""

    lower: Velocity = (-0.5, -0.3, -1.0)
    upper: Velocity = (1.0, 0.3, 1.0)

    @classmethod
    def of_contract(cls, contract: PolicyContract) -> CommandRange:
        """The ranges that a policy was trained with; 0 for a command that it does not have. Raises
        InputError where it takes other commands than the loop's."""
        lower, upper = [0.0] * 3, [0.0] * 3
        for i, command in zip(command_columns(contract), contract.commands):
            lower[i], upper[i] = command.lower, command.upper
        return cls((lower[0], lower[1], lower[2]), (upper[0], upper[1], upper[2]))

    @classmethod
    def of_config(cls, config: np.ndarray) -> CommandRange:
        """The widest ranges of all policies in a ``LoopConfig``; the loop clips to each one's."""
        policies = config["policy"][config["policy"]["present"] != 0]
        if not len(policies):
            return cls(STANDSTILL, STANDSTILL)
        lower = policies["command_lower"].min(axis=0).tolist()
        upper = policies["command_upper"].max(axis=0).tolist()
        return cls((lower[0], lower[1], lower[2]), (upper[0], upper[1], upper[2]))

    def clip(self, velocity: Velocity) -> Velocity:
        """The nearest velocity within the ranges."""
        x, y, z = (min(max(v, low), high) for v, low, high in zip(velocity, self.lower, self.upper))
        return (x, y, z)

    def from_sticks(self, sticks: Velocity) -> Velocity:
        """Stick positions from -1 to 1 to a velocity: 1 is the upper end, -1 the lower one."""
        x, y, z = (
            s * high if s > 0.0 else -s * low
            for s, low, high in zip(sticks, self.lower, self.upper)
        )
        return self.clip((x, y, z))
