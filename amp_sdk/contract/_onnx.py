"""Reads an ONNX file's outline without running or trusting it: no onnx package, no runtime.

An ONNX file is a protocol buffer (https://protobuf.dev/programming-guides/encoding/) of the
messages in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Only the messages that matter
here are walked; every length is checked against the bytes that are there, so a truncated or
damaged file is an error and never a wrong answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Set, Tuple, Union

ELEMENT_TYPES = {1: "float32", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64"}
_MAX_DEPTH = 32
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class OnnxFormatError(Exception):
    """The bytes are no complete ONNX model."""


@dataclass(frozen=True)
class TensorInfo:
    """A graph input or output; a dimension is a number, or a name (may be empty) where free."""

    name: str
    element_type: str
    shape: Optional[Tuple[Union[int, str], ...]]


@dataclass(frozen=True)
class OnnxOutline:
    """What an ONNX model says about itself."""

    producer: str
    opsets: Dict[str, int]
    metadata: Dict[str, str]
    inputs: Tuple[TensorInfo, ...]
    outputs: Tuple[TensorInfo, ...]
    operators: Dict[str, int]
    """How often each operator occurs, as ``domain::type`` (plain ``type`` for ai.onnx)."""
    foreign_domains: Tuple[str, ...]
    """Operator domains that are neither standard nor defined in the file itself."""
    external_tensors: Tuple[str, ...]
    """Tensors whose data lie in another file."""


def read_outline(data: bytes) -> OnnxOutline:
    """The outline of the model in ``data``. Raises OnnxFormatError."""
    walk = _Walk()
    try:
        walk.model(memoryview(data))
    except UnicodeDecodeError as error:
        raise OnnxFormatError(f"a name in it is not text ({error.reason})") from error
    if not walk.has_graph:
        raise OnnxFormatError("it holds no graph")
    standard = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"} | walk.function_domains
    names = [t.name for t in walk.inputs if t.name not in walk.initializers]
    return OnnxOutline(
        producer=walk.producer,
        opsets=walk.opsets,
        metadata=walk.metadata,
        inputs=tuple(t for t in walk.inputs if t.name in names),
        outputs=tuple(walk.outputs),
        operators=walk.operators,
        foreign_domains=tuple(sorted(walk.node_domains - standard)),
        external_tensors=tuple(walk.external),
    )


class _Walk:
    """Collects the outline while it descends through the messages."""

    def __init__(self) -> None:
        self.producer = ""
        self.has_graph = False
        self.opsets: Dict[str, int] = {}
        self.metadata: Dict[str, str] = {}
        self.inputs: List[TensorInfo] = []
        self.outputs: List[TensorInfo] = []
        self.initializers: Set[str] = set()
        self.operators: Dict[str, int] = {}
        self.node_domains: Set[str] = set()
        self.function_domains: Set[str] = set()
        self.external: List[str] = []

    def model(self, data: memoryview) -> None:
        for number, value in _fields(data):
            if number == 2:
                self.producer = _text(value)
            elif number == 7:
                self.has_graph = True
                self.graph(_message(value), 0)
            elif number == 8:
                domain, version = _pick(_message(value), 1, 2)
                if not isinstance(version, int):
                    raise OnnxFormatError("an operator set has no version")
                self.opsets["" if domain is None else _text(domain)] = version
            elif number == 14:
                key, text = _pick(_message(value), 1, 2)
                self.metadata["" if key is None else _text(key)] = (
                    "" if text is None else _text(text)
                )
            elif number == 25:
                self.function(_message(value))

    def function(self, data: memoryview) -> None:
        for number, value in _fields(data):
            if number == 7:
                self.node(_message(value), 1)
            elif number == 10:
                self.function_domains.add(_text(value))
            elif number == 11:
                self.attribute(_message(value), 1)

    def graph(self, data: memoryview, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise OnnxFormatError(f"its graphs are nested more than {_MAX_DEPTH} deep")
        for number, value in _fields(data):
            if number == 1:
                self.node(_message(value), depth)
            elif number == 5:
                name = self.tensor(_message(value))
                if depth == 0:
                    self.initializers.add(name)
            elif number == 15:
                self.sparse(_message(value))
            elif depth == 0 and number in (11, 12):
                (self.inputs if number == 11 else self.outputs).append(_value_info(_message(value)))

    def node(self, data: memoryview, depth: int) -> None:
        kind, domain = "", ""
        for number, value in _fields(data):
            if number == 4:
                kind = _text(value)
            elif number == 5:
                self.attribute(_message(value), depth)
            elif number == 7:
                domain = _text(value)
        self.node_domains.add(domain)
        name = kind if domain in ("", "ai.onnx") else f"{domain}::{kind}"
        self.operators[name] = self.operators.get(name, 0) + 1

    def attribute(self, data: memoryview, depth: int) -> None:
        for number, value in _fields(data):
            if number in (5, 10):
                self.tensor(_message(value))
            elif number in (6, 11):
                self.graph(_message(value), depth + 1)
            elif number in (22, 23):
                self.sparse(_message(value))

    def sparse(self, data: memoryview) -> None:
        for number, value in _fields(data):
            if number in (1, 2):
                self.tensor(_message(value))

    def tensor(self, data: memoryview) -> str:
        name, external = "", False
        for number, value in _fields(data):
            if number == 8:
                name = _text(value)
            elif number == 13 or (number == 14 and value == 1):
                external = True
        if external:
            self.external.append(name)
        return name


def _value_info(data: memoryview) -> TensorInfo:
    name, kind = _pick(data, 1, 2)
    element_type, shape = "unknown", None
    if kind is not None:
        (tensor,) = _pick(_message(kind), 1)
        if tensor is not None:
            element, dims = _pick(_message(tensor), 1, 2)
            if isinstance(element, int):
                element_type = ELEMENT_TYPES.get(element, f"type {element}")
            if dims is not None:
                shape = tuple(_dimension(_message(v)) for n, v in _fields(_message(dims)) if n == 1)
    return TensorInfo("" if name is None else _text(name), element_type, shape)


def _dimension(data: memoryview) -> Union[int, str]:
    value, name = _pick(data, 1, 2)
    if isinstance(value, int):
        return value
    return "" if name is None else _text(name)


_Value = Union[int, memoryview]


def _fields(data: memoryview) -> Iterator[Tuple[int, _Value]]:
    """Field numbers and values of a message; fixed-width values are skipped."""
    position, end = 0, len(data)
    while position < end:
        key, position = _varint(data, position)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise OnnxFormatError(f"a field number is 0 at byte {position}")
        if wire == _VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        if wire == _BYTES:
            length, position = _varint(data, position)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise OnnxFormatError(f"an unknown kind of field ({wire}) at byte {position}")
        if length > end - position:
            raise OnnxFormatError(
                f"it ends early: a part of {length} bytes has only {end - position} left"
            )
        if wire == _BYTES:
            yield number, data[position : position + length]
        position += length


def _varint(data: memoryview, position: int) -> Tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise OnnxFormatError("it ends in the middle of a number")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise OnnxFormatError(f"a number is too long at byte {position}")


def _pick(data: memoryview, *numbers: int) -> Tuple[Optional[_Value], ...]:
    found = {number: value for number, value in _fields(data) if number in numbers}
    return tuple(found.get(number) for number in numbers)


def _message(value: _Value) -> memoryview:
    if isinstance(value, int):
        raise OnnxFormatError("a number where a message is expected")
    return value


def _text(value: _Value) -> str:
    return bytes(_message(value)).decode("utf-8")
