"""amp-sdk: from a reference motion to a policy that walks on the robot."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from amp_sdk import contract, kernels, motion, robots
    from amp_sdk.policy import Policy, load_policy

__all__ = [
    "Policy",
    "__version__",
    "contract",
    "kernels",
    "load_policy",
    "motion",
    "robots",
]


def __getattr__(name: str) -> Any:
    # imported on first use: onnxruntime only by those who load a policy, say
    if name in ("Policy", "load_policy"):
        return getattr(importlib.import_module("amp_sdk.policy"), name)
    if name in __all__:
        return importlib.import_module(f"amp_sdk.{name}")
    raise AttributeError(f"module 'amp_sdk' has no attribute {name!r}")
