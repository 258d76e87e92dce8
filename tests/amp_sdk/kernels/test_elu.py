"""ELU layers in place against float64, and the arrays that they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from amp_sdk import kernels

X = np.concatenate([np.linspace(-100.0, 20.0, 12001), [0.0, -0.0, 1e-30, -1e-30]]).astype(
    np.float32
)


def test_agrees_with_float64() -> None:
    wide = X.astype(np.float64)
    wanted = np.where(wide > 0.0, wide, np.expm1(np.minimum(wide, 0.0)))
    found = kernels.elu_(X.copy())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=2.4e-7, atol=0.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_agree_with_autograd(dtype: torch.dtype) -> None:
    x = torch.randn(40, 30, dtype=dtype, requires_grad=True)
    before, adjoint = torch.randn(2, 40, 30, dtype=dtype).unbind()
    output = torch.nn.functional.elu(x)
    (gradient,) = torch.autograd.grad(output, x, before, create_graph=True)
    before.requires_grad_(True)
    (gradient,) = torch.autograd.grad(torch.nn.functional.elu(x), x, before, create_graph=True)
    of_before, of_x = torch.autograd.grad(gradient, (before, x), adjoint)
    h = kernels.elu_(x.detach().clone())
    torch.testing.assert_close(h, output.detach())
    g = kernels.elu_backward_(before.detach().clone(), h)
    torch.testing.assert_close(g, gradient.detach())
    curvature = torch.empty_like(h)
    kernels.elu_adjoint_(adjoint, g, h, curvature)
    torch.testing.assert_close(adjoint, of_before)
    torch.testing.assert_close(curvature, of_x, rtol=1e-4, atol=1e-6)


def test_the_slope_at_zero_is_one() -> None:
    gradient = np.ones(3, np.float32)
    kernels.elu_backward_(gradient, np.float32([0.0, -0.0, -0.5]))
    np.testing.assert_array_equal(gradient, np.float32([1.0, 1.0, 0.5]))


def test_arrays_that_do_not_fit_are_refused() -> None:
    good = np.zeros((4, 6), np.float32)
    for bad, message in (
        (good.astype(np.float64), "float32"),
        (np.zeros((6, 4), np.float32), "must have the shape of gradient"),
        (np.zeros((4, 12), np.float32)[:, ::2], "not contiguous"),
        (torch.zeros(4, 6), "one kind"),
        (good, "shares memory"),
    ):
        with pytest.raises(kernels.ArrayError, match=message):
            kernels.elu_backward_(good, bad)
    read_only = good.copy()
    read_only.setflags(write=False)
    with pytest.raises(kernels.ArrayError, match="read-only"):
        kernels.elu_(read_only)
