"""Options and folders that cannot be used are refused before anything is written."""

from __future__ import annotations

import pytest
from small_session import SMALL

from amp_sdk.errors import CheckFailedError, InputError
from amp_training import log, run
from amp_training.cli import test as test_command
from amp_training.cli import train as train_command

TRAIN = ["--recipe", "go2_trot", "--max-samples", "48"]


@pytest.mark.parametrize(
    "option",
    [
        ["--max-samples", "0"],
        ["--max-minutes", "nan"],
        ["--max-minutes", "-1"],
        ["--snapshot-minutes", "0"],
        ["--num-envs", "0"],
        ["--threads", "-1"],
        ["--seed", "-9"],
        ["--set", "ppo.minibatches=0"],
        ["--set", "discriminator.demo_windows=0"],
        ["--set", "reward.yaw_width_rad_s=0"],
    ],
)
def test_values_without_sense(option: list[str], tmp_path) -> None:
    with pytest.raises(InputError):
        train_command.main([*TRAIN, "--out", str(tmp_path / "run"), *option])
    assert list(tmp_path.iterdir()) == []


def test_options_given_twice_add_up() -> None:
    args = train_command.parser().parse_args(
        ["--recipe", "go2", "--set", "a=1", "--set", "b=2", "c=3", "--motion", "x", "--motion", "y"]
    )
    assert args.set == ["a=1", "b=2", "c=3"]
    assert args.motion == ["x", "y"]


def test_a_run_is_not_overwritten_and_a_file_is_no_folder(tmp_path) -> None:
    folder = tmp_path / "run"
    small = [*TRAIN, "--out", str(folder), "--set", *SMALL]
    assert train_command.main(small) == 0
    before = (folder / "checkpoint.pt").read_bytes()
    with pytest.raises(InputError, match="holds a run already"):
        train_command.main(small)
    assert (folder / "checkpoint.pt").read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make the run folder"):
        train_command.main([*TRAIN, "--out", str(tmp_path / "file"), "--set", *SMALL])
    assert train_command.main(["--resume", str(folder / "checkpoint.pt")]) == 0
    for bad in (["--seed", "-1"], ["--episodes", "0"], ["--recipe", "go2"]):
        with pytest.raises(InputError):
            test_command.main([str(folder), *bad])


def test_divergence_keeps_the_last_checkpoint(session, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    progress, _ = run.train(session, folder, run.Limits(max_samples=48), run.Progress())
    before = (folder / "checkpoint.pt").read_bytes()
    session.learner.critic.value[0].weight.data.fill_(float("nan"))
    with pytest.raises(CheckFailedError, match="diverged"):
        run.train(session, folder, run.Limits(max_samples=1000), progress)
    assert (folder / "checkpoint.pt").read_bytes() == before


def test_a_full_disk_under_the_log_does_not_end_the_run(session, tmp_path, monkeypatch, capsys):
    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log.TrainingLog, "_record", full)
    progress, _ = run.train(session, tmp_path, run.Limits(max_samples=96), run.Progress())
    assert progress.samples == 96
    assert capsys.readouterr().out.count("the log is not written any more") == 1
