"""Checkpoints: what is restored, and what survives a bad disk, a cut file, a hostile file."""

from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path

import pytest
import torch
from small_session import small_recipe

from amp_sdk.errors import InputError
from amp_training.build import build_session
from amp_training.checkpoint import Progress, load_checkpoint, recipe_of, restore, save_checkpoint


def test_restores_networks_optimisers_statistics_replay_and_generators(session, tmp_path) -> None:
    session.learner.iterate(0)
    progress = Progress(iterations=1, samples=48, seconds=1.5)
    save_checkpoint(tmp_path, session, progress)
    content = load_checkpoint(tmp_path)
    assert recipe_of(content, "test") == session.recipe
    other = build_session(small_recipe())
    assert restore(other, content) == progress
    a, b = session.learner, other.learner
    for one, two in ((a.actor, b.actor), (a.critic, b.critic), (a.prior.network, b.prior.network)):
        for (name, x), y in zip(one.state_dict().items(), two.state_dict().values(), strict=True):
            assert torch.equal(x, y), name
    assert a.ppo.learning_rate == b.ppo.learning_rate
    assert torch.equal(a.prior.replay.data, b.prior.replay.data)
    assert a.prior.replay.next == b.prior.replay.next
    assert torch.equal(session.generator.get_state(), other.generator.get_state())
    for name in ("actor_optimizer", "critic_optimizer"):
        one, two = (getattr(learner.ppo, name).state_dict()["state"] for learner in (a, b))
        assert all(torch.equal(one[i]["exp_avg"], two[i]["exp_avg"]) for i in one)


def test_full_disk_leaves_the_previous_checkpoint(session, tmp_path, monkeypatch) -> None:
    path = save_checkpoint(tmp_path, session, Progress())
    before = path.read_bytes()
    session.learner.iterate(0)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        save_checkpoint(tmp_path, session, Progress(1, 48, 1.0))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    load_checkpoint(tmp_path)


def test_truncated_checkpoint_is_one_clear_error(session, tmp_path) -> None:
    path = save_checkpoint(tmp_path, session, Progress())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="not a readable checkpoint"):
        load_checkpoint(tmp_path)


def test_checkpoint_without_a_part_names_it(session, tmp_path) -> None:
    path = save_checkpoint(tmp_path, session, Progress())
    content = torch.load(path, weights_only=True)
    del content["replay"]
    torch.save(content, path)
    with pytest.raises(InputError, match="lacks replay"):
        load_checkpoint(tmp_path)


def test_missing_checkpoint_names_the_folder(tmp_path) -> None:
    with pytest.raises(InputError, match="no checkpoint at"):
        load_checkpoint(tmp_path)


class _Hostile:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (str(self.mark),))


@pytest.mark.parametrize("save", [torch.save, lambda x, p: Path(p).write_bytes(pickle.dumps(x))])
def test_a_file_that_names_foreign_code_does_not_run_it(save, tmp_path) -> None:
    mark = tmp_path / "ran"
    save({"version": 1, "x": _Hostile(mark)}, tmp_path / "checkpoint.pt")
    with pytest.raises(InputError, match="not a readable checkpoint"):
        load_checkpoint(tmp_path)
    assert not mark.exists()
