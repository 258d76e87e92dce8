"""One entry per kernel: NumPy arrays and CPU tensors go to C++, CUDA tensors to CUDA."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Optional, Tuple

import numpy as np

from amp_sdk.kernels import _torch
from amp_sdk.kernels._native import core, cuda


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
        out: buffers for the results, ``[T, N]`` float32 each, sharing memory with nothing else.

    Returns:
        ``(advantages, returns)``, ``[T, N]`` float32, of the kind and on the device of the inputs.

    Raises:
        ArrayError: dtype, shape, layout, device or memory of an array does not fit.
    """
    module, allocate, stream = _target(rewards)
    return module.gae(rewards, values, next_values, failed, done, gamma, lam, out, allocate, stream)


def disc_obs(
    root_pos: Any,
    root_quat: Any,
    root_lin_vel: Any,
    root_ang_vel: Any,
    joint_rot: Any,
    joint_vel: Any,
    key_pos: Any,
    *,
    heading_invariant: bool,
    root_height: bool,
    out: Any = None,
) -> Any:
    """Discriminator observations of N windows of H control steps, oldest first.

    All inputs are float32, in the world frame, quaternions wxyz of unit length. The frame of a
    window is its last step's: the position p_r and, with ``heading_invariant``, the heading of the
    rotated x axis; R turns the world into it. The F features of step k are, in order,

    ========================================================= =======
    R (p_k - p_r), z replaced by p_k.z or, without height, gone  3 or 2
    rotated x axis, then rotated z axis, of R q_k                 6
    the same two axes of each of J joint rotations                6 J
    R (key_k - p_k) for each of K key bodies                      3 K
    R v_k, R w_k                                                  6
    joint velocities                                              D
    ========================================================= =======

    Args:
        root_pos: ``[N, H, 3]`` m. root_quat: ``[N, H, 4]``.
        root_lin_vel: ``[N, H, 3]`` m/s. root_ang_vel: ``[N, H, 3]`` rad/s.
        joint_rot: ``[N, H, J, 4]`` local rotations. joint_vel: ``[N, H, D]`` rad/s.
        key_pos: ``[N, H, K, 3]`` m; K may be 0.
        heading_invariant: whether the windows are turned to the heading of their last step.
        root_height: whether the height of the root is a feature.
        out: buffer for the result, ``[N, H*F]`` float32, sharing memory with no input.

    Returns:
        ``[N, H*F]`` float32, of the kind and on the device of the inputs.

    Raises:
        ArrayError: dtype, shape, layout, device or memory of an array does not fit.
    """
    module, allocate, stream = _target(root_pos)
    return module.disc_obs(
        root_pos, root_quat, root_lin_vel, root_ang_vel, joint_rot, joint_vel, key_pos,
        heading_invariant, root_height, out, allocate, stream,
    )  # fmt: skip


def _target(array: Any) -> Tuple[Any, Any, int]:
    """(implementation, allocator of float32 results of a shape, stream) for arrays like ``array``.

    The implementation checks every argument, ``array`` too.
    """
    if isinstance(array, np.ndarray):
        return core(), _empty_numpy, 0
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(array, torch.Tensor):
        return core(), _empty_numpy, 0
    allocate = partial(torch.empty, dtype=torch.float32, device=array.device)
    if not array.is_cuda:
        return core(), allocate, 0
    device = array.get_device()
    if device != torch.cuda.current_device():
        return _OnDevice(torch.cuda.device(device), array), allocate, 0
    module = cuda(device) or _torch
    return module, allocate, torch.cuda.current_stream().cuda_stream


class _OnDevice:
    """The implementation for CUDA tensors that are not on the current device."""

    def __init__(self, guard: Any, array: Any) -> None:
        self._guard, self._array = guard, array

    def __getattr__(self, kernel: str) -> Any:
        def run(*args: Any) -> Any:
            with self._guard:
                module, _, stream = _target(self._array)
                return getattr(module, kernel)(*args[:-1], stream)

        return run


def _empty_numpy(shape: Tuple[int, ...]) -> np.ndarray:
    return np.empty(shape, np.float32)
