"""Write an actor as an ONNX graph: subtract, divide, clip, then the layers of its network.

The graph is built node by node, so that export needs no tracer, gives the same file with every
torch version and uses only operators of opset 13.
"""

from __future__ import annotations

from typing import Any, List, Optional

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from amp_sdk.rollout_record import Normalizer
from amp_training.networks import Actor

_OPSET, _IR_VERSION = 13, 8


class _Graph:
    """Nodes in a chain and their constants."""

    def __init__(self) -> None:
        self.nodes: List[onnx.NodeProto] = []
        self.constants: List[onnx.TensorProto] = []
        self.last = "obs"

    def constant(self, name: str, value: Tensor | float) -> str:
        numbers = value.detach().cpu().numpy() if isinstance(value, Tensor) else value
        array = np.asarray(numbers, np.float32)
        self.constants.append(numpy_helper.from_array(array.copy(), name))
        return name

    def add(self, kind: str, *constants: str, output: str = "", **attributes: Any) -> None:
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [self.last, *constants], [output], **attributes))
        self.last = output


def actor_model(actor: Actor, observation_size: int, action_size: int) -> onnx.ModelProto:
    """The ONNX model ``obs [n, O] -> actions [n, A]`` of ``actor``, normaliser included."""
    graph, normalizer = _Graph(), actor.normalizer
    graph.add("Sub", graph.constant("normalizer_mean", normalizer.mean))
    graph.add("Div", graph.constant("normalizer_std", normalizer.std))
    limit = float(normalizer.limit)
    graph.add("Clip", graph.constant("clip_low", -limit), graph.constant("clip_high", limit))
    layers = list(actor.mean)
    for i, layer in enumerate(layers):
        output = "actions" if i == len(layers) - 1 else ""
        if isinstance(layer, nn.Linear):
            weight = graph.constant(f"weight_{i}", layer.weight)
            bias = graph.constant(f"bias_{i}", layer.bias)
            graph.add("Gemm", weight, bias, output=output, transB=1)
        elif isinstance(layer, nn.ELU):
            graph.add("Elu", output=output, alpha=float(layer.alpha))
        elif isinstance(layer, (nn.ReLU, nn.Tanh)):
            graph.add("Relu" if isinstance(layer, nn.ReLU) else "Tanh", output=output)
        else:
            raise TypeError(f"no ONNX form for the layer {type(layer).__name__}")
    proto = helper.make_graph(
        graph.nodes,
        "policy",
        [helper.make_tensor_value_info("obs", TensorProto.FLOAT, ["n", observation_size])],
        [helper.make_tensor_value_info("actions", TensorProto.FLOAT, ["n", action_size])],
        graph.constants,
    )
    model = helper.make_model(
        proto, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="amp-sdk"
    )
    model.ir_version = _IR_VERSION
    onnx.checker.check_model(model)
    return model


def normalizer_of(model: onnx.ModelProto) -> Optional[Normalizer]:
    """The normaliser in a graph that ``actor_model`` made; None in any other."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    found = [constants.get(name) for name in ("normalizer_mean", "normalizer_std", "clip_high")]
    mean, std, limit = found
    if mean is None or std is None or limit is None:
        return None
    return Normalizer(mean, std, float(limit))
