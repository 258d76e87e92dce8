"""The shared memory through which the processes of a running robot work together."""

from __future__ import annotations

import enum
import os
import secrets
from typing import Any, Callable, Optional, Tuple

import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.runtime import messages
from amp_sdk.runtime._native import native


class Role(enum.IntEnum):
    """Who a process is; each is one process at a time."""

    LOOP = 0
    ROBOT = 1
    POLICY = 2
    OPERATOR = 3
    OWNER = 4


class Reader:
    """The newest message of one channel.

    ``message`` is always the same array; it changes only in a ``poll()`` that returns True.
    """

    def __init__(self, read: Callable[[np.ndarray, int], int], kind: str) -> None:
        self._read = read
        self._received = messages.new(kind)
        self._seen = 0
        self.message = messages.new(kind)

    def poll(self) -> bool:
        """Take the newest message; False where there is none that was not seen before."""
        seen = self._read(self._received, self._seen)
        if seen == self._seen:
            return False
        self._seen = seen
        self.message[...] = self._received
        return True


class Board:
    """One running robot. Every process that takes part has the same board, by its name.

    ``create`` makes one, ``attach`` opens the one of another process, ``local`` makes one for
    threads of this process only.
    """

    def __init__(self, native_board: Any) -> None:
        self.native = native_board

    @classmethod
    def create(cls, config: np.ndarray, name: Optional[str] = None) -> Board:
        """A new board with a ``LoopConfig``; its name is made up where none is given."""
        if name is None:
            name = f"/amp-{os.getpid()}-{secrets.token_hex(4)}"
        return cls(_guarded(native().Board.create, name, config))

    @classmethod
    def attach(cls, name: str) -> Board:
        """The board called ``name``. Raises InputError where there is none that fits."""
        return cls(_guarded(native().Board.attach, name))

    @classmethod
    def local(cls, config: np.ndarray) -> Board:
        """A board in the memory of this process."""
        return cls(native().Board.local(config))

    @property
    def name(self) -> str:
        """What other processes attach to; empty for a local board."""
        return self.native.name

    def unlink(self) -> None:
        """Remove the name; who has the board keeps it."""
        if self.name:
            native().Board.unlink(self.name)

    @property
    def config(self) -> np.ndarray:
        """A copy of the ``LoopConfig``."""
        config = messages.new(messages.CONFIG)
        self.native.read_config(config)
        return config

    def state(self) -> Reader:
        """What the robot measures, as the loop sees it."""
        return Reader(self.native.read_state, messages.STATE)

    def status(self) -> Reader:
        """What the loop does."""
        return Reader(self.native.read_status, messages.STATUS)

    def robot_command(self) -> Reader:
        """For a robot behind the shared-memory driver: what its motors are told."""
        return Reader(self.native.read_robot_command, messages.COMMAND)

    def operator_input(self) -> Reader:
        """What the operator wants."""
        return Reader(self.native.read_operator_input, messages.OPERATOR)

    def target(self, slot: int) -> Reader:
        """What the policy in ``slot`` answers."""
        return Reader(lambda out, seen: self.native.read_target(slot, out, seen), messages.TARGET)

    def write_robot_state(self, state: np.ndarray) -> None:
        """For a robot behind the shared-memory driver: what it measures."""
        self.native.write_robot_state(state)

    def write_operator_input(self, operator_input: np.ndarray) -> None:
        """What the operator wants."""
        self.native.write_operator_input(operator_input)

    def write_target(self, target: np.ndarray) -> None:
        """A policy's answer, to the slot that it names."""
        self.native.write_target(int(target["policy"]), target)

    def claim(self, role: Role) -> None:
        """Become the process that fills ``role``. Raises InputError where another one does."""
        if not self.native.claim(int(role)):
            raise InputError(
                f"process {self.writer(role)[0]} is already the {role.name.lower()} of board "
                f"{self.name!r}; expected one at a time; end it first"
            )

    def release(self, role: Role) -> None:
        """Give ``role`` back."""
        self.native.release(int(role))

    def beat(self, role: Role) -> None:
        """Tell the others that this process still runs."""
        self.native.beat(int(role))

    def writer(self, role: Role) -> Tuple[int, int]:
        """Process number (0: none) and last heartbeat in ns of who fills ``role``."""
        return self.native.writer(int(role))

    @property
    def notes(self) -> Tuple[str, ...]:
        """What the loop could not have, real-time priority for one; a line each."""
        return tuple(self.native.notes.splitlines())


def _guarded(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except RuntimeError as error:
        raise InputError(f"{error}; start the loop first, or give the name it printed") from error
