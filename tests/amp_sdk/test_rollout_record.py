"""Rollout records: what is written is read, and what cannot be one is refused."""

from __future__ import annotations

import numpy as np
import pytest
from small_policy import make_contract

from amp_sdk import rollout_record
from amp_sdk.errors import InputError
from amp_sdk.rollout_record import (
    ARRAYS,
    Normalizer,
    RecordedPhysics,
    RolloutRecord,
    read_record,
    write_record,
)

CONTRACT = make_contract(("left", "right"), history=2)
OBS = CONTRACT.obs_dim
PHYSICS = RecordedPhysics("mujoco", 0.005, False, "MuJoCo 4.0.0")


def make_record(**changes) -> RolloutRecord:
    rng = np.random.default_rng(0)
    widths = dict(command=1, state=17, next_state=17, action=2, target=2)
    arrays = {n: rng.normal(size=(5, 3, w)).astype(np.float32) for n, w in widths.items()}
    start = np.zeros((5, 3), bool)
    start[0] = start[2, 1] = True
    values = dict(
        contract=CONTRACT,
        physics=PHYSICS,
        start=start,
        observation=rng.normal(size=(5, 3, CONTRACT.obs_dim)).astype(np.float32),
        normalizer=Normalizer(
            rng.normal(size=CONTRACT.obs_dim), np.full(CONTRACT.obs_dim, 2.0, np.float32), 10.0
        ),
        **arrays,
    )
    return RolloutRecord(**{**values, **changes})


@pytest.mark.parametrize("known", [True, False])
def test_a_record_reads_back_to_the_same_bits(tmp_path, known) -> None:
    record = make_record(**({} if known else {"normalizer": None}))
    write_record(tmp_path / "a.npz", record)
    back = read_record(tmp_path / "a.npz")
    assert back.contract == record.contract and back.physics == record.physics
    pairs = [(getattr(record, name), getattr(back, name)) for name in ARRAYS]
    assert (back.normalizer is not None) == known
    if known:
        a, b = record.normalizer, back.normalizer
        assert a.limit == b.limit
        pairs += [(a.mean, b.mean), (a.std, b.std)]
    for a, b in pairs:
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes()


def test_the_same_record_is_the_same_file(tmp_path) -> None:
    for name in "ab":
        write_record(tmp_path / name, make_record())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(action=np.zeros((5, 3, 3), np.float32)), r"action is float32 \[5, 3, 3\]; expected"),
        (dict(target=np.zeros((4, 3, 2), np.float32)), r"expected float \[5, 3, 2\]"),
        (
            dict(command=np.full((5, 3, 1), np.inf, np.float32)),
            r"command\[0, 0, 0\] is inf, and 14",
        ),
        (dict(start=np.zeros((5, 3), bool)), "all true at the first step"),
        (dict(start=np.ones((5, 3), np.uint8)), r"start is uint8 \[5, 3\]; expected bool"),
        (dict(normalizer=Normalizer(np.zeros(3), np.ones(3), 1.0)), "normalizer_mean"),
        (
            dict(normalizer=Normalizer(np.zeros(OBS), np.r_[np.ones(OBS - 1), 0.0], 1.0)),
            "normalizer_std has numbers of 0 or less",
        ),
    ],
)
def test_arrays_that_do_not_fit(changes, words) -> None:
    with pytest.raises(InputError, match=words):
        make_record(**changes)


def test_a_record_that_could_not_be_read_again_is_not_written(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(rollout_record, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match="bytes; expected 1000 at most: fewer steps"):
        write_record(tmp_path / "a.npz", make_record())
    assert not (tmp_path / "a.npz").exists()


def test_a_record_without_an_array(tmp_path) -> None:
    write_record(tmp_path / "a.npz", make_record())
    with np.load(tmp_path / "a.npz") as file:
        content = {name: file[name] for name in file.files if name != "target"}
    np.savez(tmp_path / "b.npz", **content)
    with pytest.raises(InputError, match="it lacks target"):
        read_record(tmp_path / "b.npz")


@pytest.mark.parametrize("header", [b"", b"[]", b"{}", b'{"version": 2}', b"\xff"])
def test_a_header_that_is_none(tmp_path, header) -> None:
    write_record(tmp_path / "a.npz", make_record())
    with np.load(tmp_path / "a.npz") as file:
        content = {name: file[name] for name in file.files}
    content["header"] = np.frombuffer(header, np.uint8)
    np.savez(tmp_path / "b.npz", **content)
    with pytest.raises(InputError, match="no rollout record"):
        read_record(tmp_path / "b.npz")


def test_a_physics_step_without_sense() -> None:
    with pytest.raises(InputError, match="physics_step_s"):
        RecordedPhysics("mujoco", 0.0, False, "")
