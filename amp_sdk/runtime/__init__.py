"""What runs a policy on a robot: the policy's step, its process, the control loop, the board.

The names are imported on first use. All but ``PolicyRunner`` need POSIX; using one elsewhere raises
InputError.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amp_sdk.runtime.board import Board, Reader, Role
    from amp_sdk.runtime.configuration import loop_config
    from amp_sdk.runtime.controller import Controller, ControllerBatch
    from amp_sdk.runtime.flight_log import FlightLog
    from amp_sdk.runtime.loop_process import LoopProcess, start_loop
    from amp_sdk.runtime.messages import fault_names
    from amp_sdk.runtime.operator import OperatorHub
    from amp_sdk.runtime.runner import PolicyRunner
    from amp_sdk.runtime.settings import LoopSettings, SafetySettings

_MODULES = {
    "Board": "board",
    "Controller": "controller",
    "ControllerBatch": "controller",
    "FlightLog": "flight_log",
    "LoopProcess": "loop_process",
    "LoopSettings": "settings",
    "OperatorHub": "operator",
    "PolicyRunner": "runner",
    "Reader": "board",
    "Role": "board",
    "SafetySettings": "settings",
    "fault_names": "messages",
    "loop_config": "configuration",
    "start_loop": "loop_process",
}

__all__ = [
    "Board",
    "Controller",
    "ControllerBatch",
    "FlightLog",
    "LoopProcess",
    "LoopSettings",
    "OperatorHub",
    "PolicyRunner",
    "Reader",
    "Role",
    "SafetySettings",
    "fault_names",
    "loop_config",
    "start_loop",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f"amp_sdk.runtime.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'amp_sdk.runtime' has no attribute {name!r}")
