"""The command: what it refuses, what it opens, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from amp_sdk._cli import run_layer
from amp_sim2sim.view.command import display_answers, has_window


def view(*arguments) -> int:
    return run_layer("amp_sim2sim.cli", "sim", [str(a) for a in arguments])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--view", "--gate", "default"], "--gate does not apply"),
        (["--view", "--report", "r"], "--report does not apply"),
        (["--view", "--seed", "-1"], "--seed -1"),
        (["--view", "--episodes", "4"], "--episodes does not apply"),
        (["--view", "--duration", "0"], "--duration does not apply"),
        (["--view", "--complete", "none.yaml"], "none.yaml"),
        (["--port", "8080"], "add --view"),
        (["--view", "--port", "99999"], "--port 99999"),
    ],
)
def test_bad_options_are_one_error_and_status_2(commanded_file, capsys, options, message) -> None:
    assert view(commanded_file, *options) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1 and message in error[0]


@pytest.mark.parametrize("package", ["viser", "mjviser"])
def test_a_missing_package_names_the_extra(
    commanded_file, monkeypatch, capsys, package, port
) -> None:
    for name in [m for m in sys.modules if m.startswith("amp_sim2sim.view.web")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    assert view(commanded_file, "--view", "--port", port) == 2
    error = capsys.readouterr().err
    assert f"'{package}' (extra 'view')" in error and "pip install '.[view]'" in error


def test_a_window_needs_a_display() -> None:
    assert has_window("linux", {"DISPLAY": ":0"}) and has_window("linux", {"WAYLAND_DISPLAY": "w"})
    assert not has_window("linux", {"DISPLAY": ""}) and not has_window("darwin", {})
    assert has_window("win32", {})


def test_a_display_that_is_gone_opens_no_window(monkeypatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":9753")
    assert not display_answers()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(commanded_file, number, port) -> None:
    pytest.importorskip("mjviser", reason="the page needs viser and mjviser (extra 'view')")
    command = [sys.executable, "-m", "amp_sdk.sim2sim", str(commanded_file), "--view"]
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("open http://localhost:"):
            break
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "ended after" in out and "Traceback" not in errors
