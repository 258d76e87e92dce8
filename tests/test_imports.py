"""Which package may import what, and what ``import amp_sdk`` does to a process."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "amp_sdk": ROOT / "amp_sdk",
    "amp_training": ROOT / "training/amp_training",
    "amp_sim2sim": ROOT / "sim2sim/amp_sim2sim",
    "amp_sim2real": ROOT / "sim2real/amp_sim2real",
}
# arrows between our packages; amp_sdk reaches the layers only through its command entries
ALLOWED = {
    "amp_sdk": set(),
    "amp_training": {"amp_sdk"},
    "amp_sim2sim": {"amp_sdk"},
    "amp_sim2real": {"amp_sdk"},
}
# what a package imports only where it is asked for, in an extra of its own
OPTIONAL_EXTRAS = {"amp_training": ["wandb", "warp", "bench"], "amp_sim2sim": ["view"]}
EXTRA_OF = {"amp_training": "train", "amp_sim2sim": "sim", "amp_sim2real": None, "amp_sdk": None}
IMPORT_NAME = {
    "amp-rsl-rl": "amp_rsl_rl",
    "rsl-rl-lib": "rsl_rl",
    "pyyaml": "yaml",
    "pillow": "PIL",
    "imageio-ffmpeg": "imageio_ffmpeg",
    "pyopengl": "OpenGL",
    "mujoco-warp": "mujoco_warp",
    "warp-lang": "warp",
}
# simulators that are not on the package index
NOT_ON_INDEX = {"amp_training": {"isaacgym"}}
# run by a Python of their own, which has what they import
OTHER_PYTHON = {"bench/mjlab_worker.py"}
# the kernels take tensors from a caller that has torch, and give tensors back
OF_THE_CALLER = {("kernels/_torch.py", "torch")}
BY_NAME = ("import_module", "__import__", "run_module", "find_spec", "run_layer")


def sources(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(FOLDERS[package].rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """(line, module, how) of every import in a tree, inside functions and by name too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, "import"
        elif isinstance(node, ast.ImportFrom):
            # "." and ".." only lead to the package itself, which no rule concerns
            if not node.level and node.module:
                yield node.lineno, node.module, "import"
        elif isinstance(node, ast.Call) and node.args:
            function = node.func
            name = getattr(function, "attr", getattr(function, "id", ""))
            target = node.args[0]
            if name in BY_NAME and isinstance(target, ast.Constant) and target.value:
                yield node.lineno, str(target.value), name


def forbidden(package: str, path: Path, tree: ast.AST) -> list[str]:
    wrong = []
    for line, module, how in imports(tree):
        top = module.split(".")[0]
        ours = top in FOLDERS and top != package
        entry = package == "amp_sdk" and how == "run_layer"
        if ours and not entry and top not in ALLOWED[package]:
            wrong.append(f"{path}:{line}: {package} must not import {module}")
    return wrong


@pytest.mark.parametrize("package", FOLDERS)
def test_no_forbidden_arrow(package: str) -> None:
    files = list(sources(package))
    assert files, f"no sources in {FOLDERS[package]}"
    wrong = [line for path, tree in files for line in forbidden(package, path, tree)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "code",
    [
        "import amp_training",
        "def f():\n    from amp_training.config import Recipe",
        "import importlib\nimportlib.import_module('amp_sim2sim.check')",
        "if False:\n    __import__('amp_training')",
        "import runpy\nrunpy.run_module('amp_sim2sim.verify')",
    ],
)
def test_the_walk_sees_every_kind_of_import(code: str) -> None:
    assert forbidden("amp_sdk", Path("x.py"), ast.parse(code))
    assert not forbidden("amp_sdk", Path("x.py"), ast.parse("from amp_sdk import errors"))


def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    found = {re.split(r"[^\w.-]", line)[0].lower() for line in requirements}
    return {IMPORT_NAME.get(name, name) for name in found}


@pytest.mark.parametrize("package", FOLDERS)
def test_what_a_package_imports_is_in_its_extra(package: str) -> None:
    project = pyproject()
    declared = names(project["dependencies"])
    assert declared == {"numpy", "onnxruntime", "yaml"}
    if EXTRA_OF[package]:
        for extra in [EXTRA_OF[package], *OPTIONAL_EXTRAS.get(package, [])]:
            declared |= names(project["optional-dependencies"][extra])
    known = declared | set(FOLDERS) | sys.stdlib_module_names | NOT_ON_INDEX.get(package, set())
    wrong = [
        f"{path}:{line}: {module}"
        for path, tree in sources(package)
        for line, module, how in imports(tree)
        if how != "find_spec"
        and module.split(".")[0] not in known
        and (path.relative_to(FOLDERS[package]).as_posix(), module) not in OF_THE_CALLER
        and path.relative_to(FOLDERS[package]).as_posix() not in OTHER_PYTHON
    ]
    assert not wrong, "not in the package's requirements:\n" + "\n".join(wrong)


LAYER = re.compile(r"amp_(training|sim2sim|sim2real)(\.\w+)+")


def layers(tree: ast.AST) -> list[tuple[str, object]]:
    """(module, extra) wherever a string names a layer's module, followed by another value."""
    nodes = list(ast.walk(tree))
    rows = [node.args for node in nodes if isinstance(node, ast.Call)]
    rows += [node.elts for node in nodes if isinstance(node, ast.Tuple)]
    pairs = [pair for row in rows for pair in zip(row, row[1:], strict=False)]
    values = [[getattr(node, "value", None) for node in pair] for pair in pairs]
    return [(a, b) for a, b in values if isinstance(a, str) and LAYER.fullmatch(a)]


def test_command_entries_name_a_layer_that_is_there() -> None:
    extras = pyproject()["optional-dependencies"]
    found = {path: layers(tree) for path, tree in sources("amp_sdk") if layers(tree)}
    assert {path.stem for path in found} >= {"train", "test", "export", "sim2sim"}
    for path, pairs in found.items():
        for module, extra in pairs:
            package, *rest = module.split(".")
            assert extra == EXTRA_OF[package] and extra in [*extras, None], (
                f"{path}: extra {extra!r}"
            )
            file = FOLDERS[package].joinpath(*rest).with_suffix(".py")
            assert file.is_file(), f"{path} runs {module}, which is not there"
            body = ast.parse(file.read_text(encoding="utf-8")).body
            functions = [node.name for node in body if isinstance(node, ast.FunctionDef)]
            assert "main" in functions, f"{module} has no main(argv)"


def test_no_layer_runs_on_import() -> None:
    for path, tree in sources("amp_sdk"):
        for node in tree.body:
            guarded = isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)
            if not guarded and not isinstance(node, ast.FunctionDef):
                assert "run_layer(" not in ast.unparse(node), path


WATCHED_IMPORT = """
import json, os, sys, threading
events = []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        reading = not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        code = arguments[0].endswith((".py", ".pyc", ".so", ".pth"))
        if not (reading and (code or os.path.isdir(arguments[0]))):
            events.append([event, arguments[0]])
    elif event.startswith(("socket.", "subprocess.", "os.system", "os.putenv", "os.chdir",
                           "_thread.start", "os.exec", "os.fork", "shutil.", "tempfile.")):
        events.append([event, str(arguments[:1])])
before = dict(os.environ)
sys.addaudithook(watch)
import amp_sdk
json.dump({
    "events": events,
    "modules": sorted(sys.modules),
    "threads": threading.active_count(),
    "environment": dict(os.environ) == before,
}, sys.stdout)
"""


def test_importing_amp_sdk_has_no_side_effect() -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED_IMPORT], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    seen = json.loads(done.stdout)
    assert seen["events"] == []
    assert seen["threads"] == 1 and seen["environment"]
    heavy = {"torch", "mujoco", "onnxruntime", "onnx", *FOLDERS} - {"amp_sdk"}
    assert not heavy & set(seen["modules"])


@pytest.mark.parametrize(
    "module", ["robots", "motion", "contract", "observation", "policy", "kernels", "config"]
)
def test_the_runtime_needs_no_simulator_and_no_torch(module: str) -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'mujoco', 'onnx', 'rich', 'tensorboard', 'scipy', 'matplotlib'):\n"
        "    sys.modules[name] = None\n"
        f"import amp_sdk.{module}\n"
        "print('onnxruntime' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False", "onnxruntime is loaded before a policy is"
