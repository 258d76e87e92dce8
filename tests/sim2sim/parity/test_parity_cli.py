"""The command: exit statuses, JSON, and records that cannot be used."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mujoco.batch", reason="sim2sim and training need MuJoCo")
pytest.importorskip("torch", reason="records come from training")

from parity_seeds import Training

from amp_sdk._cli import run_layer
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.rollout_record import RolloutRecord, write_record
from amp_sim2sim.bench.damage import write_damaged
from amp_sim2sim.parity.command import parity


@pytest.fixture(scope="module")
def training(tmp_path_factory) -> Training:
    return Training(tmp_path_factory.mktemp("training"), 1)


@pytest.fixture
def record(training, tmp_path) -> Path:
    write_record(tmp_path / "rollout.npz", training.record)
    return tmp_path / "rollout.npz"


def run(*arguments) -> int:
    return run_layer("amp_sim2sim.cli", "sim", [str(a) for a in arguments])


def changed(training: Training, path: Path, **values) -> Path:
    write_record(path, dataclasses.replace(training.record, **values))
    return path


def test_in_parity_is_0(training, record, tmp_path, capsys) -> None:
    assert run(training.file, "--parity", record, "--json", tmp_path / "a.json") == 0
    result = json.loads((tmp_path / "a.json").read_text())
    assert result["in_parity"] and result["causes"] == [] and len(result["links"]) == 4
    assert result["replay"]["same_bits"] == result["replay"]["steps"]
    out = capsys.readouterr().out
    assert out.rstrip().endswith("in parity") and "sim2sim's own physics" in out


def test_a_mistake_is_1_and_named(training, record, tmp_path, capsys) -> None:
    path = tmp_path / "scaled.onnx"
    write_damaged(training.file, "action scale doubled", path)
    assert run(path, "--parity", record, "--json", tmp_path / "a.json") == 1
    result = json.loads((tmp_path / "a.json").read_text())
    assert [cause["kind"] for cause in result["causes"]] == ["action_scale"]
    assert result["links"][2]["first"]["step"] == 0
    out = capsys.readouterr().out
    assert "mistake: action_scale: " in out and out.rstrip().endswith("not in parity")
    assert "first: step 0, robot 0: target of FL_hip_joint is recorded as" in out


def test_the_same_record_gives_the_same_file(training, record, tmp_path) -> None:
    for name in "ab":
        assert run(training.file, "--parity", record, "--json", tmp_path / name) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_another_engine_that_moves_otherwise_altogether_is_unexplained(training, tmp_path) -> None:
    rng = np.random.default_rng(0)
    physics = dataclasses.replace(training.record.physics, backend="isaacgym", engine="PhysX")
    noise = 10.0 * rng.normal(size=training.record.next_state.shape).astype(np.float32)
    next_state = training.record.next_state + noise
    path = changed(training, tmp_path / "a.npz", physics=physics, next_state=next_state)
    assert run(training.file, "--parity", path) == 1


def test_another_engine_is_no_mistake(training, tmp_path, capsys) -> None:
    """The physics of a record differ where no known mistake explains it."""
    rng = np.random.default_rng(0)
    noise = 0.01 * rng.normal(size=training.record.next_state.shape).astype(np.float32)
    physics = dataclasses.replace(training.record.physics, backend="isaacgym", engine="PhysX")
    values = dict(next_state=training.record.next_state + noise)
    path = changed(training, tmp_path / "a.npz", physics=physics, **values)
    assert run(training.file, "--parity", path) == 0
    assert capsys.readouterr().out.rstrip().endswith("in parity but for the physics")
    path = changed(training, tmp_path / "b.npz", **values)
    assert run(training.file, "--parity", path) == 1


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
def test_a_truncated_record(training, record, kept) -> None:
    data = record.read_bytes()
    record.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(InputError, match="no complete rollout record.*record it again"):
        parity(training.policy, record)


def test_a_damaged_record(training, record) -> None:
    data = bytearray(record.read_bytes())
    data[len(data) // 2] ^= 0xFF
    record.write_bytes(data)
    with pytest.raises(InputError, match="record"):
        parity(training.policy, record)


def test_numbers_that_are_none(training, tmp_path) -> None:
    state = training.record.state.copy()
    good = training.record
    state[3, 1, 2] = np.nan
    header_only = object.__new__(RolloutRecord)  # past its own check, as another writer may
    for field in dataclasses.fields(RolloutRecord):
        object.__setattr__(header_only, field.name, getattr(good, field.name))
    object.__setattr__(header_only, "state", state)
    write_record(tmp_path / "nan.npz", header_only)
    with pytest.raises(InputError, match=r"state\[3, 1, 2\] is nan"):
        parity(training.policy, tmp_path / "nan.npz")


def test_the_record_of_another_policy(training, tmp_path, capsys) -> None:
    contract: PolicyContract = training.contract
    origin = dataclasses.replace(contract.provenance, samples=999)
    path = changed(
        training, tmp_path / "a.npz", contract=dataclasses.replace(contract, provenance=origin)
    )
    assert run(training.file, "--parity", path) == 2
    err = capsys.readouterr().err
    assert "record of another policy" in err and "999 samples" in err and "96 samples" in err


def test_a_file_that_is_no_record(training, tmp_path, capsys) -> None:
    (tmp_path / "text").write_text("hello")
    for path, words in ((tmp_path / "text", "is no record"), (tmp_path / "none", "cannot read")):
        assert run(training.file, "--parity", path) == 2
        assert words in capsys.readouterr().err


def test_pickles_are_never_read(training, tmp_path) -> None:
    np.savez(tmp_path / "a.npz", header=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="no complete rollout record"):
        parity(training.policy, tmp_path / "a.npz")


@pytest.mark.parametrize("option", [["--gate", "default"], ["--video", "a.mp4"]])
def test_options_that_do_not_go_together(training, record, option, capsys) -> None:
    assert run(training.file, "--parity", record, *option) == 2
    assert "does not apply to --parity" in capsys.readouterr().err
