"""A resumed run equals an uninterrupted one, bit for bit, in everything that it keeps."""

from __future__ import annotations

import csv
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from small_session import SMALL, small_recipe

from amp_sdk.errors import InputError
from amp_training.build import Session, build_session
from amp_training.checkpoint import Progress, load_checkpoint, restore, save_checkpoint
from amp_training.cli import train as train_command
from amp_training.progress_file import read_rows
from amp_training.run import Limits, train

SAMPLES = 8 * 6
# every kind of state that a run can have: histories, drawn commands, short episodes, adaptive rate
RECIPE = (
    "observation.history=3",
    "discriminator.window=4",
    "discriminator.throttle_loss=0",
    "command.lin_vel_x=[0.2, 1.0]",
    "command.resample_s=[0.05, 0.1]",
    "episode.first_length_s=0.1",
    "episode.growth_samples=300",
    "ppo.std_decay=[0, 400]",
    "ppo.epochs=2",
    "randomization.delay_s=[0.0, 0.03]",
    "randomization.push_interval_s=[0.04, 0.1]",
    "randomization.sensors.joint_pos_noise_rad=0.01",
)


def run(folder: Path, session: Session, iterations: int, progress: Progress) -> dict[str, Any]:
    """Train up to a number of iterations; the checkpoint then."""
    folder.mkdir(exist_ok=True)
    train(session, folder, Limits(max_samples=iterations * SAMPLES), progress)
    return load_checkpoint(folder)


def differences(a: Any, b: Any, path: str = "") -> list[str]:
    """Paths of what differs in two checkpoints, clocks excepted."""
    if isinstance(a, dict):
        assert list(a) == list(b), path
        return [d for key in a for d in differences(a[key], b[key], f"{path}/{key}")]
    if isinstance(a, (list, tuple)):
        assert len(a) == len(b), path
        return [d for i in range(len(a)) for d in differences(a[i], b[i], f"{path}/{i}")]
    if path in ("/progress/seconds", "/contract"):
        return []
    same = torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b
    return [] if same else [path]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, Any]:
    """Six iterations without a break."""
    folder = tmp_path_factory.mktemp("whole")
    return run(folder, build_session(small_recipe(*RECIPE)), 6, Progress())


@pytest.fixture
def half(tmp_path) -> dict[str, Any]:
    """Three iterations in ``tmp_path/run``."""
    return run(tmp_path / "run", build_session(small_recipe(*RECIPE)), 3, Progress())


def resumed(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The checkpoint of six iterations, of which three follow ``content``."""
    session = build_session(small_recipe(*RECIPE))
    return run(folder, session, 6, restore(session, content))


def test_resumed_run_equals_an_uninterrupted_one(whole, half, tmp_path) -> None:
    assert differences(half, whole)
    assert differences(resumed(tmp_path / "run", half), whole) == []
    steps = [row["iteration"] for row in read_rows(tmp_path / "run" / "progress.csv")]
    assert steps == list("123456")


def test_resumed_after_sigterm_equals_an_uninterrupted_one(whole, tmp_path, monkeypatch) -> None:
    session = build_session(small_recipe(*RECIPE))
    iterate, calls = session.learner.iterate, []

    def terminated(samples: int):
        calls.append(samples)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return iterate(samples)

    monkeypatch.setattr(session.learner, "iterate", terminated)
    content = run(tmp_path / "run", session, 6, Progress())
    assert content["progress"]["iterations"] == 3
    assert differences(resumed(tmp_path / "run", content), whole) == []


PARTS = (
    ("actor",),
    ("average",),
    ("critic",),
    ("discriminator",),
    ("actor_optimizer",),
    ("critic_optimizer",),
    ("learning_rate",),
    ("prior_optimizer",),
    ("replay",),
    ("generator",),
    ("simulation", "rollout", "trail"),
    ("simulation", "rollout", "fresh"),
    ("simulation", "environment", "steps"),
    ("simulation", "environment", "last_action"),
    ("simulation", "environment", "observation"),
    ("simulation", "environment", "history"),
    ("simulation", "environment", "task"),
    ("simulation", "environment", "starts"),
    ("simulation", "environment", "backend"),
)


@pytest.mark.parametrize("part", PARTS, ids=".".join)
def test_every_part_of_the_state_counts(part, whole, half, tmp_path) -> None:
    """Resume that leaves out any part (mistake: weights only) ends in another run."""
    fresh = load_checkpoint(
        save_checkpoint(tmp_path / "fresh", build_session(small_recipe(*RECIPE)), Progress())
    )
    target, source = half, fresh
    for key in part[:-1]:
        target, source = target[key], source[key]
    target[part[-1]] = source[part[-1]]
    assert differences(resumed(tmp_path / "run", half), whole)


def test_rows_after_the_last_checkpoint_are_written_again(half, tmp_path) -> None:
    """A run that was killed has logged more than its checkpoint holds; half a line, too."""
    path = tmp_path / "run" / "progress.csv"
    rows = list(csv.reader(path.open(newline="")))
    with path.open("a", newline="") as file:
        for iteration in (4, 5):
            csv.writer(file).writerow([iteration, iteration * SAMPLES, *rows[-1][2:]])
        file.write("6,288,0.")
    resumed(tmp_path / "run", half)
    assert [row["iteration"] for row in read_rows(path)] == list("123456")
    assert [row["samples"] for row in read_rows(path)] == [str(i * SAMPLES) for i in range(1, 7)]


def test_another_clip_behind_the_same_name_is_refused(half) -> None:
    session = build_session(small_recipe(*RECIPE, "motion.files=[go2_pace]"))
    with pytest.raises(InputError, match="other demonstrations"):
        restore(session, half)


def test_a_checkpoint_without_its_simulation_says_so(half) -> None:
    del half["simulation"]
    with pytest.raises(InputError, match="older version"):
        restore(build_session(small_recipe(*RECIPE)), half)


def test_a_limit_that_is_reached_already_says_so(tmp_path, capsys) -> None:
    folder = tmp_path / "run"
    small = ["--recipe", "go2_trot", "--max-samples", "48", "--out", str(folder)]
    assert train_command.main([*small, "--set", *SMALL]) == 0
    before = (folder / "checkpoint.pt").read_bytes()
    assert train_command.main(["--resume", str(folder), "--max-samples", "48"]) == 0
    assert "nothing to do: the run has 48 samples" in capsys.readouterr().out
    assert (folder / "checkpoint.pt").read_bytes() == before
