"""What runs a policy on a robot: the policy's step, its process, the control loop.

The names are imported on first use. All but ``PolicyRunner`` need POSIX.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amp_sdk.runtime.runner import PolicyRunner

__all__ = ["PolicyRunner"]

_MODULES = {"PolicyRunner": "runner"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f"amp_sdk.runtime.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'amp_sdk.runtime' has no attribute {name!r}")
