"""``python -m amp_sdk.operate BOARD``: command a running robot by keyboard, gamepad or socket."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from amp_sdk._cli import guarded
from amp_sdk.errors import InputError
from amp_sdk.runtime.board import Board
from amp_sdk.runtime.operator import (
    CommandRange,
    GamepadSource,
    OperatorHub,
    SocketSource,
    Source,
    TerminalSource,
)
from amp_sdk.runtime.operator.board_writer import run_operator
from amp_sdk.runtime.operator.gamepad import find
from amp_sdk.runtime.operator.messages import TIMEOUT_S
from amp_sdk.runtime.operator.socket_source import DEFAULT_PORT


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Serve until Ctrl-C, the end of the loop or the loss of the last source."""
    args = _parser().parse_args(argv)
    board = Board.attach(args.board)
    config = board.config
    limits = CommandRange.of_config(config)
    sources = open_sources(limits, args.keyboard, args.gamepad, args.port)
    policies = int((config["policy"]["present"] != 0).sum())
    hub = OperatorHub(sources, policies, say=lambda line: print(line, flush=True))
    print(hub.help() + "\n", flush=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        run_operator(hub, board, running=lambda: board.native.running != 2)
    finally:
        print("operator: the robot was asked to damp", flush=True)
    return 0


def _end(*_: object) -> None:
    raise SystemExit(0)


def open_sources(
    limits: CommandRange,
    keyboard: bool,
    gamepad: Optional[str],
    port: Optional[int],
    silence_s: float = TIMEOUT_S,
) -> List[Source]:
    """The sources asked for; with none asked for, all that there are.

    ``gamepad``: a device, or "" for the first one; ``silence_s`` of a program behind the socket
    lets its dead-man's switch go. Raises InputError, with all devices given back, where one that
    was asked for cannot be had, and where there is none at all.
    """
    everything = not keyboard and gamepad is None and port is None
    sources: List[Source] = []
    try:
        if gamepad is not None or (everything and find()):
            sources.append(GamepadSource(limits, Path(gamepad) if gamepad else None))
        if port is not None or everything:
            number = DEFAULT_PORT if port is None else port
            sources.append(SocketSource(limits, number, silence_s))
        if keyboard or (everything and sys.stdin.isatty()):
            sources.append(TerminalSource(limits))  # last: nothing fails once it is raw
    except InputError:
        for source in sources:
            source.close()
        raise
    return sources


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m amp_sdk.operate",
        description="Command a running robot. Without an option: the keyboard of this terminal, "
        "the first gamepad there is, and the socket. Exit status: 0 ended, 2 bad input.",
    )
    add = parser.add_argument
    add("board", metavar="BOARD", help="the name that the loop printed, such as /amp-1234-0a1b2c3d")
    add("--keyboard", action="store_true", help="the keyboard of this terminal")
    add("--gamepad", nargs="?", const="", metavar="DEVICE", help="such as /dev/input/event3")
    add("--port", type=int, metavar="N", help=f"UDP port of the socket; default: {DEFAULT_PORT}")
    return parser


if __name__ == "__main__":
    sys.exit(guarded(main))
