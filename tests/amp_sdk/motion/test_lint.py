from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from amp_sdk.errors import InputError
from amp_sdk.motion import GENERATORS, load_clip, read_raw
from amp_sdk.motion.lint import lint
from amp_sdk.motion.load import of_clip


@pytest.fixture
def trot(go2):
    """A clean motion; tests break it."""
    return of_clip(load_clip("go2_trot", go2))


def found(raw, robot, **options):
    return {finding.check: finding for finding in lint(raw, robot, **options)}


def changed(raw, field, index, value, add=False):
    array = np.array(getattr(raw, field))
    array[index] = array[index] + value if add else value
    return dataclasses.replace(raw, **{field: array})


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("fps", [50.0, 120.0])
def test_our_own_motion_is_clean(go2, name, fps):
    assert lint(read_raw(name, go2, fps), go2) == []


def test_a_number_that_is_none(go2, trot):
    for value in (np.nan, np.inf):
        finding = found(changed(trot, "joint_pos", (slice(3, 6), 4), value), go2)["not_finite"]
        assert finding.level == "problem" and finding.frames == (3, 4, 5)
        assert "FR_thigh_joint: 3 of 46" in finding.message
    everywhere = changed(trot, "joint_pos", (slice(None), 0), np.nan)
    assert set(found(everywhere, go2)) == {"not_finite", "feet"}


def test_a_broken_joint_limit(go2, trot):
    limit = go2.joint_upper_rad[5]
    finding = found(changed(trot, "joint_pos", (slice(7, 9), 5), limit + 0.3), go2)["joint_limit"]
    assert finding.frames == (7, 8) and np.isclose(finding.worst, 0.3)
    assert "FR_calf_joint: up to 0.3 rad" in finding.message


def test_a_velocity_spike(go2, trot):
    finding = found(changed(trot, "joint_pos", (20, 1), 0.5, add=True), go2)["joint_speed"]
    assert "FL_thigh_joint" in finding.message and set(finding.frames) <= {19, 20}
    assert "joint_speed" in found(trot, go2, fps=400.0)


def test_a_jump_of_the_base(go2, trot):
    late = slice(10, None)
    assert "root_jump" in found(changed(trot, "root_pos_w", (late, 0), 1.0, add=True), go2)
    turned = changed(trot, "root_quat_w", late, [0.0, 0.0, 0.0, 1.0])
    assert found(turned, go2)["root_jump"].frames == (9,)


def test_repeated_frames(go2, trot):
    fields = ("root_pos_w", "root_quat_w", "joint_pos")
    doubled = {
        name: np.concatenate([getattr(trot, name)[:1]] * 2 + [getattr(trot, name)])
        for name in fields
    }
    finding = found(dataclasses.replace(trot, **doubled), go2)["first_frame_repeated"]
    assert finding.worst == 3 and finding.frames == (0, 1, 2)
    twice = {name: np.repeat(getattr(trot, name), 2, axis=0)[1:] for name in fields}
    findings = found(dataclasses.replace(trot, **twice), go2)
    assert findings["frame_repeated"].worst == 45 and "first_frame_repeated" not in findings


def test_quaternions(go2, trot):
    long = changed(trot, "root_quat_w", 4, [1.1, 0, 0, 0])
    finding = found(long, go2)["quaternion_length"]
    assert finding.frames == (4,) and np.isclose(finding.worst, 0.1)
    flipped = changed(trot, "root_quat_w", 4, [-1.0, 0, 0, 0])
    finding = found(flipped, go2)["quaternion_sign"]
    assert finding.level == "note" and finding.frames == (4, 5)


def test_feet(go2, trot):
    everywhere = (slice(None), 2)
    assert np.isclose(
        found(changed(trot, "root_pos_w", everywhere, -0.05, add=True), go2)["feet_sink"].worst,
        0.05,
        atol=0.002,
    )
    assert "feet_hover" in found(changed(trot, "root_pos_w", everywhere, 0.1, add=True), go2)
    still = np.zeros(len(trot.root_pos_w))
    sliding = found(changed(trot, "root_pos_w", (slice(None), 0), still), go2)["foot_slides"]
    assert np.isclose(sliding.worst, 0.9, atol=0.1)


def test_a_loop_that_does_not_close(go2, trot, make_clip):
    cut = {name: getattr(trot, name)[:30] for name in ("root_pos_w", "root_quat_w", "joint_pos")}
    raw = dataclasses.replace(trot, **cut)
    assert found(raw, go2)["loop_gap"].level == "problem"
    assert "loop_gap" not in found(raw, go2, loop="clamp")
    raw = of_clip(make_clip())
    cut = {name: getattr(raw, name)[:-1] for name in ("root_pos_w", "root_quat_w", "joint_pos")}
    assert found(dataclasses.replace(raw, **cut), go2)["loop_gap"].level == "note"


def test_a_wrapped_turn(go2, make_clip):
    turning = make_clip(turn_rad=0.5)
    assert np.isclose(found(of_clip(turning), go2)["loop_turn"].worst, 0.5, atol=0.01)
    assert "loop_turn" not in found(of_clip(dataclasses.replace(turning, wrap_heading=True)), go2)


def test_stored_velocities(tmp_path, go2, make_clip, write_amp_for_hardware):
    legs = ("FR", "FL", "RR", "RL")
    path = write_amp_for_hardware(tmp_path / "a.txt", make_clip(), legs)
    raw = read_raw(path, go2)
    assert not {"frame_rate", "first_velocity"} & set(found(raw, go2))
    finding = found(raw, go2, fps=20.0)["frame_rate"]
    assert "fit 40 frames per second, the file says 20" in finding.message
    velocity = np.array(raw.joint_vel)
    velocity[0] += 50.0
    assert "first_velocity" in found(dataclasses.replace(raw, joint_vel=velocity), go2)


def test_a_motion_without_a_frame_rate_is_refused(go2, trot):
    with pytest.raises(InputError, match="does not store its frame rate"):
        lint(dataclasses.replace(trot, fps=None), go2)
    with pytest.raises(InputError, match="frame rate above zero, found -1"):
        lint(trot, go2, fps=-1)
