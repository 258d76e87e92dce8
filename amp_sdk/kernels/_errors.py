"""The error of the kernels."""

from __future__ import annotations

from amp_sdk.errors import InputError


class ArrayError(InputError, ValueError):
    """An array that a kernel cannot use as it is: dtype, shape, layout, device, shared memory."""
