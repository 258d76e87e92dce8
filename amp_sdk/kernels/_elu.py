"""ELU layers in place: C++ for float32 on the CPU, torch for tensors on a GPU or of float64."""

from __future__ import annotations

import sys
from typing import Any

from amp_sdk.kernels._native import core


def _by_torch(array: Any) -> bool:
    return getattr(array, "is_cuda", False) or str(getattr(array, "dtype", "")) == "torch.float64"


def elu_(values: Any) -> Any:
    """``values`` of any shape become ``x`` where above 0, else ``e^x - 1``; also returned.

    Raises:
        ArrayError: dtype, shape, layout, device or memory of an array does not fit.
    """
    if _by_torch(values):
        return sys.modules["torch"].nn.functional.elu_(values)
    core().elu_(values)
    return values


def elu_backward_(gradient: Any, output: Any) -> Any:
    """``gradient`` becomes itself times the layer's slope at its ``output`` (1 where that is not
    below 0, else ``1 + output``); both of one shape. Also returned. Raises as ``elu_``."""
    if _by_torch(gradient):
        return gradient.mul_(output.clamp(max=0.0).add_(1.0))
    core().elu_backward_(gradient, output)
    return gradient


def elu_adjoint_(adjoint: Any, gradient: Any, output: Any, curvature: Any) -> None:
    """The reverse of ``gradient = before * slope(output)``, for double differentiation.

    ``adjoint`` is that of ``gradient`` and becomes that of ``before``; ``curvature`` becomes that
    of the layer's input through its slope: ``adjoint * gradient`` where ``output`` is below 0, else
    0. All of one shape. Raises as ``elu_``.
    """
    if _by_torch(adjoint):
        curvature.copy_(adjoint).mul_(gradient).masked_fill_(output >= 0.0, 0.0)
        adjoint.mul_(output.clamp(max=0.0).add_(1.0))
        return
    core().elu_adjoint_(adjoint, gradient, output, curvature)
