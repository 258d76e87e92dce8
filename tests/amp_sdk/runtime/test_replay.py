"""Replay: the same bits from the same policy, and the first figure where something changed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from flight_runs import Run, record_policy
from small_policy import make_contract, write_policy

from amp_sdk import replay as command
from amp_sdk._cli import guarded
from amp_sdk.policy import load_policy
from amp_sdk.runtime.flight_log import FlightLog
from amp_sdk.runtime.replay import compare

JOINTS = ("hip", "knee", "ankle")


@pytest.fixture
def policy(tmp_path: Path):
    contract = make_contract(JOINTS, history=3, action_clip=0.7)
    weight = np.random.default_rng(1).normal(size=(contract.obs_dim, 3)).astype(np.float32)
    write_policy(tmp_path / "toy.onnx", contract, weight)
    return load_policy(tmp_path / "toy.onnx")


def run(*arguments: str) -> int:
    return guarded(lambda: command.main(list(arguments)))


def test_a_run_replays_to_the_same_bits(policy, tmp_path: Path, capsys) -> None:
    record_policy(tmp_path / "run", policy, answers=30, restarts=(0, 12))
    found = compare(FlightLog(tmp_path / "run"), 0, policy)
    assert found.answers == 30 and found.resets == 2
    assert found.first_action is None and found.first_observation is None
    assert found.different_actions == found.different_observations == found.not_rebuilt == 0
    assert run(str(tmp_path / "run"), "--json", str(tmp_path / "r.json")) == 0
    assert "all the same bits" in capsys.readouterr().out
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["passed"] and result["summary"]["ticks"] == 150
    assert result["timing"]["lateness"]["count"] == 150
    assert result["timing"]["policy_latency"]["count"] == 30


def test_the_first_other_action_is_named(policy, tmp_path: Path, capsys) -> None:
    def change(i, target):
        if i >= 7:
            target["action"][1] = np.nextafter(target["action"][1], np.float32(9e9))

    record_policy(tmp_path / "run", policy, change=change)
    found = compare(FlightLog(tmp_path / "run"), 0, policy)
    assert found.different_actions == 13
    first = found.first_action
    assert first is not None and first.sequence == 8 and first.what == "action of 'knee'"
    assert first.tick == 100 + 7 * 5 and first.time_s == pytest.approx(0.07)
    assert run(str(tmp_path / "run")) == 1
    assert "action of 'knee'" in capsys.readouterr().out


def test_another_observation_than_the_contracts_is_named(policy, tmp_path: Path) -> None:
    width = [term.width for term in policy.contract.observation]
    names = [term.name for term in policy.contract.observation]
    at = sum(width[: names.index("joint_vel")]) + 3 + 2  # the middle sample of the ankle

    def change(i, target):
        if i == 9:
            target["observation"][at] += 0.5

    record_policy(tmp_path / "run", policy, change=change)
    found = compare(FlightLog(tmp_path / "run"), 0, policy)
    assert found.different_observations == 1 and found.first_observation is not None
    assert found.first_observation.what == "observation joint_vel[ankle], 1 samples old"
    assert found.different_actions == 1, "the network saw another observation too"


def test_minus_zero_and_nan_are_compared_as_bits(policy, tmp_path: Path) -> None:
    def change(i, target):
        if i == 3:
            target["action"][0] = np.nan

    record_policy(tmp_path / "run", policy, change=change)
    assert compare(FlightLog(tmp_path / "run"), 0, policy).different_actions == 1


def test_answers_that_are_missing_are_not_blamed(policy, tmp_path: Path) -> None:
    skipped = []

    def change(i, target):
        if i in (8, 9):  # the loop was too late to see them
            skipped.append(i)
            target["sequence"] += 100

    record_policy(tmp_path / "run", policy, answers=30, change=change)
    found = compare(FlightLog(tmp_path / "run"), 0, policy)
    assert found.different_observations == 0 and skipped
    assert 0 < found.not_rebuilt <= 3 * 3


def test_another_policy_is_noticed(policy, tmp_path: Path, capsys) -> None:
    record_policy(tmp_path / "run", policy)
    contract = make_contract(JOINTS, history=3, action_clip=0.7)
    write_policy(tmp_path / "other.onnx", contract)
    assert run(str(tmp_path / "run"), "--policy", str(tmp_path / "other.onnx")) == 1
    assert "another policy" in capsys.readouterr().err
    (tmp_path / "toy.onnx").write_bytes((tmp_path / "other.onnx").read_bytes())
    assert run(str(tmp_path / "run")) == 2
    assert "--policy" in capsys.readouterr().err
    (tmp_path / "toy.onnx").unlink()
    assert run(str(tmp_path / "run")) == 2
    write_policy(tmp_path / "wide.onnx", make_contract(JOINTS, history=1))
    assert run(str(tmp_path / "run"), "--policy", str(tmp_path / "wide.onnx")) == 2
    assert "numbers" in capsys.readouterr().err
    assert run(str(tmp_path / "run"), "--policy", f"2={tmp_path / 'wide.onnx'}") == 2


def test_a_record_without_a_policy_is_summed_up(tmp_path: Path, capsys) -> None:
    Run(tmp_path / "run", (), ("a", "b")).close()
    assert run(str(tmp_path / "run")) == 0
    assert "no policy ran" in capsys.readouterr().out
    (tmp_path / "text").write_text("hello")
    assert run(str(tmp_path / "text")) == 2


def test_damage_is_said_once(policy, tmp_path: Path, capsys) -> None:
    record_policy(tmp_path / "run", policy)
    data = (tmp_path / "run").read_bytes()
    (tmp_path / "run").write_bytes(data[:-1000])
    assert run(str(tmp_path / "run")) == 0
    assert capsys.readouterr().err.count("warning:") == 1
