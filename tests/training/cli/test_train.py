"""The command lines from the outside: a short run, resume, export, and bad input."""

from __future__ import annotations

import csv
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_session import SMALL

import amp_sdk


def command(name: str, *args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", f"amp_sdk.{name}", *map(str, args)]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, timeout=120)


def test_train_resume_export(tmp_path) -> None:
    run, policy = tmp_path / "run", tmp_path / "policy.onnx"
    trained = command(
        "train", "--recipe", "go2_trot", "--out", run, "--max-samples", 96, "--json",
        tmp_path / "result.json", "--set", *SMALL, cwd=tmp_path,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert json.loads((tmp_path / "result.json").read_text())["samples"] == 96
    resumed = command("train", "--resume", run, "--max-samples", 144, cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    with (run / "progress.csv").open() as file:
        assert [row["samples"] for row in csv.DictReader(file)] == ["48", "96", "144"]
    exported = command("export", run, "-o", policy, cwd=tmp_path)
    assert exported.returncode == 0, exported.stderr
    contract = amp_sdk.load_policy(policy).contract
    assert contract.provenance.samples == 144
    assert contract.robot == "go2"


class _Foreign:
    def __reduce__(self):
        return (Path.mkdir, (Path("ran"),))


def write_clip(path: Path, width: int = 18, nan: bool = False) -> Path:
    frames = np.zeros((20, width))
    frames[:, 2] = 0.3
    if nan:
        frames[5, 9] = np.nan
    path.write_bytes(pickle.dumps({"loop_mode": 1, "fps": 30, "frames": frames.tolist()}))
    return path


def bad_clips(folder: Path) -> dict[str, Path]:
    whole = write_clip(folder / "whole.pkl").read_bytes()
    (folder / "cut.pkl").write_bytes(whole[: len(whole) // 2])
    (folder / "foreign.pkl").write_bytes(pickle.dumps({"frames": _Foreign(), "fps": 30}))
    return {
        "another robot": write_clip(folder / "g1.pkl", width=35),
        "NaN": write_clip(folder / "nan.pkl", nan=True),
        "truncated": folder / "cut.pkl",
        "foreign class": folder / "foreign.pkl",
        "missing": folder / "nothing.pkl",
    }


@pytest.mark.parametrize("case", ["another robot", "NaN", "truncated", "foreign class", "missing"])
def test_bad_clip_is_one_error_and_nothing_is_written(case: str, tmp_path) -> None:
    clip = bad_clips(tmp_path)[case]
    before = sorted(tmp_path.iterdir())
    done = command("train", "--recipe", "go2", "--motion", clip, "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("discriminator.gradient_penality=5", "gradient_penalty"),
        ("ppo.epochs=many", "expected a whole number"),
        ("simulation.control_period_s=0.013", "whole number of physics steps"),
    ],
)
def test_bad_recipe_value_names_the_key(override: str, expected: str, tmp_path) -> None:
    done = command("train", "--recipe", "go2_trot", "--set", override, cwd=tmp_path)
    assert done.returncode == 2
    assert expected in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_unknown_recipe_lists_the_known(tmp_path) -> None:
    done = command("train", "--recipe", "go2_trott", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'go2_trot'" in done.stderr
