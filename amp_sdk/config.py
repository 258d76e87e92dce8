"""Typed configuration: YAML or a mapping to frozen dataclasses, with errors that name the key.

A configuration class is a frozen dataclass whose fields are annotated with the types handled by
``_convert``: bool, int, float, str, ``Tuple[X, ...]``, ``Tuple[X, Y]``, ``Dict[str, X]``,
``Optional[X]``, ``Literal[...]`` and other dataclasses. A class checks its own values in
``__post_init__`` by raising InputError; the loader adds the path of the key.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence, Type, TypeVar, Union, get_type_hints

import yaml

from amp_sdk.errors import InputError, closest

T = TypeVar("T")


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses duplicate keys, anchors and aliases (a bomb or an oversight)."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.MarkedYAMLError(None, None, "aliases are not allowed", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Dict[Any, Any]:
        mapping: Dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.MarkedYAMLError(None, None, f"key {key!r} is not text", key_node.start_mark)
            if key in mapping:
                raise yaml.MarkedYAMLError(None, None, f"key {key!r} twice", key_node.start_mark)
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping


def load_yaml(path: Union[str, Path]) -> Dict[str, Any]:
    """The mapping in a YAML file. Raises InputError for a missing, unreadable or non-mapping file."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    try:
        loaded = yaml.load(text, Loader=_StrictLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(loaded, dict):
        raise InputError(f"{path}: expected a mapping of keys to values, found {type(loaded).__name__}")
    return loaded


def from_mapping(cls: Type[T], mapping: Mapping[str, Any], where: str) -> T:
    """Build the dataclass ``cls`` from ``mapping``; ``where`` names the source in errors."""
    return _dataclass(cls, mapping, where, "")


def to_mapping(config: Any) -> Dict[str, Any]:
    """The plain mapping (lists, numbers, strings) that ``from_mapping`` turns back into config."""
    return {f.name: _plain(getattr(config, f.name)) for f in dataclasses.fields(config)}


def with_overrides(mapping: Dict[str, Any], assignments: Sequence[str]) -> Dict[str, Any]:
    """Apply ``key.path=value`` assignments (the value is YAML) to a copy of ``mapping``."""
    result = _plain(mapping)
    for text in assignments:
        path, sep, value = text.partition("=")
        if not sep or not path:
            raise InputError(f"--set {text!r}: expected key.path=value")
        node = result
        *parents, last = path.split(".")
        for key in parents:
            if node.get(key) is None:
                node[key] = {}
            node = node[key]
            if not isinstance(node, dict):
                raise InputError(f"--set {text!r}: {key!r} is a value and has no keys below it")
        try:
            node[last] = yaml.load(value, Loader=_StrictLoader)
        except yaml.YAMLError as error:
            raise InputError(f"--set {text!r}: the value is not valid YAML ({error})") from error
    return result


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_mapping(value)
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def _dataclass(cls: Any, mapping: Any, where: str, prefix: str) -> Any:
    if not isinstance(mapping, Mapping):
        raise InputError(f"{where}: {prefix or 'file'}: expected keys and values, found {mapping!r}")
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
        raise InputError(f"{where}: {prefix}{error}") from error


def _convert(hint: Any, value: Any, where: str, key: str) -> Any:
    origin, args = getattr(hint, "__origin__", None), getattr(hint, "__args__", ())
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, {} if value is None else value, where, key + ".")
    if origin is Union:
        if value is None and type(None) in args:
            return None
        return _convert([a for a in args if a is not type(None)][0], value, where, key)
    if origin is tuple:
        return _tuple(args, value, where, key)
    if origin is dict and isinstance(value, Mapping):
        return {str(k): _convert(args[1], v, where, f"{key}.{k}") for k, v in value.items()}
    if str(origin).endswith("Literal"):
        if value in args:
            return value
        raise InputError(f"{where}: '{key}' is {value!r}; {closest(str(value), map(str, args))}")
    converted = _scalar(hint, value)
    if converted is None:
        expected = getattr(hint, "__name__", str(hint))
        raise InputError(f"{where}: '{key}': expected {expected}, found {value!r}")
    return converted


def _tuple(args: Any, value: Any, where: str, key: str) -> Any:
    if not isinstance(value, (list, tuple)):
        raise InputError(f"{where}: '{key}': expected a list, found {value!r}")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_convert(args[0], v, where, f"{key}[{i}]") for i, v in enumerate(value))
    if len(value) != len(args):
        raise InputError(f"{where}: '{key}': expected {len(args)} values, found {len(value)}")
    return tuple(_convert(a, v, where, f"{key}[{i}]") for i, (a, v) in enumerate(zip(args, value)))


def _scalar(hint: Any, value: Any) -> Any:
    """The value as bool, int, float or str, or None where it is not one (NaN is none)."""
    if hint is bool or isinstance(value, bool):
        return value if hint is bool and isinstance(value, bool) else None
    if hint is int:
        return value if isinstance(value, int) else None
    if hint is float:
        try:  # YAML 1.1 reads 1e-4 as text
            number = float(value)
        except (TypeError, ValueError):
            return None
        return number if math.isfinite(number) else None
    if hint is str:
        return value if isinstance(value, str) else None
    return None
