"""The compiled part of the runtime."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from types import ModuleType

from amp_sdk.errors import InputError
from amp_sdk.kernels._native import core
from amp_sdk.unitree import INSTALL


@functools.lru_cache(maxsize=None)
def native() -> ModuleType:
    """``amp_sdk._core.runtime``. Raises InputError where the system has no such thing."""
    module = getattr(core(), "runtime", None)
    if module is None:
        raise InputError(
            f"the runtime needs a POSIX system (Linux on a robot), found {sys.platform}; run it on "
            "Linux, in WSL too"
        )
    return module


def loop_program(driver: str) -> Path:
    """The executable of the loop process with ``driver``. Raises InputError where it is missing."""
    native()
    dds = driver == "dds"
    path = Path(str(core().__file__)).with_name("_loop_dds" if dds else "_loop")
    if not os.access(path, os.X_OK):
        whole = "this installation is not whole; install again, in the checkout: pip install ."
        raise InputError(
            f"the loop's program {path} is missing or may not be run: {INSTALL if dds else whole}"
        )
    return path
