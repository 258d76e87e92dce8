"""Typed configuration: YAML or a mapping to frozen dataclasses, with errors that name the key.

A configuration class is a frozen dataclass whose fields are annotated with bool, int, float, str,
``Tuple[X, ...]``, ``Tuple[X, Y]``, ``Dict[str, X]``, ``Optional[X]``, ``Literal[...]`` or another
such dataclass (``typing`` spellings, which Python 3.8 can evaluate; newer ones, ``X | None``, in
layers that need a newer Python). A class checks its own values in ``__post_init__`` by raising
InputError; the loader adds the source and the key.
"""

from __future__ import annotations

import dataclasses
import math
import re
import types
from pathlib import Path
from typing import (
    Any,
    Dict,
    Literal,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
    get_type_hints,
)

import yaml

from amp_sdk.errors import InputError, closest

T = TypeVar("T")

_EXPECTED = {bool: "true or false", int: "a whole number", float: "a finite number", str: "text"}
# what else a number looks like in YAML 1.1, which reads 1e-4 and 1e7 as text
_EXPONENT = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+")


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses duplicate keys, anchors and aliases (a bomb or an oversight)."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise yaml.MarkedYAMLError(
                None, None, "anchors and aliases are not allowed", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Dict[Any, Any]:
        mapping: Dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            mark = key_node.start_mark
            if not isinstance(key, str):
                raise yaml.MarkedYAMLError(None, None, f"key {key!r} is not text", mark)
            if key in mapping:
                raise yaml.MarkedYAMLError(None, None, f"key {key!r} twice", mark)
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping


def load_yaml(path: Union[str, Path]) -> Dict[str, Any]:
    """The mapping in a YAML file. Raises InputError where there is none that can be read."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read {path}: expected YAML text, found binary data") from error
    loaded = _parse(text, f"{path} is not valid YAML")
    if not isinstance(loaded, dict):
        found = "an empty file" if loaded is None else type(loaded).__name__
        raise InputError(f"{path}: expected a mapping of keys to values, found {found}")
    return loaded


def from_mapping(cls: Type[T], mapping: Mapping[str, Any], where: str) -> T:
    """Build the dataclass ``cls`` from ``mapping``; ``where`` names the source in errors."""
    return _dataclass(cls, mapping, where, "")


def to_mapping(config: Any) -> Dict[str, Any]:
    """The plain mapping (lists, numbers, strings) that ``from_mapping`` turns back into config."""
    return {f.name: _plain(getattr(config, f.name)) for f in dataclasses.fields(config) if f.init}


def with_overrides(mapping: Mapping[str, Any], assignments: Sequence[str]) -> Dict[str, Any]:
    """Apply ``key.path=value`` assignments (the value is YAML) to a copy of ``mapping``."""
    result = _plain(mapping)
    for text in assignments:
        path, sep, value = text.partition("=")
        *parents, last = path.strip().split(".")
        if not sep or not all([*parents, last]):
            raise InputError(f"--set {text!r}: expected key.path=value")
        node = result
        for key in parents:
            if node.get(key) is None:
                node[key] = {}
            node = node[key]
            if not isinstance(node, dict):
                raise InputError(f"--set {text!r}: {key!r} is a value and has no keys below it")
        node[last] = _parse(value, f"--set {text!r}: the value is not valid YAML")
    return result


def _parse(text: str, complaint: str) -> Any:
    try:
        return yaml.load(text, Loader=_StrictLoader)
    # ValueError: an impossible date or a number of thousands of digits
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{complaint}: {' '.join(str(error).split())}") from error


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_mapping(value)
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def _dataclass(cls: Any, mapping: Any, where: str, prefix: str) -> Any:
    if not isinstance(mapping, Mapping):
        at = f"'{prefix[:-1]}': " if prefix else ""
        raise InputError(f"{where}: {at}expected keys and values, found {mapping!r}")
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}
    hints = get_type_hints(cls)
    for key in mapping:
        if key not in fields:
            raise InputError(f"{where}: unknown key '{prefix}{key}'; {closest(str(key), fields)}")
    values = {}
    for name, field in fields.items():
        if name in mapping:
            values[name] = _convert(hints[name], mapping[name], where, f"{prefix}{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise InputError(f"{where}: missing key '{prefix}{name}'")
    try:
        return cls(**values)
    except InputError as error:
        at = f"'{prefix[:-1]}': " if prefix else ""
        raise InputError(f"{where}: {at}{error}") from error


def _convert(hint: Any, value: Any, where: str, key: str) -> Any:
    origin = getattr(hint, "__origin__", None)
    if isinstance(hint, getattr(types, "UnionType", ())):  # X | None, from Python 3.10 on
        origin = Union
    args: Tuple[Any, ...] = getattr(hint, "__args__", ())
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, {} if value is None else value, where, key + ".")
    if hint in _EXPECTED:
        return _checked(_scalar(hint, value), _EXPECTED[hint], value, where, key)
    if origin is Union and len(args) == 2 and args[1] is type(None):
        return None if value is None else _convert(args[0], value, where, key)
    if origin is tuple:
        return _tuple(args, value, where, key)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: '{key}': expected keys and values, found {value!r}")
        return {str(k): _convert(args[1], v, where, f"{key}.{k}") for k, v in value.items()}
    if origin is Literal:
        # True == 1 == 1.0, so the type counts too
        match = [a for a in args if a == value and type(a) is type(value)]
        if not match:
            valid = closest(str(value), map(str, args))
            raise InputError(f"{where}: '{key}': unknown value {value!r}; {valid}")
        return match[0]
    raise TypeError(f"{key}: configuration fields cannot be annotated with {hint}")


def _checked(converted: Optional[Any], expected: str, value: Any, where: str, key: str) -> Any:
    if converted is None:
        raise InputError(f"{where}: '{key}': expected {expected}, found {value!r}")
    return converted


def _tuple(args: Tuple[Any, ...], value: Any, where: str, key: str) -> Tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise InputError(f"{where}: '{key}': expected a list such as [a, b], found {value!r}")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_convert(args[0], v, where, f"{key}[{i}]") for i, v in enumerate(value))
    if len(value) != len(args):
        raise InputError(
            f"{where}: '{key}': expected {len(args)} values, found {len(value)}: {value!r}"
        )
    return tuple(_convert(a, v, where, f"{key}[{i}]") for i, (a, v) in enumerate(zip(args, value)))


def _scalar(hint: Any, value: Any) -> Any:
    """The value as bool, int, float or str, or None where it is not one (NaN is none)."""
    if hint is bool or isinstance(value, bool):
        return value if hint is bool and isinstance(value, bool) else None
    if hint is str:
        return value if isinstance(value, str) else None
    if isinstance(value, str) and _EXPONENT.fullmatch(value):
        value = float(value)
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if hint is int or not isinstance(value, (int, float)):
        return value if isinstance(value, int) else None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
