"""Measuring while training: the best policy is kept, and training does not notice."""

from __future__ import annotations

import pytest
import torch
from small_session import small_recipe

import amp_sdk
from amp_training import best
from amp_training.best import RECORD
from amp_training.build import build_session
from amp_training.checkpoint import Progress, load_checkpoint, load_policy_checkpoint
from amp_training.config import EvaluationConfig
from amp_training.export import export_run
from amp_training.film import FILM, MOTION
from amp_training.motion_quality import MotionQuality
from amp_training.progress_file import read_rows
from amp_training.quality import Evaluator, Quality
from amp_training.report import CHARTS, REPORT
from amp_training.run import Limits, train

MEASURED = ("evaluation.period_samples=96", "evaluation.episodes=3", "evaluation.length_s=0.5")


def test_when_it_is_due() -> None:
    config = EvaluationConfig(period_samples=100)
    assert [config.due(a, a + 48) for a in (0, 48, 96, 144, 192)] == [0, 0, 1, 0, 1]
    assert not EvaluationConfig(period_samples=None).due(0, 10**9)


def test_cost_prefers_standing_then_likeness() -> None:
    def cost(falls: float, speed_error: float | None, joint_error: float | None) -> float:
        return Quality(falls, speed_error, 1.0, MotionQuality(joint_error)).cost

    good = cost(0.0, 0.1, 0.05)
    assert good == pytest.approx(0.6)
    assert cost(0.0, 0.1, 0.10) > good
    assert cost(0.125, 0.0, 0.0) > good
    assert cost(0.0, 0.6, 0.05) > good
    assert cost(0.0, None, None) > good  # what is not known is not good


def test_a_robot_that_stands_does_not_fall_and_misses_the_command() -> None:
    evaluator = Evaluator(
        small_recipe(
            "evaluation.episodes=3",
            "evaluation.length_s=1.2",
            "action.center=default",
            "episode.reference_start_share=0",
        )
    )
    still = lambda observation: torch.zeros(len(observation), 12)  # noqa: E731
    quality = evaluator.measure(still)
    assert quality.fall_share == 0.0
    assert 0.5 < quality.speed_error_m_s / quality.commanded_m_s < 1.5
    motion = quality.motion
    assert 0.05 < motion.joint_error_rad < 0.3
    assert 0.01 < motion.pose_error_m < 0.1
    assert motion.duty_factor > 0.95 and motion.foot_slip_m_s < 0.1
    assert motion.gait_hz is None and 1.5 < motion.clip_gait_hz < 3.0
    assert 0.2 < motion.clip_duty_factor < 0.8
    assert motion.clip_coverage < 0.5
    assert evaluator.measure(still) == quality  # the same episodes every time


def test_training_with_and_without_measuring_is_one_training(tmp_path) -> None:
    runs = {}
    for name, overrides in (("without", ()), ("with", MEASURED)):
        session = build_session(small_recipe(*overrides))
        (tmp_path / name).mkdir()
        train(session, tmp_path / name, Limits(max_samples=240), Progress())
        runs[name] = load_checkpoint(tmp_path / name)
    for part in ("actor", "critic", "discriminator"):
        for key, value in runs["with"][part].items():
            assert torch.equal(value, runs["without"][part][key]), (part, key)
    assert torch.equal(runs["with"]["generator"], runs["without"]["generator"])
    assert torch.equal(runs["with"]["torch_rng"], runs["without"]["torch_rng"])
    folder = tmp_path / "with"
    rows = read_rows(folder / RECORD)
    assert [row["samples"] for row in rows] == ["96", "192"]
    drawn = {key for *_, series in CHARTS for key, _ in series if key.startswith("quality/")}
    assert "quality/pose_error_m" in drawn and drawn <= set(rows[0])
    best = load_policy_checkpoint(folder, best=True)
    costs = [float(row["quality/cost"]) for row in rows]
    assert best["progress"]["best_cost"] == pytest.approx(min(costs))
    assert not (tmp_path / "without" / "best.pt").exists()
    export_run(folder, tmp_path / "best.onnx", best=True)
    samples = amp_sdk.load_policy(tmp_path / "best.onnx").contract.provenance.samples
    assert samples == int(rows[costs.index(min(costs))]["samples"])
    page = (folder / REPORT).read_text()
    assert "http" not in page.replace("http://www.w3.org", "")
    for title in ("Style", "Logits", "Gait frequency", "Speed error", "Falls in evaluation"):
        assert title in page
    assert page.count("<svg") == page.count("</svg>") >= 8


def measured_as(monkeypatch, *costs: float) -> None:
    """The evaluations of a run, without a motion, cost so much."""
    qualities = iter([Quality(cost / 10.0, None, 1.0, MotionQuality(0.0)) for cost in costs])
    monkeypatch.setattr(Evaluator, "measure", lambda *_: next(qualities))
    monkeypatch.setattr(best, "make_film", lambda *_: "")


def test_a_worse_policy_is_not_kept_after_a_failure_to_write(tmp_path, monkeypatch) -> None:
    measured_as(monkeypatch, 1.0, 2.0)
    (tmp_path / MOTION).mkdir()  # where no motion can be written
    session = build_session(small_recipe(*MEASURED))
    progress, _ = train(session, tmp_path, Limits(max_samples=240), Progress())
    kept = load_policy_checkpoint(tmp_path, best=True)["progress"]
    assert (kept["samples"], kept["best_cost"]) == (96, 1.0)
    assert progress.best_cost == 1.0
    assert [row["samples"] for row in read_rows(tmp_path / RECORD)] == ["96", "192"]


def test_without_a_motion_that_of_the_former_best_goes(tmp_path, monkeypatch) -> None:
    measured_as(monkeypatch, 1.0)
    for name in (MOTION, FILM):
        (tmp_path / name).write_bytes(b"of the former best")
    session = build_session(small_recipe(*MEASURED))
    train(session, tmp_path, Limits(max_samples=96), Progress())
    assert not (tmp_path / MOTION).exists() and not (tmp_path / FILM).exists()
