"""``amp_sdk``, ``amp_training`` and ``amp_sim2real`` stay valid on Python 3.8 (Isaac Gym)."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("amp_sdk", "training/amp_training", "sim2real/amp_sim2real")
GENERIC = {"list", "dict", "tuple", "set", "frozenset", "type"}


def python38() -> str:
    """An interpreter: ``$AMP_SDK_PYTHON38``, or one of pyenv or the system; skips without."""
    named = os.environ.get("AMP_SDK_PYTHON38")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [*sorted(pyenv.glob("3.8.*/bin/python")), "python3.8"]
    for command in [named] if named else [str(path) for path in found]:
        test = "import sys; sys.exit(sys.version_info[:2] != (3, 8))"
        try:
            if subprocess.run([command, "-c", test], capture_output=True).returncode == 0:
                return command
        except OSError:
            continue
    pytest.skip(f"no Python 3.8 (AMP_SDK_PYTHON38={named})")


def evaluated(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes that run, annotations left out (``from __future__ import annotations``)."""
    yield tree
    for field, value in ast.iter_fields(tree):
        if field not in ("annotation", "returns"):
            for node in value if isinstance(value, list) else [value]:
                if isinstance(node, ast.AST):
                    yield from evaluated(node)


def complaints(text: str) -> list[str]:
    """What Python 3.8 does not take in a source text."""
    tree = ast.parse(text, feature_version=(3, 8))
    nodes = list(evaluated(tree))
    wrong = []
    annotated = any(getattr(n, "annotation", None) or getattr(n, "returns", None) for n in nodes)
    if annotated and "from __future__ import annotations" not in text:
        wrong.append("from __future__ import annotations is missing")
    # the hints of dataclasses are evaluated too: configuration is read by them
    fields = [
        f.annotation
        for n in nodes
        if isinstance(n, ast.ClassDef)
        and any("dataclass" in ast.unparse(d) for d in n.decorator_list)
        for f in n.body
        if isinstance(f, ast.AnnAssign)
    ]
    wrong += [
        f"line {n.lineno}: {ast.unparse(n)}; use Optional or Union of typing"
        for field in fields
        for n in ast.walk(field)
        if isinstance(n, ast.BinOp)
    ]
    wrong += [
        f"line {n.lineno}: {ast.unparse(n)}; use the type of typing"
        for n in [*nodes, *(n for field in fields for n in ast.walk(field))]
        if isinstance(n, ast.Subscript) and getattr(n.value, "id", "") in GENERIC
    ]
    return wrong


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_grammar_is_that_of_38(folder: str) -> None:
    wrong = [
        f"{path}: {complaint}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for complaint in complaints(path.read_text(encoding="utf-8"))
    ]
    assert not wrong, "\n".join(wrong)


FUTURE = "from __future__ import annotations\n"


@pytest.mark.parametrize(
    "text",
    [
        "def f(x: int) -> str: ...",
        FUTURE + "a = list[int]",
        FUTURE
        + "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass A:\n    a: int | None",
        FUTURE + "import dataclasses\n@dataclasses.dataclass\nclass A:\n    a: tuple[int, ...]",
    ],
)
def test_what_38_does_not_take_is_found(text: str) -> None:
    assert complaints(text)
    assert not complaints(FUTURE + "def f(x: list[int] | None) -> dict[str, int]: ...")


def test_the_grammar_check_knows_match() -> None:
    with pytest.raises(SyntaxError):
        complaints("match x:\n    case 1: pass")


def test_only_what_38_has_is_used() -> None:
    pytest.importorskip("vermin", reason="the tool vermin is not installed")
    run = [sys.executable, "-c", "from vermin import main; main()", "-t=3.8-", "--no-tips"]
    folders = [str(ROOT / folder) for folder in FOLDERS]
    done = subprocess.run([*run, "--violations", *folders], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_interpreter_38_compiles_every_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [python38(), "-m", "compileall", "-q", *(str(ROOT / folder) for folder in FOLDERS)],
        env={**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


IMPORT_ALL = """
import importlib, pkgutil, sys
import amp_sdk
for module in pkgutil.walk_packages(amp_sdk.__path__, "amp_sdk."):
    name = module.name
    if not name.split(".")[-1] in ("_core", "_cuda", "__main__"):
        importlib.import_module(name)
"""


def test_an_interpreter_38_imports_every_module(tmp_path: Path) -> None:
    command = python38()
    base = [command, "-c", "import numpy, yaml, onnxruntime"]
    if subprocess.run(base, capture_output=True).returncode:
        pytest.skip(f"{command} has no numpy, pyyaml and onnxruntime (set AMP_SDK_PYTHON38)")
    done = subprocess.run(
        [command, "-B", "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
