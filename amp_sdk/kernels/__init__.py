"""The numerical kernels of AMP training, in C++ and CUDA.

Every kernel takes NumPy arrays, CPU tensors or CUDA tensors, all float32 and contiguous, and gives
back the same kind. Nothing is copied: an array that a kernel cannot read as it is raises
``ArrayError``. Results are the same bits for every number of threads.
"""

from __future__ import annotations

from amp_sdk.kernels._dispatch import disc_obs, gae
from amp_sdk.kernels._elu import elu_, elu_adjoint_, elu_backward_
from amp_sdk.kernels._errors import ArrayError
from amp_sdk.kernels._native import num_threads, set_num_threads

__all__ = [
    "ArrayError",
    "disc_obs",
    "elu_",
    "elu_adjoint_",
    "elu_backward_",
    "gae",
    "num_threads",
    "set_num_threads",
]
