"""Recorded motions beside the clips: the clip itself is the best there is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from amp_sdk import motion, robots
from amp_training.backends.base import StateLayout
from amp_training.motion_quality import MotionJudge, Track, first_episodes
from amp_training.reference import Reference

DT_S = 0.02
GO2 = robots.load("go2")


def reference(*clips: str) -> Reference:
    library = motion.MotionLibrary([motion.load_clip(name, GO2) for name in clips], GO2)
    return Reference(library, GO2, window=2, control_period_s=DT_S, seed=0)


def recorded(source: Reference, clip: int, pace: float = 1.0, seconds: float = 4.0) -> Track:
    """A robot that plays a clip of ``source`` at a pace of its own."""
    times_s = 0.1 + pace * np.arange(int(round(seconds / DT_S))) * DT_S
    state = source.states_at(np.full(len(times_s), clip), times_s)
    fields = (state.root_pos_w, state.root_quat_w, state.joint_pos)
    return Track(*(field.double().numpy() for field in fields))


def test_the_clip_itself_scores_as_the_clip() -> None:
    source = reference("go2_trot", "go2_pace")
    for i in range(2):
        found = MotionJudge(source, DT_S).judge([recorded(source, i)], 1)
        assert found.joint_error_rad < 0.01
        assert 0.0 < found.pose_error_m < 0.003
        assert found.gait_hz == pytest.approx(found.clip_gait_hz, rel=0.02)
        assert found.duty_factor == pytest.approx(found.clip_duty_factor, abs=0.05)
        assert found.foot_slip_m_s == pytest.approx(found.clip_foot_slip_m_s, abs=0.05)
        assert 0.05 < found.clip_coverage < 1.0  # one clip of the two, and what they share
    both = [recorded(source, i) for i in range(2)]
    assert MotionJudge(source, DT_S).judge(both, 2).clip_coverage == 1.0


def test_a_quicker_gait_has_a_higher_frequency_than_its_clip() -> None:
    source = reference("go2_trot")
    found = MotionJudge(source, DT_S).judge([recorded(source, 0, pace=1.25)], 1)
    assert found.gait_hz == pytest.approx(1.25 * found.clip_gait_hz, rel=0.03)
    assert found.clip_coverage == 1.0


def test_a_robot_that_glides_slips() -> None:
    source = reference("go2_trot")
    track = recorded(source, 0)
    gliding = track.root_pos_w + np.outer(np.arange(len(track.root_pos_w)) * DT_S, [0.5, 0.0, 0.0])
    judge = MotionJudge(source, DT_S)
    glides = judge.judge([dataclasses.replace(track, root_pos_w=gliding)], 1)
    assert glides.foot_slip_m_s > judge.judge([track], 1).foot_slip_m_s + 0.3


def test_short_motions_say_nothing_but_what_they_cover() -> None:
    source = reference("go2_trot")
    judge = MotionJudge(source, DT_S)
    found = judge.judge([recorded(source, 0, seconds=0.3)], 1)
    assert found.joint_error_rad is found.pose_error_m is found.gait_hz is None
    assert 0.0 < found.clip_coverage <= 1.0
    assert judge.judge([], 1).clip_coverage is None


def test_only_first_episodes_and_finite_states_count() -> None:
    layout = StateLayout(joints=2, keys=1)
    flat = torch.zeros(6, 4, layout.size)
    ended = torch.zeros(6, 4, dtype=torch.bool)
    ended[2, 0] = ended[4, 0] = True
    flat[3, 1, 15] = float("nan")
    ended[3, 1] = True
    flat[0, 3] = float("inf")
    tracks = first_episodes(layout.view(flat), ended)
    assert [len(track.joint_pos) for track in tracks] == [3, 3, 6]
    assert tracks[0].root_quat_w.shape == (3, 4)
