"""Films: of the best policy in a run's report, and of an episode by the test mode."""

from __future__ import annotations

import base64
import re

import imageio_ffmpeg
import numpy as np
import pytest
from small_session import small_recipe

from amp_sdk import robots
from amp_sdk._cli import run_layer
from amp_sdk.errors import InputError
from amp_training import best, film
from amp_training.build import build_session
from amp_training.checkpoint import Progress
from amp_training.motion_quality import Track
from amp_training.run import Limits, train

MEASURED = ("evaluation.period_samples=96", "evaluation.episodes=2", "evaluation.length_s=0.5")
PERIOD_S = 0.02


@pytest.fixture
def track() -> Track:
    """A Go2 that slides forward by half a metre in a second."""
    go2 = robots.load("go2")
    pos = np.zeros((50, 3))
    pos[:, 0], pos[:, 2] = np.linspace(0.0, 0.5, 50), go2.default_base_height_m
    joints = np.tile(go2.default_joint_pos_rad, (50, 1))
    return Track(pos, np.tile((1.0, 0.0, 0.0, 0.0), (50, 1)), joints)


def test_a_motion_is_read_as_it_was_written(track, tmp_path) -> None:
    film.save_motion(tmp_path / "m.npz", track, PERIOD_S)
    again, period_s = film.load_motion(tmp_path / "m.npz")
    assert period_s == PERIOD_S
    for name in vars(track):
        np.testing.assert_array_equal(getattr(again, name), getattr(track, name))
    (tmp_path / "m.npz").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"m\.npz: expected a recorded motion"):
        film.load_motion(tmp_path / "m.npz")


def test_pictures_are_in_real_time_and_the_camera_follows(track, renderer) -> None:
    pictures = [p.copy() for p in film.frames(robots.load("go2"), track, PERIOD_S)]
    assert len(pictures) == film.RATE_HZ and pictures[0].shape == (360, 640, 3)
    for picture in (pictures[0], pictures[-1]):  # the dark parts of the robot, on a light floor
        dark = np.argwhere(picture.max(axis=2) < 60)
        assert len(dark) > 100
        assert abs(dark[:, 1].mean() - 320) < 100


def test_what_cannot_be_filmed_is_told_and_leaves_nothing(track, tmp_path) -> None:
    film.save_motion(tmp_path / "m.npz", track, PERIOD_S)
    said = film.make_film(tmp_path / "m.npz", tmp_path / "f.mp4", "go3")
    assert "unknown robot 'go3'" in said
    assert [f.name for f in tmp_path.iterdir()] == ["m.npz"]


@pytest.mark.parametrize("reads", ["cat >/dev/null", "exec 0<&-"], ids=["at the end", "at once"])
def test_an_encoder_that_fails_is_told_and_leaves_nothing(reads, tmp_path, monkeypatch) -> None:
    encoder = tmp_path / "ffmpeg"
    encoder.write_text(f"#!/bin/sh\n{reads}\necho 'no space left' >&2\nexit 1\n")
    encoder.chmod(0o755)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(encoder))
    picture = np.zeros((360, 640, 3), np.uint8)
    with pytest.raises(InputError, match=r"could not write .*f\.mp4: no space left"):
        film.encode(tmp_path / "f.mp4", iter([picture] * 3))
    assert [f.name for f in tmp_path.iterdir()] == ["ffmpeg"]


def trained(folder) -> str:
    session = build_session(small_recipe(*MEASURED))
    train(session, folder, Limits(max_samples=200), Progress())
    return (folder / "report.html").read_text()


def test_without_a_renderer_the_report_says_why_there_is_no_film(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(best, "make_film", lambda *_: "no <EGL> here")
    page = trained(tmp_path)
    assert "no &lt;EGL&gt; here" in page and "<video" not in page


def test_the_report_holds_the_best_policys_film(tmp_path, renderer, page) -> None:
    text = trained(tmp_path)
    (embedded,) = re.findall(r"<video [^>]*src='data:video/mp4;base64,([^']*)'", text)
    assert base64.b64decode(embedded) == (tmp_path / film.FILM).read_bytes()
    problems: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    report = (tmp_path / "report.html").as_uri()
    page.goto(report)
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    assert page.evaluate("document.querySelector('video').duration") == pytest.approx(0.5, abs=0.05)
    assert not problems
    assert {url for url in asked if not url.startswith(("data:", "blob:"))} == {report}


def test_the_test_mode_films_an_episode(tmp_path, renderer, capsys) -> None:
    recipe = small_recipe("episode.length_s=0.6")
    train(build_session(recipe), tmp_path / "run", Limits(max_samples=50), Progress())
    options = [str(tmp_path / "run"), "--episodes", "2", "--num-envs", "2", "--video"]
    assert run_layer("amp_training.cli.test", "train", [*options, str(tmp_path / "f.mp4")]) == 0
    assert b"ftyp" in (tmp_path / "f.mp4").read_bytes()[:32]
    assert run_layer("amp_training.cli.test", "train", [*options, str(tmp_path / "f.gif")]) == 2
    assert "ends in .mp4" in capsys.readouterr().err


@pytest.mark.parametrize("name", robots.names())
def test_every_robot_has_a_stage(name: str) -> None:
    from amp_training.stage import build_stage

    robot = robots.load(name)
    model = build_stage(robot, film.SIZE)
    assert model.nq == 7 + len(robot.joint_names) and model.nlight >= 1
