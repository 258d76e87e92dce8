from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from amp_sdk._cli import guarded
from amp_sdk.motion import load_clip
from amp_sdk.motion.__main__ import main


class _Foreign:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def run(*arguments):
    return guarded(lambda: main([str(argument) for argument in arguments]))


def test_generate_then_info_lint_and_convert(tmp_path, go2, capsys):
    made, copy, report = tmp_path / "a.npz", tmp_path / "b.npz", tmp_path / "r.json"
    assert run("generate", "go2_pace", "-o", made, "--speed", 0.6, "--fps", 60) == 0
    assert run("info", made, "go2_trot", "--json", report) == 0
    first, second = json.loads(report.read_text())["clips"]
    assert first["format"] == "amp-sdk .npz" and second["format"] == "generated"
    assert first["fps"] == 60 and np.allclose(first["mean_velocity_xy_m_s"], [0.6, 0])
    assert [joint["name"] for joint in first["joints"]] == list(go2.joint_names)
    assert run("convert", made, "-o", copy, "--loop", "clamp", "--json", report) == 0
    assert json.loads(report.read_text())["clip"]["loop"] == "clamp"
    assert np.array_equal(load_clip(copy, go2).joint_pos, load_clip(made, go2).joint_pos)
    assert run("lint", made, "--json", report) == 0
    assert json.loads(report.read_text())["passed"] is True
    assert "0 problem(s)" in capsys.readouterr().out


def test_lint_fails_with_status_1(tmp_path, make_clip, write_mimickit, capsys):
    pose = np.array(make_clip().joint_pos)
    pose[5, 2] = 3.0
    path = write_mimickit(tmp_path / "a.pkl", make_clip(joint_pos=pose))
    report = tmp_path / "r.json"
    assert run("lint", path, "go2_trot", "--json", report) == 1
    bad, good = json.loads(report.read_text())["clips"]
    assert bad["problems"] > 0 and good["problems"] == 0
    assert any(finding["check"] == "joint_limit" for finding in bad["findings"])
    assert "FL_calf_joint" in capsys.readouterr().out


def test_bad_input_is_one_line_status_2_and_no_file(
    tmp_path, make_clip, write_mimickit, g1, capsys
):
    good = write_mimickit(tmp_path / "good.pkl", make_clip())
    content = pickle.loads(good.read_bytes())
    cut, foreign, nan = (tmp_path / name for name in ("cut.pkl", "foreign.pkl", "nan.pkl"))
    cut.write_bytes(good.read_bytes()[:-100])
    foreign.write_bytes(pickle.dumps({**content, "extra": _Foreign(str(tmp_path / "it_ran"))}))
    content["frames"][3][9] = float("nan")
    nan.write_bytes(pickle.dumps(content))
    out = tmp_path / "out.npz"
    for arguments, message in (
        ((cut,), "truncated or damaged"),
        ((foreign,), "mkdir, which was not run"),
        ((nan,), "FR_hip_joint is nan at frame 3"),
        ((good, "--robot", "g1_29dof"), "it would fit: g1_12dof, go2"),
        ((good, "--robot", "go3"), "did you mean 'go2'"),
        ((tmp_path / "absent.pkl",), "no motion file"),
        ((good, "--fps", "0"), "fps above zero"),
    ):
        assert run("convert", *arguments, "-o", out) == 2
        error = capsys.readouterr().err
        assert message in error and error.startswith("error: ") and error.count("\n") == 1
    assert run("generate", "go2_stand", "-o", out, "--speed", 1) == 2
    assert "takes no speed_m_s" in capsys.readouterr().err
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"good.pkl", "cut.pkl", "foreign.pkl", "nan.pkl"}


@pytest.mark.parametrize("command", ["info", "lint", "convert", "generate"])
def test_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        run(command, "--help")
    assert stop.value.code == 0 and "--json" in capsys.readouterr().out


def test_as_a_module_without_simulator_or_learning_library(tmp_path):
    """Runs as a person runs it, and imports neither torch nor mujoco nor onnxruntime."""
    code = (
        "import runpy, sys; sys.argv = ['motion', 'info', 'go2_trot']\n"
        "try: runpy.run_module('amp_sdk.motion', run_name='__main__')\n"
        "except SystemExit as stop: assert stop.code == 0, stop.code\n"
        "assert not {'torch', 'mujoco', 'onnxruntime'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "go2_trot(" in done.stdout
    bad = subprocess.run([sys.executable, "-m", "amp_sdk.motion", "dance"], capture_output=True)
    assert bad.returncode == 2
