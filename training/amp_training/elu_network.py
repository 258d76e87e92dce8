"""The passes of ``networks.mlp`` written out: one call for a whole network.

Equal to torch's own passes within float rounding, with less of everything that is no matrix
product: ELU layers in place and in one pass each (``amp_sdk.kernels``), nothing recorded layer by
layer, and a gradient penalty whose parameter gradient is known in closed form, instead of a graph
that is differentiated twice.
"""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from amp_sdk import kernels

Layers = List[Tuple[Tensor, Tensor]]
"""Weight [out, in] and bias [out] of each linear layer."""


def layers(network: nn.Sequential) -> Layers:
    """The linear layers of ``networks.mlp``, first to last."""
    return [(part.weight, part.bias) for part in network if isinstance(part, nn.Linear)]


def evaluate(network: nn.Sequential, x: Tensor) -> Tensor:
    """``network(x)`` [n, out] of x [n, in]; torch's own passes where x needs a gradient."""
    if not torch.is_grad_enabled():
        return forward(layers(network), x)[-1]
    if x.requires_grad:
        return network(x)
    parameters = [tensor for layer in layers(network) for tensor in layer]
    return _Network.apply(x, *parameters)  # type: ignore[no-any-return]


@torch.no_grad()
def forward(network: Layers, x: Tensor) -> List[Tensor]:
    """The input, the hidden layers and the output, [n, ...] each."""
    values = [x]
    for weight, bias in network[:-1]:
        values.append(kernels.elu_(torch.addmm(bias, values[-1], weight.t())))
    weight, bias = network[-1]
    values.append(torch.addmm(bias, values[-1], weight.t()))
    return values


@torch.no_grad()
def backward(
    network: Layers,
    values: Sequence[Tensor],
    output: Tensor,
    hidden: Optional[Sequence[Tensor]] = None,
    rows: slice = slice(0),
) -> List[Tensor]:
    """Gradients of weights and biases, layer by layer, as ``layers`` has them.

    Args:
        values: of ``forward``.
        output: [n, out] gradient of the output.
        hidden: [m, width] a gradient that each hidden layer's input has besides, for ``rows`` m.
    """
    gradients: List[Tensor] = []
    above = output
    for i in range(len(network) - 1, -1, -1):
        gradients[:0] = [above.t() @ values[i], above.sum(0)]
        if i > 0:
            above = kernels.elu_backward_(above @ network[i][0], values[i])
            if hidden is not None:
                above[rows] += hidden[i - 1]
    return gradients


@torch.no_grad()
def slope_penalty(
    network: Layers, values: Sequence[Tensor], weight: float
) -> Tuple[List[Tensor], List[Tensor]]:
    """What ``weight * sum over n of |dD/dx|^2`` is to be differentiated by, for a logit D [n, 1].

    ``values`` are of ``forward`` for the penalised samples. Returns its gradients of the weights
    through the slopes, layer by layer, and its gradients of the hidden layers' inputs (the
    curvature of ELU), to be passed on by ``backward``.

    With h_l the hidden layers, W_l the weights and s_l the slopes of ELU at h_l:
    g_L = W_L * s_L, g_l = (g_{l+1} W_l) * s_l, dD/dx = g_1 W_0; the adjoints go back the same way.
    """
    hidden = values[1:-1]
    if not hidden:
        return [(2.0 * weight * len(values[0])) * network[0][0].detach()], []
    slopes = [kernels.elu_backward_(network[-1][0].expand_as(hidden[-1]).clone(), hidden[-1])]
    for i in range(len(hidden) - 1, 0, -1):
        before = slopes[0] @ network[i][0]
        slopes.insert(0, kernels.elu_backward_(before, hidden[i - 1]))
    adjoint = (slopes[0] @ network[0][0]).mul_(2.0 * weight)
    gradients, curvatures = [], []
    for i, (slope, output) in enumerate(zip(slopes, hidden)):
        gradients.append(slope.t() @ adjoint)
        adjoint = adjoint @ network[i][0].t()
        curvatures.append(torch.empty_like(adjoint))
        kernels.elu_adjoint_(adjoint, slope, output, curvatures[-1])
    gradients.append(adjoint.sum(0, keepdim=True))
    return gradients, curvatures


class _Network(torch.autograd.Function):
    """A whole network as one function of its input and its weights and biases."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, *parameters: Tensor) -> Tensor:
        network = list(zip(parameters[::2], parameters[1::2]))
        values = forward(network, x)
        ctx.save_for_backward(*values[:-1], *parameters)
        return values[-1]

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, output: Tensor
    ) -> Any:
        saved = ctx.saved_tensors
        count = len(saved) // 3
        parameters = saved[count:]
        network = list(zip(parameters[::2], parameters[1::2]))
        return (None, *backward(network, saved[:count], output.contiguous()))
