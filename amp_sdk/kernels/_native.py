"""The compiled modules: loading them, and their settings."""

from __future__ import annotations

import functools
import importlib
import os
import warnings
from types import ModuleType
from typing import Optional

from amp_sdk.errors import InputError

THREADS_VARIABLE = "AMP_SDK_NUM_THREADS"


@functools.lru_cache(maxsize=None)
def core() -> ModuleType:
    """The C++ module ``amp_sdk._core``. Raises InputError when it has not been built."""
    try:
        module = importlib.import_module("amp_sdk._core")
    except ImportError as error:
        raise InputError(
            f"the compiled module amp_sdk._core cannot be loaded ({error}); "
            "build it with: pip install . (needs a C++17 compiler)"
        ) from error
    threads = os.environ.get(THREADS_VARIABLE)
    if threads is not None:
        module.set_num_threads(_count(threads, f"the environment variable {THREADS_VARIABLE}"))
    return module


@functools.lru_cache(maxsize=None)
def cuda(device: int) -> Optional[ModuleType]:
    """The CUDA module ``amp_sdk._cuda`` when it works on CUDA device ``device``, else None after
    one warning that says why. ``device`` must be the current one."""
    try:
        module = importlib.import_module("amp_sdk._cuda")
        problem = module.problem()
    except ImportError as error:
        module, problem = None, f"amp_sdk._cuda cannot be loaded ({error})"
    if not problem:
        return module
    warnings.warn(
        f"amp_sdk.kernels: {problem}; CUDA tensors use plain torch operations, which give the same "
        "results more slowly. To get the CUDA kernels install amp-sdk from source where nvcc is: "
        "pip install . -C cmake.define.AMP_SDK_CUDA=on",
        RuntimeWarning,
        stacklevel=5,
    )
    return None


def set_num_threads(count: int) -> None:
    """Use at most ``count`` CPU threads (1 or more) in every kernel. Results do not change."""
    core().set_num_threads(_count(count, "the number of threads"))


def num_threads() -> int:
    """The most CPU threads a kernel uses: by default the CPUs this process may run on, 16 at most,
    or the environment variable ``AMP_SDK_NUM_THREADS``."""
    return core().num_threads()


def _count(value: object, what: str) -> int:
    try:
        count = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        count = 0
    if not 1 <= count <= 1024:
        raise InputError(f"{what} must be an integer from 1 to 1024, found {value!r}")
    return count
