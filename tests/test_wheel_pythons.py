"""The wheel, built and installed with other Pythons, runs the shipped policy there.

Python 3.8 (the oldest that is promised) where it is present; with ``AMP_SDK_ALL_PYTHONS=1`` every
one from 3.9 to 3.13 that pyenv or the system has. Each is a build of its own, of about a minute of
one core. They need a package index.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OTHERS = ("3.9", "3.10", "3.11", "3.12", "3.13")

BUILD = """
import sys
from scikit_build_core import build
settings = {"build-dir": sys.argv[1] + "/build", "cmake.define.AMP_SDK_CUDA": "off"}
print(build.build_wheel(sys.argv[1], settings))
"""

RUN = """
import sys
import numpy as np
import amp_sdk
from amp_sdk import robots
from amp_sdk.observation import BatchObservationBuilder, RobotState
from amp_sdk.policy import shipped
from amp_sdk.runtime import PolicyRunner
assert amp_sdk.__file__.startswith(sys.prefix), amp_sdk.__file__
assert shipped()
for name in shipped():
    policy = amp_sdk.load_policy(name)
    contract, runner = policy.contract, PolicyRunner(policy)
    runner.arm(robots.load(contract.robot), contract.joint_names, 0.002)
    pose, still = contract.joint_array("default_pos_rad"), np.zeros(contract.action_dim)
    state = RobotState(np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]), pose, still)
    for _ in range(20):
        target = runner.step(state, contract.nominal_command)
        assert np.isfinite(target).all()
        np.testing.assert_allclose(policy.act(runner.observation)[0], runner.action, atol=1e-5)
    batch = BatchObservationBuilder(contract, 1)
    rows = RobotState(*(value[None] for value in (still[:3], state.quat_w, pose, still)))
    assert batch.build(rows, contract.nominal_command[None], still[None]).shape[0] == 1
print("ran", *shipped())
"""


def interpreter(version: str) -> str:
    """A Python of this version: of pyenv, or the system's; skips without."""
    named = os.environ.get("AMP_SDK_PYTHON38") if version == "3.8" else None
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    test = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    for command in [named] if named else [*found, f"python{version}"]:
        try:
            done = subprocess.run([command, "-c", test], capture_output=True, text=True)
        except OSError:
            continue
        if done.returncode == 0 and done.stdout.strip() == version:
            return command
    pytest.skip(f"no Python {version} (AMP_SDK_PYTHON38={named})")


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command without traces of this environment, but with its cmake and ninja."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    clean["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), clean.get("PATH", "")])
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True)


@pytest.mark.parametrize("version", ["3.8", *OTHERS])
def test_the_wheel_runs_the_shipped_policy(version: str, tmp_path: Path) -> None:
    if version != "3.8" and not os.environ.get("AMP_SDK_ALL_PYTHONS"):
        pytest.skip("one build per Python takes time; AMP_SDK_ALL_PYTHONS=1 runs them all")
    command = interpreter(version)
    done = run(command, "-m", "venv", str(tmp_path / "env"), folder=tmp_path)
    if done.returncode:
        pytest.skip(f"{command} cannot make an environment: {last_line(done)}")
    python = str(tmp_path / "env/bin/python")
    install = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check")
    tools = ("scikit-build-core>=0.11,<2", "pybind11>=3.0,<4")
    done = run(*install, *tools, "--retries", "0", "--timeout", "10", folder=tmp_path)
    if done.returncode:
        pytest.skip(f"no package index for Python {version}: {last_line(done)}")
    done = run(python, "-c", BUILD, str(tmp_path / "dist"), folder=ROOT)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    wheel = tmp_path / "dist" / done.stdout.splitlines()[-1]
    done = run(*install, str(wheel), folder=tmp_path)  # with its requirements: the base install
    assert done.returncode == 0, done.stderr[-3000:]
    done = run(python, "-c", RUN, folder=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("ran"), done.stdout + done.stderr


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
