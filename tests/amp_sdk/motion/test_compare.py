from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amp_sdk import robots, rotations
from amp_sdk.errors import InputError
from amp_sdk.motion import MotionClip, MotionLibrary, load_clip
from amp_sdk.motion.compare import joint_error_dtw, joint_places, pose_error_dtw
from amp_sdk.robots.kinematics import KinematicTree


@pytest.fixture(scope="module")
def trot(go2):
    return load_clip("go2_trot", go2)


@pytest.fixture(scope="module")
def tree(go2):
    return KinematicTree.from_mjcf(go2.mjcf_path)


def state(clip, go2, times):
    return MotionLibrary([clip], go2).state(np.zeros(len(times), int), times)


def recorded(clip, go2, times):
    return state(clip, go2, times).joint_pos


def turned(angle_rad, quat):
    return rotations.multiply(rotations.from_heading(angle_rad), quat)


def halfway(frames):
    """[F, K] with the frames halfway between its neighbours, without the last."""
    mixed = np.repeat(frames[:-1], 2, axis=0)
    mixed[1::2] = (frames[:-1] + frames[1:]) / 2
    return mixed


def best_of_all_paths(cost):
    """The least mean over every path through ``cost`` [T, C]."""
    steps, columns = cost.shape
    best = np.inf
    for start in range(columns):
        for advances in itertools.product(range(1, 5), repeat=steps - 1):
            integral, column = 0.0, start
            for row, advance in enumerate(advances, start=1):
                after = (column + advance) % columns
                integral += advance * (cost[row - 1, column] + cost[row, after]) / 2
                column = after
            best = min(best, integral / sum(advances))
    return best


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
    cost = np.abs(halfway(clip.joint_pos)[None] - pose[:, None]).mean(axis=2)
    best = best_of_all_paths(cost)
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


@given(
    start=st.floats(0, 1),
    pace=st.floats(0.6, 1.8),
    heading=st.floats(-np.pi, np.pi),
    turn=st.floats(-3, 3),
)
@settings(max_examples=30, deadline=None)
def test_the_places_of_the_motion_itself_are_close_in_any_heading(
    go2, trot, tree, start, pace, heading, turn
):
    times = 0.02 * np.arange(150)
    motion = state(trot, go2, start + pace * times)
    quat = turned(heading + turn * times, motion.root_quat_w)
    error = pose_error_dtw(quat, motion.joint_pos, trot, tree, 0.02)
    assert error < 0.004
    assert np.isclose(
        error, pose_error_dtw(motion.root_quat_w, motion.joint_pos, trot, tree, 0.02), atol=1e-6
    )


def test_places_are_those_about_the_base_seen_along_its_heading(make_clip, tree):
    clip = make_clip(5, turn_rad=2.0)
    pos = tree.forward(clip.root_pos_w, clip.root_quat_w, clip.joint_pos)[0]
    places = joint_places(clip.root_quat_w, clip.joint_pos, tree)
    assert places.shape == (31, len(tree.body_names) - 1, 3)
    for frame, angle in enumerate(rotations.heading(clip.root_quat_w)):
        c, s = np.cos(angle), np.sin(angle)
        back = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        for link in range(1, len(tree.body_names)):
            expected = back @ (pos[frame, link] - pos[frame, 0])
            assert np.allclose(places[frame, link - 1], expected, atol=1e-12)


@pytest.mark.parametrize("angle", [0.05, -0.4])
def test_one_joint_that_is_off_counts_by_the_links_behind_it(go2, make_clip, tree, angle):
    """The calf's foot is 0.213 m from the knee; the other 15 links are where they should be."""
    pose = np.tile(go2.default_joint_pos_rad, (31, 1))
    still = make_clip(joint_pos=pose)
    bent = pose.copy()
    bent[:, go2.joint_names.index("FL_calf_joint")] += angle
    error = pose_error_dtw(still.root_quat_w, bent, still, tree, 1 / 40)
    assert np.isclose(error, 2 * 0.213 * np.sin(abs(angle) / 2) / 16, rtol=1e-4)


def test_a_base_that_leans_is_off(go2, make_clip, tree):
    pose, level = np.tile(go2.default_joint_pos_rad, (31, 1)), np.tile([1.0, 0, 0, 0], (31, 1))
    still = make_clip(joint_pos=pose, root_quat_w=level)
    lean = np.tile(rotations.from_axis_angle(np.array([1.0, 0, 0]), 0.2), (31, 1))
    radius = np.linalg.norm(joint_places(level, pose, tree)[0, :, 1:], axis=1)
    error = pose_error_dtw(lean, pose, still, tree, 0.02)
    assert np.isclose(error, 2 * np.sin(0.1) * radius.mean(), atol=1e-6)


def test_the_pose_error_is_the_best_of_all_paths(make_clip, tree):
    """Against every path of a short recording, distances by two plain loops."""
    clip, other = make_clip(3, frames=8, fps=50.0), make_clip(4, frames=8, fps=50.0)
    quat, joints = other.root_quat_w[:6], other.joint_pos[:6]
    reference = joint_places(halfway(clip.root_quat_w), halfway(clip.joint_pos), tree)
    places = joint_places(quat, joints, tree)
    cost = np.zeros((6, 14))
    for row, column in itertools.product(range(6), range(14)):
        for here, there in zip(places[row], reference[column], strict=True):
            cost[row, column] += np.linalg.norm(here - there) / len(places[row])
    error = pose_error_dtw(quat, joints, clip, tree, 0.02)
    assert np.isclose(error, best_of_all_paths(cost), atol=1e-6)


@pytest.mark.parametrize("name", robots.names())
def test_poses_of_every_robot_are_compared(name):
    robot = robots.load(name)
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    rng = np.random.default_rng(1)
    knots = rng.normal(0.0, 0.2, (3, len(robot.joint_names)))
    joints = robot.default_joint_pos_rad + np.concatenate([knots, knots[:1]])
    quat = rotations.from_exp_map(rng.normal(0.0, 0.2, (4, 3)))
    place = np.tile([0.0, 0.0, 1.0], (4, 1))
    fields = (robot.joint_names, place, quat, joints, "wrap", "made up")
    clip = MotionClip("made_up", name, 50.0, *fields)
    own = pose_error_dtw(clip.root_quat_w[:3], clip.joint_pos[:3], clip, tree, 0.02)
    assert own < 1e-6
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (3, 1))
    assert pose_error_dtw(upright, np.zeros_like(joints[:3]), clip, tree, 0.02) > 0.01


def test_poses_that_do_not_fit_are_refused(trot, tree, make_clip):
    quat, joints = np.tile([1.0, 0, 0, 0], (5, 1)), np.zeros((5, 12))
    with pytest.raises(InputError, match=r"rotations \[5, 4\].* found \(4, 4\)"):
        pose_error_dtw(quat[:4], joints, trot, tree, 0.02)
    with pytest.raises(InputError, match=r"joint angles \[T, 12\] .* found \(5, 11\)"):
        pose_error_dtw(quat, joints[:, :11], trot, tree, 0.02)
    for bad in (0.0, np.nan):
        with pytest.raises(InputError, match="finite and longer than zero"):
            pose_error_dtw(bad * quat, joints, trot, tree, 0.02)
    with pytest.raises(InputError, match="time step above zero"):
        pose_error_dtw(quat, joints, trot, tree, 0.0)
    swapped = make_clip().in_order(trot.joint_names[::-1])
    with pytest.raises(InputError, match="joints in their order"):
        pose_error_dtw(quat, joints, swapped, tree, 0.02)
