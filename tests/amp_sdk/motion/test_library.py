from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion import MotionLibrary
from amp_sdk.motion.velocity import frame_velocities
from amp_sdk.robots.kinematics import KinematicTree

FIELDS = ("root_pos_w", "root_quat_w", "joint_pos", "joint_vel", "root_lin_vel_w", "root_ang_vel_w")


def states(library, times, clip_id=0):
    times = np.atleast_1d(np.asarray(times, dtype=np.float64))
    return library.state(np.full(len(times), clip_id), times)


def assert_same_pose(a, b, tolerance=1e-5):
    assert np.allclose(a.root_pos_w, b.root_pos_w, atol=tolerance)
    assert np.allclose(a.joint_pos, b.joint_pos, atol=tolerance)
    assert np.all(rotations.angle_between(a.root_quat_w, b.root_quat_w) < 10 * tolerance)


@pytest.mark.parametrize("loop", ["wrap", "clamp"])
def test_frame_times_give_the_frames(make_clip, go2, loop):
    clip = make_clip(fps=59.63, loop=loop)
    library = MotionLibrary([clip], go2)
    inner = slice(0, -1 if loop == "wrap" else None)
    state = states(library, (np.arange(clip.num_frames) / clip.fps)[inner])
    assert np.allclose(state.root_pos_w, clip.root_pos_w[inner], atol=1e-5)
    assert np.allclose(state.joint_pos, clip.joint_pos[inner], atol=1e-5)
    turned = rotations.angle_between(state.root_quat_w, clip.root_quat_w[inner])
    assert np.all(turned < 1e-3)  # float32 near the identity: sqrt of its resolution
    linear, angular, joint = frame_velocities(clip)
    assert np.allclose(state.root_lin_vel_w, linear[inner], atol=1e-4)
    assert np.allclose(state.root_ang_vel_w, angular[inner], atol=1e-4)
    assert np.allclose(state.joint_vel, joint[inner], atol=1e-4)


def test_between_frames_positions_are_linear_and_rotations_slerp(make_clip, go2):
    clip = make_clip()
    state = states(MotionLibrary([clip], go2), (4 + 0.3) / clip.fps)
    assert np.allclose(
        state.joint_pos, 0.7 * clip.joint_pos[4] + 0.3 * clip.joint_pos[5], atol=1e-5
    )
    expected = rotations.slerp(clip.root_quat_w[4], clip.root_quat_w[5], 0.3)
    assert np.allclose(state.root_quat_w[0], expected, atol=1e-6)


@given(
    cycles=st.integers(-40, 40), phase=st.floats(0.001, 0.999), turn=st.sampled_from([0, 0.7, -2])
)
@settings(max_examples=40, deadline=None)
def test_a_wrapped_clip_repeats_from_where_it_ended(make_clip, go2, cycles, phase, turn):
    clip = make_clip(turn_rad=float(turn), wrap_heading=bool(turn))
    library = MotionLibrary([clip], go2)
    first, later = (states(library, (phase + c) * clip.duration_s) for c in (0, cycles))
    assert np.allclose(later.joint_pos, first.joint_pos, atol=1e-4)
    assert np.allclose(later.joint_vel, first.joint_vel, atol=1e-2)
    # what the robot sees of itself does not change: height, tilt, velocity in its own frame
    assert np.allclose(later.root_pos_w[:, 2], first.root_pos_w[:, 2], atol=1e-4)
    for field in ("root_lin_vel_w", "root_ang_vel_w"):
        ours, theirs = (
            rotations.rotate_inverse(s.root_quat_w, getattr(s, field)) for s in (later, first)
        )
        assert np.allclose(ours, theirs, atol=1e-2)
    if not turn:
        moved = clip.root_pos_w[-1, :2] - clip.root_pos_w[0, :2]
        gone = later.root_pos_w[0, :2].astype(np.float64) - first.root_pos_w[0, :2]
        assert np.allclose(gone, cycles * moved, atol=1e-3)


@pytest.mark.parametrize("turn", [0.0, 1.5])
def test_a_periodic_motion_is_continuous_where_it_wraps(make_clip, go2, turn):
    clip = make_clip(turn_rad=turn, wrap_heading=turn != 0)
    library = MotionLibrary([clip], go2)
    for cycle in (-2, 0, 1, 5):
        at = cycle * clip.duration_s
        before, after = states(library, at - 1e-7), states(library, at + 1e-7)
        assert_same_pose(before, after, 1e-4)
        for field in ("joint_vel", "root_lin_vel_w", "root_ang_vel_w"):
            assert np.allclose(getattr(before, field), getattr(after, field), atol=1e-3)


def test_a_turning_clip_walks_a_circle(make_clip, go2):
    """Four quarter turns come back to where they began."""
    clip = make_clip(turn_rad=np.pi / 2, wrap_heading=True)
    library = MotionLibrary([clip], go2)
    start, end = states(library, 0.1), states(library, 0.1 + 4 * clip.duration_s)
    assert np.allclose(end.root_pos_w, start.root_pos_w, atol=1e-4)
    still = MotionLibrary([dataclasses.replace(clip, wrap_heading=False)], go2)
    gone = states(still, 0.1 + 4 * clip.duration_s).root_pos_w - start.root_pos_w
    expected = 4 * (clip.root_pos_w[-1] - clip.root_pos_w[0])
    assert np.allclose(gone[0, :2], expected[:2], atol=1e-4)


@given(phase=st.floats(-3.0, 3.0))
@settings(max_examples=40, deadline=None)
def test_velocities_are_the_finite_differences_of_poses(make_clip, go2, phase):
    clip = make_clip(frames=301, fps=400.0)
    library, dt = MotionLibrary([clip], go2), 0.01
    t = phase * clip.duration_s
    low, here, high = (states(library, t + shift) for shift in (-dt, 0.0, dt))
    for position, velocity in (("joint_pos", "joint_vel"), ("root_pos_w", "root_lin_vel_w")):
        difference = (getattr(high, position) - getattr(low, position)) / (2 * dt)
        assert np.allclose(difference, getattr(here, velocity), atol=0.02)
    turned = rotations.difference_w(low.root_quat_w, high.root_quat_w) / (2 * dt)
    assert np.allclose(turned, here.root_ang_vel_w, atol=0.02)


@given(outside=st.floats(1e-6, 1e6))
@settings(max_examples=40, deadline=None)
def test_a_clamped_clip_is_held_without_velocity(make_clip, go2, outside):
    clip = make_clip(loop="clamp")
    library = MotionLibrary([clip], go2)
    for time, frame in ((-outside, 0), (clip.duration_s + outside, -1)):
        state = states(library, time)
        assert np.allclose(state.joint_pos, clip.joint_pos[frame], atol=1e-5)
        assert np.allclose(state.root_pos_w, clip.root_pos_w[frame], atol=1e-5)
        for field in ("joint_vel", "root_lin_vel_w", "root_ang_vel_w"):
            assert not np.any(getattr(state, field))


def test_a_gap_in_a_loop_is_no_velocity(make_clip, go2):
    """A clip whose ends do not meet jumps there; its velocity does not."""
    clip = make_clip()
    pose = np.array(clip.joint_pos)
    pose += np.linspace(0, 0.2, len(pose))[:, None]
    fastest = np.abs(np.diff(pose, axis=0)).max() * clip.fps
    library = MotionLibrary([make_clip(joint_pos=pose)], go2)
    times = np.linspace(-1, 2, 500) * clip.duration_s
    assert np.abs(states(library, times).joint_vel).max() <= fastest + 1e-4


def test_the_order_of_joints_in_a_clip_does_not_matter(make_clip, go2):
    clip = make_clip()
    shuffled = clip.in_order(go2.joint_names[::-1])
    times = np.linspace(-2, 2, 50)
    ours, theirs = (states(MotionLibrary([c], go2), times) for c in (clip, shuffled))
    for field in FIELDS:
        assert np.array_equal(getattr(ours, field), getattr(theirs, field))


def test_many_clips_at_once_are_each_as_alone(make_clip, go2):
    clips = [
        make_clip(1),
        make_clip(2, frames=2, fps=5.0, loop="clamp"),
        make_clip(3, frames=80, fps=120.0, turn_rad=0.4, wrap_heading=True),
    ]
    library = MotionLibrary(clips, go2)
    rng = np.random.default_rng(0)
    ids, times = rng.integers(0, 3, 200), rng.uniform(-5, 5, 200)
    together = library.state(ids, times)
    for k in range(3):
        alone = states(MotionLibrary([clips[k]], go2), times[ids == k])
        for field in FIELDS:
            assert np.allclose(getattr(together, field)[ids == k], getattr(alone, field), atol=1e-5)


def test_states_are_contiguous_float32_of_unit_rotations(make_clip, go2):
    library = MotionLibrary([make_clip()], go2)
    for count in (0, 1, 77):
        state = states(library, np.linspace(-3, 3, count))
        for field in (*FIELDS, "key_pos_w"):
            array = getattr(state, field)
            assert array.dtype == np.float32 and len(array) == count
        assert all(getattr(state, field).flags["C_CONTIGUOUS"] for field in FIELDS)
        assert np.allclose(np.linalg.norm(state.root_quat_w, axis=1), 1, atol=1e-6)


def test_key_positions_are_forward_kinematics(make_clip, go2):
    state = states(MotionLibrary([make_clip()], go2), np.linspace(0, 0.7, 9))
    tree = KinematicTree.from_mjcf(go2.mjcf_path)
    places = [a.astype(np.float64) for a in (state.root_pos_w, state.root_quat_w, state.joint_pos)]
    expected = tree.forward(*places)[0][:, tree.body_index(go2.key_bodies)]
    assert np.allclose(state.key_pos_w, expected, atol=1e-5)
    assert state.key_pos_w is state.key_pos_w


def test_sampling_follows_weights_and_covers_each_clip_evenly(make_clip, go2):
    clips = [make_clip(1), make_clip(2, frames=201), make_clip(3)]
    library = MotionLibrary(clips, go2, weights=[1.0, 3.0, 0.0])
    ids, times = library.sample(np.random.default_rng(0), 20000)
    assert ids.dtype == np.int64 and times.dtype == np.float64
    assert np.allclose(np.bincount(ids, minlength=3) / 20000, [0.25, 0.75, 0.0], atol=0.02)
    for k in (0, 1):
        share = times[ids == k] / clips[k].duration_s
        assert share.min() >= 0 and share.max() < 1 and abs(share.mean() - 0.5) < 0.02
    again = library.sample(np.random.default_rng(0), 20000)
    assert np.array_equal(again[0], ids) and np.array_equal(again[1], times)


def test_clips_bring_their_own_weight(make_clip, go2):
    library = MotionLibrary([make_clip(1, weight=9.0), make_clip(2)], go2)
    ids, _ = library.sample(np.random.default_rng(0), 10000)
    assert abs(np.mean(ids == 0) - 0.9) < 0.02


@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0], [1.0, -1.0], [1.0, float("nan")]])
def test_weights_that_make_no_sense_are_refused(make_clip, go2, weights):
    with pytest.raises(InputError, match="weights"):
        MotionLibrary([make_clip(1), make_clip(2)], go2, weights)


def test_what_does_not_fit_is_refused(make_clip, go2, g1):
    with pytest.raises(InputError, match="at least one clip"):
        MotionLibrary([], go2)
    with pytest.raises(InputError, match="expected a clip of g1_29dof, found one of go2"):
        MotionLibrary([make_clip()], g1)
    library = MotionLibrary([make_clip()], go2)
    with pytest.raises(InputError, match="clip ids from 0 to 0, found 1 to 1"):
        library.state([1], [0.0])
    with pytest.raises(InputError, match="finite times"):
        library.state([0], [float("nan")])
    with pytest.raises(InputError, match="clip ids"):
        library.state([0, 0], [0.0])
