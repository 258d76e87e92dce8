"""What the graph of another project's policy must look like to be run."""

from __future__ import annotations

from typing import Tuple

from amp_sdk.contract._onnx import OnnxOutline, TensorInfo
from amp_sdk.errors import InputError

_INPUTS, _OUTPUTS = ("obs", "actor_obs"), ("actions", "action")


def input_and_output(outline: OnnxOutline, where: str) -> Tuple[TensorInfo, TensorInfo]:
    """The observation and the action of the graph. Raises InputError where there is more to it."""
    names = [tensor.name for tensor in outline.inputs]
    tracking = {"anchor_body_name", "motion_anchor_body_name"} & set(outline.metadata)
    if "time_step" in names or tracking:
        raise InputError(
            f"{where} is a motion-tracking policy (inputs {', '.join(names)}): its clip is inside "
            "the graph, and it observes the reference and the anchor body's pose in the world, "
            "which are not supported; expected a policy of one observation; use its own runtime"
        )
    source = _one("input", outline.inputs, _INPUTS, where)
    return source, _one("output", outline.outputs, _OUTPUTS, where)


def takes_one(source: TensorInfo, where: str) -> bool:
    """Whether the network takes one observation at a time, not a batch. Raises InputError."""
    rows = (source.shape or ("",))[0]
    if isinstance(rows, int) and rows != 1:
        raise InputError(
            f"{where}: its input {source.name!r} takes {rows} observations at a time; expected 1 "
            "or any number; export it again"
        )
    return rows == 1


def check_width(what: str, tensor: TensorInfo, expected: int, reason: str, where: str) -> None:
    """Raise InputError unless the rows of ``tensor`` have ``expected`` numbers."""
    width = (tensor.shape or ("",))[-1]
    if width != expected:
        raise InputError(
            f"{where}: its {what} {tensor.name!r} has {width or '?'} numbers; expected {expected}: "
            f"{reason}; correct the completion"
        )


def _one(
    kind: str, tensors: Tuple[TensorInfo, ...], names: Tuple[str, ...], where: str
) -> TensorInfo:
    found = ", ".join(f"{t.name!r} {t.element_type}" for t in tensors) or "none"
    if len(tensors) == 1 or (kind == "output" and tensors):
        usual = [tensor for tensor in tensors if tensor.name in names]
        tensor = usual[0] if usual else tensors[0]
        flat = tensor.shape is not None and len(tensor.shape) == 2
        if (usual or len(tensors) == 1) and flat and tensor.element_type == "float32":
            return tensor
    raise InputError(
        f"{where}: expected one {kind} of float32 rows, called {' or '.join(map(repr, names))} or "
        f"not; found {found}; recurrent and several-{kind} policies are not supported"
    )
