"""What command lines share: exit statuses, missing packages, JSON results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from amp_sdk._cli import guarded, run_layer, write_json
from amp_sdk.errors import AmpSdkError, CheckFailedError, InputError


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (InputError("bad file"), 2, "error: bad file\n"),
        (CheckFailedError("it fell"), 1, "failed: it fell\n"),
        (AmpSdkError("no film"), 2, "error: no film\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_deliberate_errors_are_one_line_and_a_status(error, status, text, capsys) -> None:
    def command() -> int:
        raise error

    assert guarded(command) == status
    assert capsys.readouterr() == ("", text)


def test_other_errors_pass_and_results_too() -> None:
    with pytest.raises(ZeroDivisionError):
        guarded(lambda: 1 // 0)
    assert guarded(lambda: 1) == 1


def layer(folder: Path, monkeypatch, text: str) -> str:
    """The name of a new module with ``text``."""
    name = f"layer_{folder.name.replace('-', '_')}"
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    return name


def test_a_layer_gets_its_arguments(tmp_path, monkeypatch) -> None:
    name = layer(tmp_path, monkeypatch, "def main(argv): return len(argv)")
    assert run_layer(name, "train", ["a", "b"]) == 2


@pytest.mark.parametrize("name", ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"])
def test_idle_threads_spin_as_the_user_says_else_shortly(tmp_path, monkeypatch, name) -> None:
    spins = layer(tmp_path, monkeypatch, "import os\ndef main(argv): return os.environ")
    monkeypatch.setattr(os, "environ", {})
    assert run_layer(spins, None) == {"GOMP_SPINCOUNT": "1000"}
    monkeypatch.setattr(os, "environ", {name: "7"})
    assert run_layer(spins, None) == {name: "7"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import no_such_package.sub", "needs the package 'no_such_package' (extra 'sim')"),
        ("def main(argv):\n    import no_such_package", "needs the package 'no_such_package'"),
        ("import amp_nothing", "has no 'amp_nothing'"),
        ("raise ModuleNotFoundError(name='isaacgym')", "not on the package index"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch, capsys, text, message):
    assert run_layer(layer(tmp_path, monkeypatch, text), "sim", []) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and message in error
    assert "pip install 'amp-sdk" not in error, "another project has that name on the index"


@pytest.mark.parametrize("text", ["from amp_sdk import nothing_there", "import amp_sdk.nothing"])
def test_a_mistake_of_ours_is_not_blamed_on_the_installation(tmp_path, monkeypatch, text) -> None:
    with pytest.raises(ImportError):
        run_layer(layer(tmp_path, monkeypatch, text), "sim", [])


@pytest.mark.parametrize("command", ["train", "test", "export", "doctor"])
def test_commands_have_help_and_reject_unknown_options(command: str) -> None:
    if command != "doctor":
        pytest.importorskip("torch", reason="torch is not installed")
    run = [sys.executable, "-m", f"amp_sdk.{command}"]
    shown = subprocess.run([*run, "--help"], capture_output=True, text=True)
    assert shown.returncode == 0 and f"python -m amp_sdk.{command}" in shown.stdout
    assert "--json" in shown.stdout
    wrong = subprocess.run([*run, "--no-such-option"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "Traceback" not in wrong.stderr


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    code = (
        "from amp_sdk._cli import guarded\n"
        "raise SystemExit(guarded(lambda: [print('x' * 100) for _ in range(100_000)] and 0))"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert run.stdout is not None and run.stderr is not None
    run.stdout.readline()
    run.stdout.close()
    assert run.stderr.read() == b""
    run.stderr.close()
    assert run.wait() == 128 + 13


@dataclass
class Result:
    rates: np.ndarray
    where: Path


def test_json_keeps_numbers_exactly_and_knows_no_nan(tmp_path: Path) -> None:
    value = 0.1 + 0.2
    result = {
        "a": np.float64(value),
        "b": [np.float32(0.1), np.int64(3), np.bool_(True), (1, None)],
        "c": Result(np.array([[1.0, np.inf]]), Path("x/y")),
        3: float("nan"),
    }
    write_json(tmp_path / "r.json", result)
    read = json.loads((tmp_path / "r.json").read_text())
    assert read == {
        "a": value,
        "b": [float(np.float32(0.1)), 3, True, [1, None]],
        "c": {"rates": [[1.0, None]], "where": "x/y"},
        "3": None,
    }
    write_json(None, object())  # no file asked for


def test_json_that_cannot_be_made_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_text("old")
    with pytest.raises(TypeError):
        write_json(file, {"a": object()})
    assert file.read_text() == "old"


def test_the_parts_of_the_package_are_its_attributes() -> None:
    import amp_sdk

    assert amp_sdk.robots.load("go2").name == "go2"
    assert callable(amp_sdk.kernels.gae) and callable(amp_sdk.motion.load_clip)
