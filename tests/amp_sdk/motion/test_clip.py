from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion.velocity import frame_velocities


def test_arrays_are_copies_that_cannot_be_written(make_clip):
    pose = np.array(make_clip().joint_pos)
    clip = make_clip(joint_pos=pose)
    pose[:] = 9.0
    assert clip.joint_pos.max() < 9.0
    for array in (clip.root_pos_w, clip.root_quat_w, clip.joint_pos):
        assert array.dtype == np.float64
        with pytest.raises(ValueError):
            array[0] = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        clip.fps = 3.0


def test_a_value_that_is_not_finite_is_named_by_joint_and_frame(make_clip):
    pose = np.array(make_clip().joint_pos)
    pose[7, 4] = np.nan
    with pytest.raises(InputError, match="FR_thigh_joint is nan at frame 7"):
        make_clip(joint_pos=pose)
    place = np.array(make_clip().root_pos_w)
    place[3, 2] = np.inf
    with pytest.raises(InputError, match="root position z is inf at frame 3"):
        make_clip(root_pos_w=place)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fps": 0.0}, "fps above zero, found 0.0"),
        ({"fps": float("nan")}, "fps above zero"),
        ({"weight": -1.0}, "weight above zero"),
        ({"loop": "bounce"}, "valid: wrap, clamp"),
        ({"joint_names": ("a",) * 12}, "each once"),
        ({"joint_names": tuple("abc")}, r"expected shape \(31, 3\), found \(31, 12\)"),
        ({"root_quat_w": np.full((31, 4), 2.0)}, "unit length, found 4 at frame 0"),
        ({"root_quat_w": np.zeros((31, 4))}, "unit length, found 0 at frame 0"),
        ({"root_pos_w": np.zeros((30, 3))}, r"root_pos_w: expected shape \(31, 3\)"),
    ],
)
def test_a_clip_that_makes_no_sense_is_refused(make_clip, fields, message):
    with pytest.raises(InputError, match=message):
        dataclasses.replace(make_clip(), **fields)


def test_one_frame_is_no_motion(make_clip):
    with pytest.raises(InputError, match="at least 2 frames, found 1"):
        make_clip(root_pos_w=np.zeros((1, 3)), root_quat_w=[[1, 0, 0, 0]], joint_pos=[[0.0] * 12])


def test_the_sign_of_a_quaternion_does_not_matter(make_clip):
    clip = make_clip()
    signs = np.random.default_rng(1).choice([-1.0, 1.0], (clip.num_frames, 1))
    flipped = make_clip(root_quat_w=clip.root_quat_w * signs)
    assert np.all(np.sum(flipped.root_quat_w[1:] * flipped.root_quat_w[:-1], axis=1) > 0)
    assert np.allclose(rotations.angle_between(flipped.root_quat_w, clip.root_quat_w), 0, atol=1e-7)
    for ours, theirs in zip(frame_velocities(flipped), frame_velocities(clip), strict=True):
        assert np.allclose(ours, theirs, atol=1e-9)


def test_reordering_goes_by_name(make_clip, go2):
    clip = make_clip()
    order = np.random.default_rng(2).permutation(12)
    names = tuple(go2.joint_names[k] for k in order)
    shuffled = clip.in_order(names)
    assert shuffled.joint_names == names
    for name in names:
        column = shuffled.joint_pos[:, names.index(name)]
        assert np.array_equal(column, clip.joint_pos[:, clip.joint_names.index(name)])
    assert np.array_equal(shuffled.in_order(go2.joint_names).joint_pos, clip.joint_pos)


def test_reordering_names_the_joint_that_is_missing(make_clip, go2):
    with pytest.raises(InputError, match="no joint 'FL_knee_joint'; did you mean"):
        make_clip().in_order(("FL_knee_joint", *go2.joint_names[1:]))
    with pytest.raises(InputError, match="left over: RR_calf_joint"):
        make_clip().in_order(go2.joint_names[:-1])


def test_mean_velocity_is_in_the_heading_frame_of_the_first_frame(make_clip):
    clip = make_clip()
    turn = rotations.from_heading(np.array(1.1))
    turned = make_clip(
        root_pos_w=rotations.rotate(turn, clip.root_pos_w),
        root_quat_w=rotations.multiply(turn, clip.root_quat_w),
    )
    assert np.allclose(turned.mean_velocity_xy, clip.mean_velocity_xy)
    speed = np.linalg.norm(clip.root_pos_w[-1] - clip.root_pos_w[0]) / clip.duration_s
    assert np.isclose(np.linalg.norm(clip.mean_velocity_xy), speed)
    assert np.isclose(clip.duration_s, 30 / 40.0)
