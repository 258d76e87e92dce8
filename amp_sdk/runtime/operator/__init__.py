"""Operator input: keyboard, gamepad and a JSON socket, made into one by ``OperatorHub``.

Parsing (``keys``, ``evdev``, ``buttons``, ``messages``) is apart from the devices (``terminal``,
``gamepad``, ``socket_source``).
"""

from __future__ import annotations

from amp_sdk.runtime.operator.gamepad import GamepadSource
from amp_sdk.runtime.operator.hub import OperatorHub, OperatorState
from amp_sdk.runtime.operator.socket_source import SocketSource
from amp_sdk.runtime.operator.source import CommandRange, Source, SourceInput
from amp_sdk.runtime.operator.terminal import TerminalSource

__all__ = [
    "CommandRange",
    "GamepadSource",
    "OperatorHub",
    "OperatorState",
    "SocketSource",
    "Source",
    "SourceInput",
    "TerminalSource",
]
