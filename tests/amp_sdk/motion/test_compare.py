from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amp_sdk.errors import InputError
from amp_sdk.motion import MotionLibrary, load_clip
from amp_sdk.motion.compare import joint_error_dtw


@pytest.fixture(scope="module")
def trot(go2):
    return load_clip("go2_trot", go2)


def recorded(clip, go2, times):
    return MotionLibrary([clip], go2).state(np.zeros(len(times), int), times).joint_pos


@given(start=st.floats(0, 1), pace=st.floats(0.6, 1.8), dt=st.sampled_from([0.01, 0.02, 1 / 30]))
@settings(max_examples=30, deadline=None)
def test_the_motion_itself_at_any_phase_and_pace_is_close(go2, trot, start, pace, dt):
    times = start + pace * dt * np.arange(150)
    assert joint_error_dtw(recorded(trot, go2, times), trot, dt) < 0.02


def test_an_uneven_pace_is_forgiven(go2, trot):
    t = 0.02 * np.arange(300)
    pose = recorded(trot, go2, t + 0.03 * np.sin(7 * t))
    plain = np.abs(pose - recorded(trot, go2, t)).mean()
    assert joint_error_dtw(pose, trot, 0.02) < 0.25 * plain


@given(offset=st.floats(0.0, 0.3))
@settings(max_examples=20, deadline=None)
def test_an_offset_of_every_joint_is_its_own_error(go2, trot, offset):
    pose = recorded(trot, go2, 0.02 * np.arange(150)) + offset * np.tile([1, -1], 6)
    error = joint_error_dtw(pose, trot, 0.02)
    assert error <= offset + 0.01
    assert error >= 0.5 * offset - 0.01


def test_holding_any_pose_scores_its_deviation_from_the_clip(make_clip, trot):
    """No pose can be dwelt on, and no part of the clip hurried over."""
    for clip in (make_clip(1), make_clip(2, frames=90), trot):
        for pose in (clip.joint_pos.mean(axis=0), *clip.joint_pos[::7]):
            deviation = np.abs(clip.joint_pos - pose).mean()
            error = joint_error_dtw(np.tile(pose, (450, 1)), clip, 0.02)
            assert 0.85 * deviation < error < 1.02 * deviation


def test_it_is_the_best_of_all_paths(make_clip):
    """Against trying every path of a short recording."""
    clip = make_clip(3, frames=8, fps=50.0)
    pose = make_clip(4, frames=8, fps=50.0).joint_pos[:6]
    position = np.arange(14) / 2
    whole = position.astype(int)
    share = (position - whole)[:, None]
    reference = (1 - share) * clip.joint_pos[whole] + share * clip.joint_pos[whole + 1]
    cost = np.abs(reference[None] - pose[:, None]).mean(axis=2)
    best = np.inf
    for start in range(14):
        for advances in itertools.product(range(1, 5), repeat=5):
            integral, column = 0.0, start
            for row, advance in enumerate(advances, start=1):
                after = (column + advance) % 14
                integral += advance * (cost[row - 1, column] + cost[row, after]) / 2
                column = after
            best = min(best, integral / sum(advances))
    assert np.isclose(joint_error_dtw(pose, clip, 0.02), best, atol=1e-6)


def test_a_motion_too_fast_or_too_slow_is_not_forgiven(go2, trot):
    t = 0.02 * np.arange(300)
    in_range = joint_error_dtw(recorded(trot, go2, 1.9 * t), trot, 0.02)
    for pace in (0.2, -1.0):
        assert joint_error_dtw(recorded(trot, go2, pace * t), trot, 0.02) > 4 * in_range


def test_a_longer_clip_can_start_and_end_anywhere(go2, make_clip):
    clip = make_clip(frames=401, fps=50.0, loop="clamp")
    for start in (0, 120, 330):
        window = np.arange(start, start + 60) % 400
        assert joint_error_dtw(clip.joint_pos[window], clip, 0.02) < 1e-3


def test_one_frame_is_its_nearest(trot):
    assert joint_error_dtw(trot.joint_pos[9:10], trot, 0.02) < 0.05


def test_what_does_not_fit_is_refused(trot):
    with pytest.raises(InputError, match=r"joint angles \[T, 12\] .* found \(5, 11\)"):
        joint_error_dtw(np.zeros((5, 11)), trot, 0.02)
    with pytest.raises(InputError, match="not all finite"):
        joint_error_dtw(np.full((5, 12), np.nan), trot, 0.02)
    with pytest.raises(InputError, match="time step above zero"):
        joint_error_dtw(np.zeros((5, 12)), trot, 0.0)
