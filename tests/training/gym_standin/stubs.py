"""The classes of ``gymapi`` as isaacgym-stubs declares them."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import re
from pathlib import Path
from typing import Any

PACKAGE = "isaacgym-stubs"
# the fields of a structured property array, which the stubs leave out (Isaac Gym's own documents)
DOF_PROPERTIES = [
    ("hasLimits", "?"),
    ("lower", "<f4"),
    ("upper", "<f4"),
    ("driveMode", "<i4"),
    ("velocity", "<f4"),
    ("effort", "<f4"),
    ("stiffness", "<f4"),
    ("damping", "<f4"),
    ("friction", "<f4"),
    ("armature", "<f4"),
]


def installed() -> bool:
    """Whether the stubs are there."""
    try:
        importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


@functools.cache
def tree() -> dict[str, ast.ClassDef]:
    """Every class of the stubs by name."""
    (path,) = [
        file.locate()
        for file in importlib.metadata.files(PACKAGE) or ()
        if file.name == "gymapi.pyi"
    ]
    text = Path(str(path)).read_text(encoding="utf-8")
    module = ast.parse(re.sub(r"\blambda\b", "lambda_", text))  # the stubs name an attribute so
    return {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}


def methods(name: str) -> dict[str, ast.arguments]:
    """The methods of a class and their arguments."""
    body = tree()[name].body
    return {node.name: node.args for node in body if isinstance(node, ast.FunctionDef)}


def attributes(name: str) -> dict[str, str]:
    """The attributes of a class and their types."""
    return {
        node.target.id: ast.unparse(node.annotation)
        for node in tree()[name].body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


class Member(int):
    """A value of an enumeration."""

    name: str


@functools.cache
def classes() -> dict[str, type]:
    """Every class of the stubs: structures with exactly their attributes, enumerations, handles."""
    return {name: _class(name) for name in tree()}


def _class(name: str) -> type:
    fields = attributes(name)
    members = [key for key, kind in fields.items() if kind == f"ClassVar[{name}]"]
    if members:
        made = type(name, (Member,), {})
        for number, key in enumerate(members):
            value = made(number)
            value.name = key
            setattr(made, key, value)
        return made
    own = {key: kind for key, kind in fields.items() if not kind.startswith("ClassVar")}

    def init(self: Any, *values: Any) -> None:
        for key, kind in own.items():
            default = {"int": 0, "float": 0.0, "bool": False}.get(kind)
            if default is None and kind in tree() and kind != name:
                default = classes()[kind]()
            object.__setattr__(self, key, default)
        if len(values) > len(own):
            raise TypeError(f"{name} takes at most {len(own)} values")
        for key, value in zip(own, values, strict=False):
            setattr(self, key, value)

    def setattribute(self: Any, key: str, value: Any) -> None:
        if key not in own:
            raise AttributeError(f"gymapi.{name} has no attribute {key!r}")
        wanted = {"float": (int, float), "int": int, "bool": bool}.get(own[key])
        wanted = wanted or classes().get(own[key])
        if wanted and not isinstance(value, wanted):
            raise TypeError(f"gymapi.{name}.{key}: expected {own[key]}, found {value!r}")
        object.__setattr__(self, key, value)

    return type(name, (), {"__init__": init, "__setattr__": setattribute})
