"""The written-out passes against autograd's: values, gradients, second derivatives."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from amp_training.elu_network import backward, evaluate, forward, layers, slope_penalty
from amp_training.networks import mlp

SHAPES = [(7, 16, 12, 9, 1), (5, 8, 3), (4, 2)]
EXACT = {torch.float64: 1e-12, torch.float32: 2e-5}


def network_and_input(sizes: tuple[int, ...], dtype: torch.dtype) -> tuple[nn.Sequential, Tensor]:
    torch.manual_seed(0)
    network = mlp(sizes, 1.0).to(dtype)
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return network, torch.randn(33, sizes[0], dtype=dtype)


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("dtype", EXACT)
def test_values_and_gradients_are_those_of_the_network(sizes, dtype) -> None:
    network, x = network_and_input(sizes, dtype)
    weight = torch.randn(33, sizes[-1], dtype=dtype)
    parameters = list(network.parameters())
    found, wanted = evaluate(network, x), network(x)
    options = {"rtol": EXACT[dtype], "atol": EXACT[dtype]}
    torch.testing.assert_close(found, wanted, **options)
    torch.testing.assert_close(
        torch.autograd.grad((found * weight).sum(), parameters),
        torch.autograd.grad((wanted * weight).sum(), parameters),
        **options,
    )
    with torch.no_grad():
        torch.testing.assert_close(evaluate(network, x), wanted, **options)


@pytest.mark.parametrize("sizes", SHAPES)
def test_gradcheck(sizes) -> None:
    network, x = network_and_input(sizes, torch.float64)
    parameters = tuple(network.parameters())

    def outputs(*_: Tensor) -> Tensor:
        return evaluate(network, x)

    assert torch.autograd.gradcheck(outputs, parameters)


@pytest.mark.parametrize("sizes", [(7, 16, 12, 9, 1), (5, 8, 1), (4, 1)])
@pytest.mark.parametrize("dtype", EXACT)
def test_the_slope_penalty_is_what_a_second_differentiation_gives(sizes, dtype) -> None:
    """Of some rows, together with the gradient of the logits of all."""
    network, x = network_and_input(sizes, dtype)
    weight, rows = torch.randn(33, 1, dtype=dtype), slice(10, 30)
    of = x.clone().requires_grad_(True)
    logit = network(of)
    (slope,) = torch.autograd.grad(logit.sum(), of, create_graph=True)
    total = (logit * weight).sum() + 0.3 * slope[rows].pow(2).sum()
    wanted = torch.autograd.grad(total, list(network.parameters()))
    values = forward(layers(network), x)
    through, curvatures = slope_penalty(layers(network), [v[rows] for v in values], 0.3)
    found = backward(layers(network), values, weight, curvatures, rows)
    for gradient, part in zip(found[::2], through, strict=True):
        gradient += part
    torch.testing.assert_close(found, list(wanted), rtol=EXACT[dtype], atol=EXACT[dtype])


def test_an_input_that_needs_a_gradient_gets_one() -> None:
    network, x = network_and_input((5, 8, 1), torch.float64)
    x.requires_grad_(True)
    (slope,) = torch.autograd.grad(evaluate(network, x).sum(), x, create_graph=True)
    assert slope.requires_grad and float(slope.detach().abs().sum()) > 0.0
