"""Pickles as plain data: numbers, strings, lists, dicts and NumPy arrays of numbers; nothing runs.

A pickle is a program that may call what it names. Here the few NumPy names that stand for data
give stand-ins of this module, so that not even NumPy's own constructors see an untrusted value, and
every other name ends the reading before anything is called.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
from typing import Any, Callable, Dict, Tuple

import numpy as np

from amp_sdk.errors import InputError

MAX_BYTES = 64 * 1024 * 1024
_MAX_DEPTH = 16


class _Refused(Exception):
    """What a whole pickle holds that is no plain data."""


def load(data: bytes, where: str, objects: bool = False) -> Any:
    """The value of a pickle. Raises InputError where it is truncated, large or not plain data.

    With ``objects`` an array of such values is taken too, as a list; one of a single value without
    dimensions, which is how NumPy saves a dict, is that value.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{where}: a pickle of {len(data)} bytes; at most {MAX_BYTES} are read")
    try:
        _scan(data)
        return _plain(_Unpickler(io.BytesIO(data), objects).load(), {}, 0)
    except _Refused as error:
        raise InputError(
            f"{where}: the pickle {error}; expected numbers, strings, lists, dicts and NumPy "
            "arrays of numbers only; use a motion file from a source that you trust"
        ) from error
    except Exception as error:  # a damaged pickle can make the unpickler raise nearly anything
        raise InputError(
            f"{where}: the pickle is truncated or damaged ({error or type(error).__name__}); "
            "expected a whole motion file; copy it again"
        ) from error


def _scan(data: bytes) -> None:
    """Walk over the opcodes without executing them: a whole program, and no jump in its memo."""
    count = 0
    for count, (opcode, argument, _) in enumerate(pickletools.genops(data), start=1):
        # the unpickler allocates its memo up to the largest index that a program names
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and not 0 <= int(argument or 0) <= count:
            raise ValueError(f"memo index {argument} after {count} steps")


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, objects: bool) -> None:
        super().__init__(stream)
        self._known = {**_KNOWN, **(_OBJECTS if objects else {})}

    def find_class(self, module: str, name: str) -> Any:
        known = self._known.get((module.replace("numpy._core.", "numpy.core."), name))
        if known is None:
            raise _Refused(f"names {module}.{name}"[:120] + ", which was not run")
        return _Call(known)


class _Call:
    """A fresh callable per name: a pickle can set no attribute of it, nor of anything shared."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise ValueError("a function has no state")


class _Dtype:
    """A number type by its code, such as "f8", and byte order."""

    __slots__ = ("code", "order")

    def __init__(self, code: Any, *flags: Any) -> None:
        if not isinstance(code, str) or not re.fullmatch(r"[<>|=]?(b1|[iu][1248]|f[248])", code):
            raise _Refused(f"holds an array of {code!r}"[:120])
        self.order, self.code = code[:-2] or "=", code[-2:]

    def __setstate__(self, state: Tuple[Any, ...]) -> None:
        order, fields = state[1], state[2:5]
        if order not in ("<", ">", "|", "=") or any(field is not None for field in fields):
            raise _Refused("holds an array of structures")
        self.order = order

    def resolve(self) -> np.dtype:
        return np.dtype(self.order + self.code)


class _AnyDtype(_Dtype):
    """A number type, or that of arrays of Python values."""

    __slots__ = ()

    def __init__(self, code: Any, *flags: Any) -> None:
        if code in ("O8", "|O8"):
            self.order, self.code = "|", "O8"
        else:
            super().__init__(code, *flags)


class _Array:
    """An array that a later step of the program fills; ``items`` are those of Python values."""

    __slots__ = ("value", "items")

    def __init__(self, *placeholder: Any) -> None:
        self.value = np.zeros(0)
        self.items: Any = None

    def __setstate__(self, state: Tuple[Any, ...]) -> None:
        _, shape, dtype, column_major, content = state
        if isinstance(dtype, _Dtype) and dtype.code == "O8":
            if not isinstance(content, list) or shape not in ((), (len(content),)):
                raise ValueError("expected a flat list of values")
            self.items = content if shape else content[0]
            return
        self.value = _array(content, dtype, shape, "F" if column_major else "C").value


def _array(content: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    if not isinstance(content, (bytes, bytearray)) or not isinstance(dtype, _Dtype):
        raise ValueError("expected an array of numbers stored as bytes")
    filled = _Array()
    flat = np.frombuffer(content, dtype=dtype.resolve())
    filled.value = flat.reshape(shape, order="F" if order == "F" else "C").copy()
    return filled


def _scalar(dtype: Any, content: Any) -> Any:
    return _array(content, dtype, (), "C").value.item()


def _encode(text: Any, encoding: Any) -> bytes:
    if not isinstance(text, str) or encoding != "latin1":
        raise ValueError("expected bytes written as latin1 text")
    return text.encode("latin1")


def _no_instance(*arguments: Any) -> None:
    raise ValueError("an array is not made this way")


_KNOWN: Dict[Tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _no_instance,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _array,
    ("_codecs", "encode"): _encode,
}

_OBJECTS: Dict[Tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): _AnyDtype,
    ("collections", "OrderedDict"): lambda: {},
}


def _plain(value: Any, done: Dict[int, Any], depth: int) -> Any:
    """``value`` with its stand-ins replaced; what is shared is resolved once."""
    if isinstance(value, _Array):
        return value.value if value.items is None else _plain(value.items, done, depth + 1)
    if not isinstance(value, (list, tuple, dict)):
        if value is None or isinstance(value, (bool, int, float, str, bytes)):
            return value
        raise _Refused(f"holds a {type(value).__name__.lstrip('_')}")
    if id(value) in done:
        return done[id(value)]
    if depth > _MAX_DEPTH:
        raise _Refused(f"is nested more than {_MAX_DEPTH} deep")
    if isinstance(value, dict):
        result: Any = {}
        done[id(value)] = result
        for key, item in value.items():
            if not isinstance(key, (str, int, float)):
                raise ValueError(f"expected a name as key, found {type(key).__name__}")
            result[key] = _plain(item, done, depth + 1)
        return result
    items: list = []
    done[id(value)] = items
    if all(type(item) is float for item in value):  # a frame: by far the most frequent
        items.extend(value)
    else:
        items.extend(_plain(item, done, depth + 1) for item in value)
    return items
