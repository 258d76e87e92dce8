"""What the operator wants, onto the board of a running robot."""

from __future__ import annotations

import select
import time
from typing import Callable

from amp_sdk.runtime import messages
from amp_sdk.runtime.board import Board, Role
from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator.hub import OperatorHub, OperatorState

PERIOD_S = 0.02


class OperatorWriter:
    """Writes a hub's states to a board, as its one operator."""

    def __init__(self, board: Board) -> None:
        """Become the board's operator. Raises InputError where another process is."""
        board.claim(Role.OPERATOR)
        self._board = board
        self._reader = board.operator_input()
        self._reader.poll()
        # one that follows another goes on counting: the same number again would clear nothing
        self._message = self._reader.message.copy()
        self._clears = int(self._message["clear_fault"])

    def write(self, state: OperatorState) -> None:
        """Write one state."""
        message = self._message
        message["time_ns"] = state.time_ns
        message["deadman_ns"] = state.deadman_ns
        message["sequence"] += 1
        message["clear_fault"] = self._clears + state.clear_fault
        message["requested_mode"] = int(state.mode)
        message["requested_policy"] = state.policy
        message["estop"] = int(state.estop)
        message["velocity_command"] = state.velocity
        self._board.write_operator_input(message)
        self._board.beat(Role.OPERATOR)

    def close(self) -> None:
        """Ask for damping with the switch let go, and leave the board to another operator."""
        gone = OperatorState(
            time_ns=messages.now_ns(),
            clear_fault=int(self._message["clear_fault"]) - self._clears,
            mode=Mode.DAMP,
            policy=int(self._message["requested_policy"]),
            estop=bool(self._message["estop"]),
        )
        self.write(gone)
        self._board.release(Role.OPERATOR)


def run_operator(
    hub: OperatorHub, board: Board, running: Callable[[], bool] = lambda: True
) -> None:
    """Serve all sources of ``hub`` until ``running`` says no, the last source is lost, or Ctrl-C.

    A key, a button or a message is passed on at once, and the state again every 20 ms. In any case
    the robot is asked to damp at the end, and all devices are given back.
    """
    writer = OperatorWriter(board)
    try:
        while running() and hub.sources:
            writer.write(hub.poll(messages.now_ns()))
            files = [source.fileno() for source in hub.sources]
            begin = time.monotonic()
            select.select([f for f in files if f >= 0], [], [], PERIOD_S)
            if time.monotonic() - begin < 1e-3:
                time.sleep(1e-3)  # a device that never stops sending
    finally:
        writer.close()
        hub.close()
