"""Logging to Weights & Biases, with a stand-in for the package."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from small_session import SMALL

from amp_sdk.errors import InputError
from amp_training.cli import train as train_command

TRAIN = ["--recipe", "go2_trot", "--max-samples", "96", "--set", *SMALL]


class Run:
    def __init__(self, fail: str = "") -> None:
        self.logged: list[dict[str, float]] = []
        self.options: dict[str, Any] = {}
        self.ends, self._fail = 0, fail

    def init(self, **options: Any) -> Run:
        if self._fail:
            raise RuntimeError(self._fail)
        self.options = options
        return self

    def log(self, values: dict[str, float]) -> None:
        self.logged.append(values)

    def finish(self) -> None:
        self.ends += 1


def stand_in(monkeypatch, run: Run) -> None:
    module = ModuleType("wandb")
    module.__dict__["init"] = run.init
    monkeypatch.setitem(sys.modules, "wandb", module)


def test_every_iteration_and_evaluation_is_logged(monkeypatch, tmp_path) -> None:
    run, folder = Run(), tmp_path / "run"
    stand_in(monkeypatch, run)
    measured = [
        "evaluation.period_samples=96", "evaluation.episodes=2", "evaluation.length_s=0.5",
    ]  # fmt: skip
    args = [*TRAIN, *measured, "--out", str(folder), "--wandb", "walks"]
    assert train_command.main(args) == 0
    assert run.options["project"] == "walks" and run.options["id"] == "run"
    assert run.options["config"]["ppo"]["horizon"] == 6
    iterations = [row for row in run.logged if "reward/style" in row]
    assert [row["samples"] for row in iterations] == [48, 96]
    assert any("quality/fall_share" in row for row in run.logged)
    assert run.ends >= 1


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
