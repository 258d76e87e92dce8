"""The training bench: what it repeats is what was recorded, and every backend has its row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from small_session import SMALL

from amp_sdk.errors import InputError
from amp_training.bench import training
from amp_training.bench.replay import Recorder


def small(tmp_path: Path, *options: str) -> dict:
    out = tmp_path / "figures.json"
    arguments = ["--num-envs", "4", "--rollouts", "1", "--json", str(out), *options]
    settings = [value for value in SMALL if "num_envs" not in value]
    assert training.main([*arguments, "--set", *settings]) == 0
    return json.loads(out.read_text())


def test_the_figures_of_a_backend(tmp_path: Path) -> None:
    (row,) = small(tmp_path)["figures"]
    assert (row["backend"], row["num_envs"], row["robot"]) == ("mujoco", 4, "go2")
    rates = [value for key, value in row.items() if key.endswith("_per_s")]
    assert len(rates) == 4 and min(rates) > 0


def test_every_count_has_a_profile_of_its_own(tmp_path: Path) -> None:
    small(tmp_path, "--profile", str(tmp_path / "one.txt"))
    small(tmp_path, "--num-envs", "4", "6", "--profile", str(tmp_path / "some.txt"))
    found = sorted(tmp_path.glob("*.txt"))
    assert [f.name for f in found] == ["one.txt", "some_mujoco_4.txt", "some_mujoco_6.txt"]
    heads = [f.read_text().splitlines()[0].split(",")[1] for f in found]
    assert heads == [" 4 environments", " 4 environments", " 6 environments"]


def test_mujoco_warp_has_figures_too(tmp_path: Path) -> None:
    pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
    (row,) = small(tmp_path, "--backend", "mujoco_warp", "--device", "cpu")["figures"]
    assert row["backend"] == "mujoco_warp" and row["device"] == "cpu"


def test_a_replay_repeats_the_steps_and_leaves_the_backend_alone(session) -> None:
    backend = session.environment.backend
    targets = backend.state.joint_pos.clone()
    with Recorder(backend) as recorder:
        for _ in range(3):
            backend.step(targets)
    before = backend.snapshot()
    seen: list[torch.Tensor] = []
    physics = backend.physics

    def watched() -> None:
        physics()
        seen.append(torch.from_numpy(backend.batch.bind("qpos")).clone())

    backend.physics = watched
    assert recorder.replay_s() > 0
    assert len(seen) == 3
    assert torch.equal(seen[-1][:, 7:].float(), backend.state.joint_pos)
    for name, value in backend.snapshot().items():
        assert torch.equal(value, before[name])


def test_a_python_without_mjlab_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mjlab"):
        small(tmp_path, "--mjlab-python", str(tmp_path / "nothing"))
