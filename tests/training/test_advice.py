"""What users get wrong most: a named warning or an error that says what will happen."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest
from small_session import SMALL, small_recipe

from amp_sdk import motion, robots
from amp_sdk.errors import InputError
from amp_training import workers
from amp_training.advice import CollapseAlarm, recipe_warnings
from amp_training.cli import train as train_command
from amp_training.interface import load_library
from amp_training.reference import Reference

GO2 = robots.load("go2")
TROT = motion.load_clip("go2_trot", GO2)


def names(*overrides: str, clip: motion.MotionClip = TROT) -> list[str]:
    return [w.split(":")[0] for w in recipe_warnings(small_recipe(*overrides), GO2, [clip])]


def test_a_sound_recipe_has_no_warning() -> None:
    assert names() == []


@pytest.mark.parametrize(
    ("override", "name"),
    [
        ("discriminator.gradient_penalty=0", "no-gradient-penalty"),
        ("discriminator.replay_share=0", "no-replay"),
        ("reward.style=0", "no-style"),
    ],
)
def test_risky_choices_are_named(override: str, name: str) -> None:
    assert names(override) == [name]


def test_schedules_that_many_environments_run_through_at_once_are_named(monkeypatch) -> None:
    many, horizon = "simulation.num_envs=4096", "ppo.horizon=24"
    noise, growth = "ppo.std_decay=[0,1000000]", "episode.growth_samples=3000000"
    harness = ("harness.enabled=true", "harness.fade=[500000,1000000]")
    still = ("ppo.sigma=fixed", "episode.first_length_s=null")
    assert names("simulation.num_envs=512", horizon, noise) == []
    assert names(many, horizon, noise, *still) == []
    settings = (many, horizon, noise, growth, *harness, "command.growth_samples=2000000")
    (text,) = recipe_warnings(small_recipe(*settings), GO2, [TROT])
    assert "takes 98304 samples" in text and "after 10 of them" in text
    remedy = text.split("--set ")[1].split()
    assert remedy == [
        "ppo.std_decay=[0,20000000]",
        "harness.fade=[10000000,20000000]",
        "episode.growth_samples=60000000",
        "command.growth_samples=40000000",
    ]
    assert names(*settings, *remedy) == []
    monkeypatch.setattr(workers, "size", lambda: 8)  # as many samples by torchrun
    assert names("simulation.num_envs=512", horizon, noise) == ["short-schedule"]


def test_the_warning_reaches_the_user(tmp_path, capsys) -> None:
    args = ["--recipe", "go2_trot", "--max-samples", "48", "--out", str(tmp_path / "run")]
    settings = [*SMALL, "discriminator.gradient_penalty=0"]
    assert train_command.main([*args, "--set", *settings]) == 0
    assert "warning: no-gradient-penalty: " in capsys.readouterr().err


def mimickit_file(path, joint_pos: np.ndarray, fps: float = 30.0):
    """A file without joint names; the base stands still."""
    frames = np.zeros((len(joint_pos), 6 + joint_pos.shape[1]))
    frames[:, 2] = 0.3
    frames[:, 6:] = joint_pos
    path.write_bytes(pickle.dumps({"loop_mode": 0, "fps": fps, "frames": frames.tolist()}))
    return path


def test_another_joint_order_in_a_file_without_names(tmp_path) -> None:
    """Legs in another order look alike; joints grouped by kind do not fit their limits."""
    by_kind = TROT.joint_pos.reshape(-1, 4, 3).transpose(0, 2, 1).reshape(-1, 12)
    clip = motion.load_clip(mimickit_file(tmp_path / "clip.pkl", by_kind), GO2)
    assert names(clip=clip) == ["joint-order"]


def test_a_clip_of_another_robot_is_an_error(tmp_path) -> None:
    path = mimickit_file(tmp_path / "g1.pkl", np.zeros((10, 29)))
    with pytest.raises(InputError, match="go2"):
        load_library(small_recipe(f"motion.files=[{path}]"), GO2)


def test_a_clip_shorter_than_the_window(tmp_path) -> None:
    path = mimickit_file(tmp_path / "short.pkl", np.tile(GO2.default_joint_pos_rad, (3, 1)))
    clip = motion.load_clip(path, GO2)
    assert names("discriminator.window=10", clip=clip) == ["short-clip"]


@pytest.mark.parametrize("fps", [20.0, 30.0, 60.0, 120.0])
def test_any_frame_rate_is_resampled_at_the_control_period(fps: float, tmp_path) -> None:
    """Clips without velocities at any rate: steps of a window are one control period apart, and
    velocities are the slopes of the positions."""
    time = np.arange(int(2 * fps) + 1) / fps
    wave = GO2.default_joint_pos_rad + 0.3 * np.sin(4.0 * time)[:, None]
    clip = motion.load_clip(mimickit_file(tmp_path / "clip.pkl", wave, fps), GO2)
    library = motion.MotionLibrary([clip], GO2)
    reference = Reference(library, GO2, window=3, control_period_s=0.02, seed=0)
    end_s = np.linspace(0.2, 1.8, 50)
    state = reference.layout.view(reference.windows_at(np.zeros(50, dtype=int), end_s))
    for k in range(3):
        expected = np.sin(4.0 * (end_s - 0.02 * (2 - k)))
        found = (state.joint_pos[:, k, 0].numpy() - GO2.default_joint_pos_rad[0]) / 0.3
        np.testing.assert_allclose(found, expected, atol=0.01 + 8.0 / fps**2)
    slope = 0.3 * 4.0 * np.cos(4.0 * end_s)
    np.testing.assert_allclose(state.joint_vel[:, -1, 0].numpy(), slope, atol=0.02 + 40.0 / fps**2)


def test_names_put_joints_in_order() -> None:
    order = tuple(reversed(GO2.joint_names))
    turned = dataclasses.replace(TROT, joint_names=order, joint_pos=TROT.joint_pos[:, ::-1])
    assert names(clip=turned) == []
    np.testing.assert_array_equal(
        motion.MotionLibrary([turned], GO2).clips[0].joint_pos, TROT.joint_pos
    )


@pytest.mark.parametrize(
    ("loss", "collapsed"), [("lsgan", 0.02), ("bce", 0.03), ("wasserstein", 0.38)]
)
def test_the_alarm_needs_accuracy_and_a_style_reward_at_its_floor(loss, collapsed) -> None:
    alarm = CollapseAlarm(loss, 1.0, patience=3)
    assert [alarm.check(1.0, 0.9) for _ in range(5)] == [None] * 5  # accurate alone is normal
    assert [alarm.check(0.7, collapsed) for _ in range(5)] == [None] * 5
    said = [alarm.check(1.0, collapsed) for _ in range(6)]
    assert [text is not None for text in said] == [False, False, True, False, False, False]
    assert said[2].startswith("style-collapse: ")
    assert alarm.check(math.nan, math.nan) is None
    assert [alarm.check(1.0, collapsed) is None for _ in range(3)] == [True, True, False]
