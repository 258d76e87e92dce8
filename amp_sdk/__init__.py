"""amp-sdk: from a reference motion to a policy that walks on the robot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from amp_sdk.policy import Policy, load_policy

__all__ = ["Policy", "__version__", "load_policy"]


def __getattr__(name: str) -> Any:
    # onnxruntime is only imported by those who load a policy
    if name in ("Policy", "load_policy"):
        from amp_sdk import policy

        return getattr(policy, name)
    raise AttributeError(f"module 'amp_sdk' has no attribute {name!r}")
