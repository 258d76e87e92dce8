"""One entry per kernel: NumPy arrays and CPU tensors go to C++, CUDA tensors to CUDA."""

from __future__ import annotations

import sys
from typing import Any, Callable, Optional, Tuple

import numpy as np

from amp_sdk.kernels._native import core


def gae(
    rewards: Any,
    values: Any,
    next_values: Any,
    failed: Any,
    done: Any,
    gamma: float,
    lam: float,
    *,
    out: Optional[Tuple[Any, Any]] = None,
) -> Tuple[Any, Any]:
    """Generalised advantage estimates and returns (Schulman et al. 2016, eq. 16).

    ``delta_t = r_t + gamma V'_t [not failed_t] - V_t``,
    ``A_t = delta_t + gamma lam [not done_t] A_{t+1}``, ``R_t = A_t + V_t``.

    Args:
        rewards, values, next_values: ``[T, N]`` float32. ``next_values[t]`` is the value of the
            observation that followed step t, before any reset.
        failed: ``[T, N]`` bool (or uint8, or float32 with 0 for false): the episode ended in
            failure at step t, so nothing is bootstrapped.
        done: the same for an episode that ended for any reason, a time-out included, so no
            advantage flows back across it.
        gamma, lam: discount and trace decay, in [0, 1].
        out: buffers for the results, ``[T, N]`` float32, sharing memory with nothing else.

    Returns:
        ``(advantages, returns)``, ``[T, N]`` float32, of the kind and on the device of the inputs.

    Raises:
        ArrayError: dtype, shape, layout, device or memory of an array does not fit.
    """
    module, allocate, stream = _target(rewards)
    return module.gae(
        rewards, values, next_values, failed, done, gamma, lam, out, allocate, stream
    )


def _target(array: Any) -> Tuple[Any, Callable[[Tuple[int, ...]], Any], int]:
    """(compiled module, allocator of float32 results, stream) for arrays like ``array``."""
    if isinstance(array, np.ndarray):
        return core(), _empty_numpy, 0
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(array, torch.Tensor):
        return core(), torch.empty, 0
    return core(), _empty_numpy, 0


def _empty_numpy(shape: Tuple[int, ...]) -> np.ndarray:
    return np.empty(shape, np.float32)
