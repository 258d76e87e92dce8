"""The doctor finds what it is for, and is quiet about a sound machine."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import amp_sdk
from amp_sdk.doctor import _abilities, _finding, _machine, _packages
from amp_sdk.doctor.__main__ import diagnose, main
from amp_sdk.doctor._finding import NOTE, OK, PROBLEM, Finding, probe


def test_the_whole_report(tmp_path: Path, capsys) -> None:
    file = tmp_path / "doctor.json"
    status = main(["--json", str(file)])
    printed, result = capsys.readouterr().out, json.loads(file.read_text())
    assert status == (1 if result["problems"] else 0)
    assert f"{result['problems']} problem(s), {result['notes']} note(s)" in printed
    whats = [finding["what"] for finding in result["findings"]]
    assert {"Python", "amp_sdk", "kernels (C++)", "GPU", "processor"} <= set(whats)
    for finding in result["findings"]:
        assert finding["level"] in (OK, NOTE, PROBLEM) and finding["found"]
        assert finding["level"] == OK or (finding["expected"] and finding["advice"]), finding
        assert finding["what"] in printed


def test_it_runs_as_a_command_without_the_packages_it_looks_for() -> None:
    code = (
        "import runpy, sys\n"
        "for name in ('numpy', 'yaml', 'onnxruntime', 'torch'): sys.modules[name] = None\n"
        "sys.argv = ['doctor', '--help']\n"
        "runpy.run_module('amp_sdk.doctor', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and "--need" in done.stdout, done.stderr


def installed(monkeypatch, requires: list, versions: dict) -> None:
    """Pretend that the metadata of this environment are these."""

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(_packages.metadata, "requires", lambda name: requires)
    monkeypatch.setattr(_packages.metadata, "version", version)
    monkeypatch.setattr(_packages, "probe", lambda code: (True, ""))


REQUIRES = [
    "numpy>=1.19",
    "pyyaml >= 5.4",
    "torch>=1.13 ; extra == 'train'",
    'mujoco>=4.0; (python_version >= "3.8") and extra == "train"',
    'mujoco>=4.0; (python_version >= "3.8") and extra == "sim"',
    'far>=1; python_version >= "9.9" and extra == "sim"',
    "pytest>=8; extra == 'dev'",
    "amp-sdk[train,sim]; extra == 'dev'",
]


def test_packages_are_judged_by_the_metadata(monkeypatch) -> None:
    installed(monkeypatch, REQUIRES, {"numpy": "1.18.5", "torch": "2.13.0+cpu"})
    found = {finding.what: finding for finding in _packages.packages()}
    numpy, base, sim = found["numpy"], found["required packages"], found["packages to sim"]
    assert (numpy.level, numpy.found, numpy.expected) == (PROBLEM, "1.18.5", "numpy >= 1.19")
    assert "pip install 'numpy>=1.19'" in numpy.advice
    assert found["torch (train)"].level == OK
    assert (base.level, base.found) == (PROBLEM, "not installed: pyyaml")
    assert (sim.level, sim.found, sim.needed_by) == (NOTE, "not installed: mujoco", ("sim",))
    assert set(found) - {numpy.what, base.what, sim.what} == {"torch (train)", "packages to train"}


def test_a_package_that_does_not_load_is_a_problem(monkeypatch) -> None:
    installed(monkeypatch, REQUIRES[:1], {"numpy": "2.0"})
    monkeypatch.setattr(_packages, "probe", lambda code: (False, "ImportError: libfoo.so"))
    (finding,) = _packages.packages()
    assert finding.level == PROBLEM and "libfoo.so" in finding.found


def test_a_stranger_of_the_same_name_is_found(monkeypatch) -> None:
    installed(monkeypatch, [], {"amp-sdk": "9.9"})
    _, finding = _packages.installation()
    assert finding.level == PROBLEM and "9.9" in finding.found
    installed(monkeypatch, [], {"amp-sdk": amp_sdk.__version__})
    assert [f.level for f in _packages.installation()] == [OK]
    installed(monkeypatch, [], {})
    assert [f.level for f in _packages.installation()] == [OK, NOTE]


def test_what_a_use_needs_becomes_a_problem(monkeypatch) -> None:
    note = Finding("x", "missing", NOTE, "x", "get x", ("train",))
    monkeypatch.setattr("amp_sdk.doctor.__main__.CHECKS", [lambda: iter([note])])
    assert [f.level for f in diagnose()] == [f.level for f in diagnose(["sim"])] == [NOTE]
    assert [f.level for f in diagnose(["sim", "train"])] == [PROBLEM]


def test_probes_survive_crashes_and_hangs(monkeypatch) -> None:
    assert probe("print('fine')") == (True, "fine")
    assert probe("raise ValueError('no')") == (False, "ValueError: no")
    assert probe("import os; os.abort()")[0] is False
    assert "signal" in probe("import os; os.kill(os.getpid(), 9)")[1]
    assert probe("import os; print(os.environ['A'])", {"A": "b"}) == (True, "b")
    monkeypatch.setattr(_finding, "PROBE_TIMEOUT_S", 0.2)
    assert probe("import time; time.sleep(60)")[0] is False
    assert _finding.run_command(["/no/such/program"]) == (False, "No such file or directory")


@pytest.mark.parametrize(
    ("check", "answer", "what", "level"),
    [
        (_abilities.kernels, (False, "no _core"), "kernels (C++)", PROBLEM),
        (_abilities.policies, (True, "CUDAExecutionProvider"), "onnxruntime providers", PROBLEM),
        (_abilities.simulation, (False, "no EGL"), "rendering", NOTE),
    ],
)
def test_what_does_not_work_is_reported(monkeypatch, check, answer, what, level) -> None:
    monkeypatch.setattr(_abilities, "probe", lambda *a: answer)
    monkeypatch.setattr(_abilities.importlib.util, "find_spec", lambda name: object())
    finding = next(f for f in check() if f.what == what)
    assert finding.level == level and answer[1] in finding.found and finding.advice


@pytest.mark.parametrize(
    ("answers", "levels"),
    [
        ([(False, "driver mismatch")], [NOTE]),
        ([(True, "A GPU, 8 GiB, 600"), (True, "2.13.0+cpu None 0")], [OK, NOTE]),
        ([(True, "A GPU, 8 GiB, 600"), (True, "2.13.0 13.0 1")], [OK, OK]),
    ],
)
def test_gpu(monkeypatch, answers, levels) -> None:
    left = list(answers)
    monkeypatch.setattr(_abilities.shutil, "which", lambda name: "/bin/nvidia-smi")
    monkeypatch.setattr(_abilities.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(_abilities, "run_command", lambda *a: left.pop(0))
    monkeypatch.setattr(_abilities, "probe", lambda *a: left.pop(0))
    assert [f.level for f in _abilities.gpu()] == levels


def test_a_full_disk_and_little_memory(monkeypatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(_machine.shutil, "disk_usage", lambda folder: Usage)
    monkeypatch.setattr(_machine, "_memory", lambda: 1e9)
    monkeypatch.setattr(_machine, "_cores", lambda: 0.5)
    assert {f.level for f in _machine.disk()} == {PROBLEM}
    assert {f.level for f in _machine.machine()} == {NOTE}
