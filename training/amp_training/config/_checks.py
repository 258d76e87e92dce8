"""How a configuration class refuses a value; the loader adds the source and the key."""

from __future__ import annotations

from amp_sdk.errors import InputError


def require(condition: bool, message: str) -> None:
    """Raises InputError with ``message`` unless ``condition``."""
    if not condition:
        raise InputError(message)
