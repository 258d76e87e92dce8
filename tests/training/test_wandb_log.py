"""Logging to Weights & Biases, with a stand-in for the package."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from small_session import SMALL

from amp_sdk.errors import InputError
from amp_training.cli import train as train_command
from amp_training.progress_file import NAME, read_rows
from amp_training.wandb_log import ID

TRAIN = ["--recipe", "go2_trot", "--max-samples", "96", "--set", *SMALL]
MEASURED = ["evaluation.period_samples=96", "evaluation.episodes=2", "evaluation.length_s=0.5"]


class Run:
    def __init__(self, fail: str = "", lost: str = "") -> None:
        self.logged: list[dict[str, float]] = []
        self.options: dict[str, Any] = {}
        self.steps: dict[str, str | None] = {}
        self.ends, self._fail, self._lost = 0, fail, lost

    def init(self, **options: Any) -> Run:
        if self._fail:
            raise RuntimeError(self._fail)
        self.options = options
        return self

    def define_metric(self, name: str, step_metric: str | None = None) -> None:
        self.steps[name] = step_metric

    def log(self, values: dict[str, float]) -> None:
        self.logged.append(values)
        if self._lost:
            raise RuntimeError(self._lost)

    def finish(self) -> None:
        self.ends += 1
        if self._lost:
            raise ValueError(self._lost)


def stand_in(monkeypatch, run: Run) -> None:
    module = ModuleType("wandb")
    module.__dict__["init"] = run.init
    monkeypatch.setitem(sys.modules, "wandb", module)


def test_every_iteration_and_evaluation_is_logged(monkeypatch, tmp_path) -> None:
    run, folder = Run(), tmp_path / "run"
    stand_in(monkeypatch, run)
    args = [*TRAIN, *MEASURED, "--out", str(folder), "--wandb", "walks"]
    assert train_command.main(args) == 0
    assert run.options["project"] == "walks" and run.options["name"] == "run"
    assert run.steps == {"samples": None, "*": "samples"}
    assert run.options["config"]["ppo"]["horizon"] == 6
    iterations = [row for row in run.logged if "reward/style" in row]
    assert [row["samples"] for row in iterations] == [48, 96]
    assert any("quality/fall_share" in row for row in run.logged)
    assert run.ends >= 1


def test_only_a_resumed_training_goes_on_in_its_run(monkeypatch, tmp_path) -> None:
    ids = []
    for folder in (tmp_path / "a" / "run", tmp_path / "b" / "run"):
        run = Run()
        stand_in(monkeypatch, run)
        assert train_command.main([*TRAIN, "--out", str(folder), "--wandb", "walks"]) == 0
        assert run.options["resume"] == "never"
        assert (folder / ID).read_text().strip() == run.options["id"]
        ids.append(run.options["id"])
        more = ["--resume", str(folder), "--max-samples", "144", "--wandb", "walks"]
        assert train_command.main(more) == 0
        assert (run.options["id"], run.options["resume"]) == (ids[-1], "allow")
    assert ids[0] != ids[1]


def test_a_failure_ends_the_logging_and_nothing_else(monkeypatch, tmp_path: Path, capsys) -> None:
    run, folder = Run(lost="the network is gone"), tmp_path / "run"
    stand_in(monkeypatch, run)
    args = [*TRAIN, *MEASURED, "--out", str(folder), "--wandb", "walks"]
    assert train_command.main(args) == 0
    assert [row["samples"] for row in read_rows(folder / NAME)] == ["48", "96"]
    assert len(run.logged) == 1 and run.ends == 1
    assert capsys.readouterr().out.count("the network is gone") == 1


def test_without_the_package_nothing_is_written(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    folder = tmp_path / "run"
    with pytest.raises(InputError, match=r"amp-sdk\[wandb\]"):
        train_command.main([*TRAIN, "--out", str(folder), "--wandb", "walks"])
    assert not folder.exists()


def test_a_login_that_fails_says_what_to_do(monkeypatch, tmp_path) -> None:
    stand_in(monkeypatch, Run(fail="no API key"))
    with pytest.raises(InputError, match="no API key; log in"):
        train_command.main([*TRAIN, "--out", str(tmp_path / "run"), "--wandb", "walks"])
