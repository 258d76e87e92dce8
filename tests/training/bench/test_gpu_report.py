"""The GPU bench's last lines: every demand is met, missed or not measured."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path

import pytest

import amp_training
from amp_sdk.config import to_mapping
from amp_sdk.errors import InputError
from amp_training.bench.figures import TrainingFigures
from amp_training.bench.gpu_report import lines, main
from amp_training.bench.mjlab import MjlabFigures

FIGURES = TrainingFigures(
    recipe="amp_g1", robot="g1_29dof", backend="mujoco_warp", device="H200", num_envs=4096,
    horizon=24, bare_steps_per_s=1e6, collection_steps_per_s=8e5, collection_ratio=0.8,
    host_share=0.3, learner_samples_per_s=1e6, whole_samples_per_s=4e5, whole_ratio=0.4,
    times_bare=1.1,
)  # fmt: skip


def folder(path: Path, steps: str, *figures: TrainingFigures) -> Path:
    (path / "steps.txt").write_text(steps)
    mjlab = [MjlabFigures("task", "1.6", 4096, 2e5)]
    content = {"figures": [to_mapping(f) for f in figures], "mjlab": [to_mapping(m) for m in mjlab]}
    (path / "g1.json").write_text(json.dumps(content))
    return path


def verdicts(path: Path) -> dict[str, object]:
    return {line.what.split(",")[0]: line.met for line in lines(path)}


def test_everything_met(tmp_path) -> None:
    found = verdicts(folder(tmp_path, "conformance 0\n", FIGURES))
    assert found["step conformance"] and found["collection"] and found["whole training"]
    assert found["CUDA graph of the whole control step"] is None  # nothing is demanded of it
    assert found["go2 throughput"] is None and found["g1 learning"] is None
    assert main([str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ("steps", "change", "missed"),
    [
        ("conformance 1\n", {}, "step conformance"),
        ("conformance 0\n", {"collection_ratio": 0.69}, "collection"),
        ("conformance 0\n", {"whole_samples_per_s": 2.5e5}, "whole training"),
    ],
)
def test_what_is_missed_is_named(steps: str, change: dict, missed: str, tmp_path) -> None:
    found = verdicts(folder(tmp_path, steps, dataclasses.replace(FIGURES, **change)))
    assert [what for what, met in found.items() if met is False] == [missed]
    assert main([str(tmp_path)]) == 1
    assert main([str(tmp_path), "--steps-only"]) == (1 if missed.startswith("step") else 0)


@pytest.mark.parametrize(("share", "said"), [(0.3, "would not pay"), (0.97, "would pay")])
def test_whether_a_graph_of_the_whole_step_pays(share: float, said: str, tmp_path) -> None:
    path = folder(tmp_path, "", dataclasses.replace(FIGURES, host_share=share))
    assert any(said in line.found for line in lines(path))


def test_what_was_left_out_and_another_folder(tmp_path) -> None:
    with pytest.raises(InputError, match=r"gpu_bench\.sh"):
        lines(tmp_path)
    assert verdicts(folder(tmp_path, "kernels left out: no GPU\n"))["step kernels"] is None


def test_the_script_is_sound() -> None:
    script = Path(amp_training.__file__).parents[1] / "gpu_bench.sh"
    assert subprocess.run(["bash", "-n", str(script)]).returncode == 0
    refused = subprocess.run(["bash", str(script), "--dri-run"], capture_output=True, text=True)
    assert refused.returncode == 2 and "--dry-run" in refused.stderr
