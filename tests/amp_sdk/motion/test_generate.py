from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amp_sdk.errors import InputError
from amp_sdk.motion import GENERATORS, GaitParameters, MotionLibrary, generate, load_clip
from amp_sdk.motion.leg_ik import Leg
from amp_sdk.motion.velocity import frame_velocities
from amp_sdk.robots.kinematics import KinematicTree

LEGS = ("FL", "FR", "RL", "RR")
GAITS = ("go2_trot", "go2_pace")


@pytest.fixture(scope="module")
def legs(go2):
    return [Leg.of(go2, name) for name in LEGS]


def foot_centres_w(clip, legs, go2):
    """[T, 4, 3] m; the trunk is level."""
    feet = [leg.foot_centre_b(clip.joint_pos[:, go2.joint_index(leg.joint_names)]) for leg in legs]
    return np.stack(feet, axis=1) + clip.root_pos_w[:, None]


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.sampled_from(range(4)))
@settings(max_examples=100, deadline=None)
def test_inverse_kinematics_inverts(go2, legs, share, which):
    leg = legs[which]
    index = go2.joint_index(leg.joint_names)
    low, high = go2.joint_lower_rad[index], go2.joint_upper_rad[index]
    low = np.maximum(low, [-0.8, -1.0, -2.6])  # the foot stays below the hip
    high = np.minimum(high, [0.8, 1.4, -0.9])
    angles = low + np.array(share) * (high - low)
    place = leg.foot_centre_b(angles)
    assert np.allclose(leg.foot_centre_b(leg.angles_rad(place)), place, atol=1e-12)
    below = leg.thigh_m * np.cos(angles[1]) + leg.foot[1] * np.cos(angles[1] + angles[2])
    if below > 0.05:
        assert np.allclose(leg.angles_rad(place), angles, atol=1e-9)


def test_legs_are_those_of_the_robot(go2, legs):
    """Forward kinematics of a leg is that of the whole robot, up to the sphere in the foot."""
    tree = KinematicTree.from_mjcf(go2.mjcf_path)
    rng = np.random.default_rng(0)
    pose = rng.uniform(go2.joint_lower_rad, go2.joint_upper_rad, (50, 12))
    level = np.tile([1.0, 0, 0, 0], (50, 1))
    body_pos, _ = tree.forward(np.zeros((50, 3)), level, pose)
    for leg in legs:
        foot = body_pos[:, tree.body_index([f"{leg.name}_foot"])[0]]
        centre = leg.foot_centre_b(pose[:, go2.joint_index(leg.joint_names)])
        assert np.allclose(np.linalg.norm(centre - foot, axis=1), 0.002, atol=1e-9)
        assert np.isclose(leg.sole_m, 0.022, atol=1e-6)


@given(
    gait=st.sampled_from(GAITS),
    speed=st.floats(-0.8, 1.1),
    frequency=st.floats(1.8, 2.6),
    duty=st.floats(0.5, 0.65),
    swing=st.floats(0.03, 0.09),
    fps=st.sampled_from([30.0, 50.0, 100.0, 173.0]),
)
@settings(max_examples=30, deadline=None)
def test_gaits_are_consistent(go2, legs, gait, speed, frequency, duty, swing, fps):
    given_ = GaitParameters(speed, frequency, duty, swing, None, fps)
    clip = generate(gait, go2, given_)
    assert clip.loop == "wrap" and clip.fps == fps and clip.joint_names == go2.joint_names
    steps = clip.num_frames - 1
    assert abs(fps / frequency - steps) <= 0.5 + 1e-9
    # periodic to machine precision
    assert np.array_equal(clip.joint_pos[0], clip.joint_pos[-1])
    assert np.array_equal(clip.root_pos_w[0, 1:], clip.root_pos_w[-1, 1:])
    assert np.allclose(clip.mean_velocity_xy, [speed, 0.0], atol=1e-12)
    # within the limits of joints and motors
    assert np.all(clip.joint_pos >= go2.joint_lower_rad)
    assert np.all(clip.joint_pos <= go2.joint_upper_rad)
    assert np.all(np.abs(frame_velocities(clip)[2]) <= go2.velocity_limit_rad_s)
    # feet: on the ground they rest, elsewhere they are above it and not too high
    feet = foot_centres_w(clip, legs, go2)
    height = feet[..., 2] - legs[0].sole_m
    assert height.min() > -1e-9 and height.max() <= swing + 1e-9
    on_ground = height < 1e-9
    assert abs(on_ground[:-1].mean() - duty) <= 1.5 / steps
    slide = np.linalg.norm(np.diff(feet[..., :2], axis=0), axis=-1)[on_ground[1:] & on_ground[:-1]]
    assert slide.max() < 1e-9
    # always carried, and as wide as it stands on average
    assert on_ground.any(axis=1).all()
    width = np.abs(feet[..., 1])
    assert np.allclose(width, abs(feet[0, 0, 1]), atol=1e-9)


def phase_of_touch_down(clip, legs, go2):
    height = foot_centres_w(clip, legs, go2)[:-1, :, 2] - legs[0].sole_m
    down = (height < 1e-9) & (np.roll(height, 1, axis=0) >= 1e-9)
    return np.argmax(down, axis=0) / len(height)


@pytest.mark.parametrize(("gait", "partner", "other"), [("go2_trot", 3, 1), ("go2_pace", 2, 1)])
def test_the_right_legs_move_together(go2, legs, gait, partner, other):
    phase = phase_of_touch_down(generate(gait, go2), legs, go2)
    steps = generate(gait, go2).num_frames - 1
    assert phase[0] == phase[partner]
    assert abs(abs(phase[0] - phase[other]) - 0.5) <= 1 / steps


def test_a_pace_sways_over_the_feet_that_carry_it(go2, legs):
    clip = generate("go2_pace", go2)
    feet = foot_centres_w(clip, legs, go2)
    carries = feet[..., 2] < legs[0].sole_m + 1e-9
    side = (feet[..., 1] * carries).sum(axis=1) / carries.sum(axis=1)
    sway = clip.root_pos_w[:, 1]
    assert 0.01 < sway.max() < 0.05
    assert np.corrcoef(side, sway)[0, 1] > 0.9
    assert np.ptp(generate("go2_trot", go2).root_pos_w[:, 1]) < 1e-9


def test_the_stand_is_the_stand_pose(go2, legs):
    clip = generate("go2_stand", go2)
    assert np.allclose(clip.joint_pos, go2.default_joint_pos_rad, atol=1e-9)
    assert np.allclose(clip.root_pos_w, [0, 0, go2.default_base_height_m])
    assert np.isclose(clip.duration_s, 1.0)
    assert not np.any(MotionLibrary([clip], go2).state([0], [0.3]).joint_vel)
    low = generate("go2_stand", go2, GaitParameters(body_height_m=0.25))
    assert np.allclose(foot_centres_w(low, legs, go2), foot_centres_w(clip, legs, go2), atol=1e-9)


def test_left_and_right_mirror_each_other(go2):
    """Half a cycle later the right legs do what the left ones did."""
    for gait in GAITS:
        clip = generate(gait, go2, GaitParameters(frequency_hz=2.0))
        half = (clip.num_frames - 1) // 2
        later = np.roll(clip.joint_pos[:-1], -half, axis=0)
        for left, right in (("FL", "FR"), ("RL", "RR")):
            for part, sign in (("hip", -1), ("thigh", 1), ("calf", 1)):
                a, b = go2.joint_index([f"{leg}_{part}_joint" for leg in (left, right)])
                assert np.allclose(clip.joint_pos[:-1, a], sign * later[:, b], atol=1e-9)


def test_the_source_repeats_the_clip(go2):
    clip = generate("go2_trot", go2, GaitParameters(speed_m_s=0.5, duty_factor=0.6, fps=60))
    name, arguments = re.fullmatch(r"(\w+)\((.*)\)", clip.source).groups()
    values = {key: float(value) for key, value in re.findall(r"(\w+)=([-.\w]+)", arguments)}
    again = generate(name, go2, GaitParameters(**values))
    assert np.allclose(again.joint_pos, clip.joint_pos, atol=1e-4)


def test_generators_load_by_name(go2, g1):
    for name in GENERATORS:
        clip = load_clip(name, go2, fps=60, loop="clamp")
        assert clip.name == name and clip.fps == 60 and clip.loop == "clamp"
        if name.startswith("go2"):
            with pytest.raises(InputError, match=f"{name} is a motion of go2, not of g1_29dof"):
                load_clip(name, g1)
    with pytest.raises(InputError, match="no motion generator 'go2_gallop'.*go2_trot"):
        generate("go2_gallop", go2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"speed_m_s": 4.0}, "cannot reach|exceed its"),
        ({"frequency_hz": 6.0}, "velocity limit"),
        ({"swing_height_m": 0.25}, "cannot reach|exceed its"),
        ({"body_height_m": 0.5}, "cannot reach"),
        ({"body_height_m": 0.08}, "position limit|cannot reach"),
        ({"duty_factor": 0.3}, "duty_factor: expected 0.5 to 0.9, found 0.3"),
        ({"frequency_hz": 0.0}, "frequency_hz: expected a number above zero, found 0.0"),
        ({"fps": 10.0}, "frames per cycle, found 5"),
        ({"fps": 1e6}, "fps: expected at most 10000"),
        ({"frequency_hz": 1e-6}, "frames per cycle"),
        ({"speed_m_s": float("nan")}, "speed_m_s: expected"),
    ],
)
def test_a_gait_that_cannot_be_is_refused(go2, fields, message):
    with pytest.raises(InputError, match=message):
        generate("go2_trot", go2, GaitParameters(**fields))


@pytest.mark.parametrize("gait", GAITS)
def test_a_robot_that_follows_the_joints_walks(go2, gait):
    """Joint PD control alone, without any balance, keeps the gait up in simulation."""
    mujoco = pytest.importorskip("mujoco")
    spec = mujoco.MjSpec.from_file(str(go2.mjcf_path))
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1])
    spec.option.timestep = 0.002
    model = spec.compile()
    data = mujoco.MjData(model)
    clip = generate(gait, go2)
    steps = 1500
    state = MotionLibrary([clip], go2).state(np.zeros(steps, int), np.arange(steps) * 0.002)
    data.qpos[:] = np.concatenate([state.root_pos_w[0], state.root_quat_w[0], state.joint_pos[0]])
    data.qvel[:3], data.qvel[6:] = state.root_lin_vel_w[0], state.joint_vel[0]
    for target, speed in zip(state.joint_pos, state.joint_vel, strict=True):
        torque = 80 * (target - data.qpos[7:]) + 2 * (speed - data.qvel[6:])
        data.ctrl[:] = np.clip(torque, -go2.effort_limit_nm, go2.effort_limit_nm)
        mujoco.mj_step(model, data)
    assert data.xmat[1].reshape(3, 3)[2, 2] > 0.9 and data.qpos[2] > 0.2
    assert data.qpos[0] > 0.5 * clip.mean_velocity_xy[0] * steps * 0.002
