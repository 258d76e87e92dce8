"""The command line: exit statuses, results, report and film."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import imageio_ffmpeg
import mujoco
import numpy as np
import pytest
from small_policy import make_model, robot_contract, write_policy

from amp_sdk._cli import run_layer

SHORT = ["--episodes", "3", "--duration", "2"]


def run(*arguments) -> int:
    return run_layer("amp_sim2sim.cli", "sim", [str(a) for a in arguments])


@pytest.fixture
def no_renderer(monkeypatch):
    def refuse(*_):
        raise RuntimeError("no EGL here")

    monkeypatch.setattr(mujoco, "Renderer", refuse)


def test_a_stand_policy_passes(stand_file, tmp_path, capsys):
    assert run(stand_file, "--episodes", 6, "--json", tmp_path / "a.json") == 0
    results = json.loads((tmp_path / "a.json").read_text())
    assert results["passed"] and results["summary"]["no_fall_share"] == 1.0
    assert len(results["episodes"]) == 6
    assert results["settings"]["physics_step_s"] == 0.002
    out = capsys.readouterr().out
    assert "6 of 6" in out and out.rstrip().endswith("passed")


def test_the_same_seed_gives_the_same_file(stand_file, tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        assert run(stand_file, *SHORT, "--seed", seed, "--json", tmp_path / name) == 0
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_a_falling_policy_fails_and_says_why(fall_file, tmp_path, capsys):
    assert run(fall_file, *SHORT, "--json", tmp_path / "a.json") == 1
    results = json.loads((tmp_path / "a.json").read_text())
    assert not results["passed"] and results["summary"]["falls"] == 3
    out = capsys.readouterr().out
    assert "FAIL  episodes without a fall" in out and "episode 0 ended at" in out


def test_the_clip_of_the_training_is_the_default(go2, tmp_path, capsys):
    contract = robot_contract(go2)
    origin = contract.provenance.__class__(
        **{**vars(contract.provenance), "motions": ("go2_stand",)}
    )
    write_policy(tmp_path / "p.onnx", robot_contract(go2, provenance=origin))
    assert run(tmp_path / "p.onnx", *SHORT, "--json", tmp_path / "a.json") == 0
    results = json.loads((tmp_path / "a.json").read_text())
    assert results["clips"] == ["go2_stand"]
    assert 0.0 < results["summary"]["joint_error_rad"] < 0.15
    assert 0.0 < results["summary"]["pose_error_m"] < 0.05
    assert 0.0 < results["targets"]["mean_pose_error_m"] < 0.05
    assert "pose error to the clip" in capsys.readouterr().out
    assert run(tmp_path / "p.onnx", *SHORT, "--max-joint-error", "0.03") == 1
    assert run(tmp_path / "p.onnx", *SHORT, "--max-joint-error", "0.2") == 0


def test_several_clips_count_by_the_nearest(stand_file, tmp_path):
    for name, clips in (("near", ["go2_stand"]), ("both", ["go2_trot", "go2_stand"])):
        run(stand_file, *SHORT, "--motion", *clips, "--json", tmp_path / name)
    near, both = (json.loads((tmp_path / n).read_text()) for n in ("near", "both"))
    for error in ("joint_error_rad", "pose_error_m"):
        assert both["summary"][error] == near["summary"][error]
    assert both["clips"] == ["go2_trot", "go2_stand"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--episodes", "0"], "episodes is 0"),
        (["--seed", "-1"], "seed is -1"),
        (["--duration", "0.5"], "duration_s is 0.5"),
        (["--max-joint-error", "0.1"], "name one with --motion"),
        (["--motion", "none.pkl"], "none.pkl"),
        (["--video", "film.gif"], "ends in .mp4"),
    ],
)
def test_bad_options_are_one_error_and_status_2(stand_file, capsys, options, message):
    assert run(stand_file, *SHORT, *options) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1 and error[0].startswith("error: ") and message in error[0]


def test_policies_that_do_not_fit_are_one_error_and_status_2(go2, tmp_path, capsys):
    path = tmp_path / "p.onnx"
    swapped = list(robot_contract(go2).joints)
    swapped[0], swapped[1] = swapped[1], swapped[0]
    for contract, message in (
        (robot_contract(go2, joints=swapped), "joint order differs from position 0"),
        (robot_contract(go2, variant="go2_edu"), "'go2_edu'"),
        (dataclasses.replace(robot_contract(go2), robot="go3"), "unknown robot 'go3'"),
    ):
        write_policy(path, contract)
        assert run(path, *SHORT, "--json", tmp_path / "a.json") == 2
        assert message in capsys.readouterr().err
    path.write_bytes(make_model(4, 2).SerializeToString())
    assert run(path, *SHORT, "--json", tmp_path / "a.json") == 2
    assert "amp_sdk.contract" in capsys.readouterr().err
    assert not (tmp_path / "a.json").exists()


def test_the_report_needs_nothing_but_itself(go2, tmp_path, no_renderer, capsys):
    origin = dataclasses.replace(robot_contract(go2).provenance, recipe="<script>alert(1)</script>")
    write_policy(tmp_path / "stand.onnx", robot_contract(go2, provenance=origin))
    folder = tmp_path / "report"
    options = [*SHORT, "--motion", "go2_stand", "--report", folder]
    assert run(tmp_path / "stand.onnx", *options) == 0
    assert sorted(f.name for f in folder.iterdir()) == ["report.html", "results.json"]
    page = (folder / "report.html").read_text()
    assert "<script" not in page and "&lt;script" in page
    assert "PASS" in page and "stand on go2" in page
    assert "no EGL here" in page and "no EGL here" in capsys.readouterr().err
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(sources) == 4 and all(s.startswith("data:image/svg+xml;base64,") for s in sources)
    for source in sources:
        ElementTree.fromstring(base64.b64decode(source.split(",")[1]))
    assert json.loads((folder / "results.json").read_text())["passed"]


def test_without_a_renderer_the_results_stay_and_the_status_tells(
    stand_file, fall_file, tmp_path, no_renderer, capsys
):
    options = [*SHORT, "--json", tmp_path / "a.json", "--video", tmp_path / "film.mp4"]
    assert run(stand_file, *options) == 2
    assert json.loads((tmp_path / "a.json").read_text())["passed"]
    error = capsys.readouterr().err
    assert "no video" in error and "libegl1" in error and "MUJOCO_GL" in error
    assert run(fall_file, *options) == 1
    assert [f.name for f in tmp_path.iterdir()] == ["a.json"]


class FakeRenderer:
    """A ramp that moves, at once."""

    def __init__(self, model, height, width):
        ramp = np.linspace(0, 255, width).astype(np.uint8)
        self._frame = np.broadcast_to(ramp[None, :, None], (height, width, 3))

    def update_scene(self, *_):
        self._frame = np.roll(self._frame, 7, axis=1)

    def render(self):
        return self._frame

    def close(self):
        pass


def test_the_film_is_real_time_h264(stand_file, tmp_path, monkeypatch):
    from amp_sim2sim import video

    monkeypatch.setattr(mujoco, "Renderer", FakeRenderer)
    monkeypatch.setattr(video, "_is_software", lambda: False)
    film = tmp_path / "film.mp4"
    assert run(stand_file, "--episodes", 1, "--duration", 2, "--video", film) == 0
    reader = imageio_ffmpeg.read_frames(str(film))
    facts = next(reader)
    assert facts["codec"] == "h264" and "yuv420p" in facts["pix_fmt"]
    assert facts["fps"] == 50.0 and len(list(reader)) == 100
    assert [f.name for f in tmp_path.iterdir()] == ["film.mp4"]


def test_frames_show_the_robot_in_the_middle(renderer, model, go2, stand):
    from amp_sim2sim import video
    from amp_sim2sim.episode import run_episode

    log = run_episode(model, go2, stand, seed=0, number=0, duration_s=0.1)
    frames = list(video.render_frames(model, go2, stand.contract, log, "caption"))
    assert len(frames) == video.frame_count(len(log.action), log.period_s) == 5
    height, width, _ = frames[0].shape
    middle = frames[0][height // 3 : 2 * height // 3, width // 3 : 2 * width // 3].astype(int)
    corner = frames[0][-height // 4 :, : width // 4].astype(int)
    assert middle.max() > corner.max() + 50  # a white robot on a grey floor


def test_a_failing_encoder_is_reported_and_leaves_nothing(tmp_path):
    from amp_sim2sim import video

    path = tmp_path / "film.mp4"
    frames = (np.zeros((10, 10, 3), np.uint8) for _ in range(3))  # not a whole frame
    with pytest.raises(video.RenderError, match="ffmpeg"):
        video.write_video(path, frames)
    assert not list(tmp_path.iterdir())


def test_missing_mujoco_names_the_extra():
    code = (
        "import sys; sys.modules['mujoco'] = None\n"
        "from amp_sdk._cli import run_layer\n"
        "sys.exit(run_layer('amp_sim2sim.cli', 'sim', ['x.onnx']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2 and "'mujoco'" in done.stderr and "sim" in done.stderr


def test_a_diverged_simulation_is_a_fall_and_leaves_no_log(stand_file, tmp_path, monkeypatch):
    from amp_sim2sim.robot_in_sim import RobotInSim

    push = RobotInSim.push

    def explode(self, torque):
        push(self, torque)
        if self.data.time > 1.5:
            self.data.qvel[:] = np.nan

    monkeypatch.setattr(RobotInSim, "push", explode)
    monkeypatch.chdir(tmp_path)
    assert run(stand_file, "--episodes", 1, "--duration", 3, "--json", "a.json") == 1
    episode = json.loads((tmp_path / "a.json").read_text())["episodes"][0]
    assert episode["fall"]["reason"] == "the simulation diverged"
    assert [f.name for f in tmp_path.iterdir()] == ["a.json"]
