"""Real clips of the three formats: they load, and their known defects are found."""

from __future__ import annotations

import numpy as np
import pytest

from amp_sdk import robots
from amp_sdk.errors import InputError, MotionWarning
from amp_sdk.motion import MotionLibrary, load_clip, read_raw
from amp_sdk.motion.compare import joint_error_dtw
from amp_sdk.motion.formats import orders
from amp_sdk.motion.lint import lint
from amp_sdk.robots.kinematics import KinematicTree

MIMICKIT = {
    "go2/go2_pace": (39, 60, "wrap", 1.13),
    "go2/go2_trot": (33, 60, "wrap", 1.85),
    "go2/go2_walk0": (473, 60, "clamp", 1.10),
    "go2/go2_walk1": (772, 60, "clamp", 0.74),
    "go2/go2_walk2": (491, 60, "clamp", 1.06),
    "g1/g1_double_kong": (156, 30, "clamp", 2.40),
    "g1/g1_run": (25, 30, "wrap", 2.82),
    "g1/g1_spinkick": (78, 60, "wrap", 0.27),
    "g1/g1_walk": (125, 120, "wrap", 1.00),
}
CHARACTERS = {
    "humanoid/humanoid_jog": (26, 30, 2.80),
    "humanoid/humanoid_run": (25, 30, 3.56),
    "humanoid/humanoid_walk": (125, 120, 1.26),
    "humanoid/humanoid_zombie_walk": (102, 60, 0.67),
    "smpl/smpl_jog": (26, 30, 2.81),
    "smpl/smpl_run": (25, 30, 3.56),
    "smpl/smpl_walk": (125, 120, 1.26),
    "pi_plus/pi_plus_walk": (240, 50, 0.36),
}
AMP_FOR_HARDWARE = {
    "canter0": 50, "go2_forward": 149, "go2_stance": 147, "left_turn0": 46, "pace0": 39,
    "pace1": 199, "right_turn0": 39, "trot0": 33, "trot1": 147,
}  # fmt: skip
UNITREE_CSV = {"g1_dance_102_60hz": 1749, "g1_hands_up_60hz": 442}


def checks(source, robot, **options):
    return {finding.check for finding in lint(read_raw(source, robot), robot, **options)}


@pytest.mark.parametrize("name", MIMICKIT)
def test_mimickit(real_clip, go2, g1, name):
    robot = go2 if name.startswith("go2") else g1
    frames, fps, loop, speed = MIMICKIT[name]
    clip = load_clip(real_clip(f"mimickit/{name}.pkl"), robot)
    assert (clip.num_frames, clip.fps, clip.loop) == (frames, fps, loop)
    assert np.isclose(np.linalg.norm(clip.mean_velocity_xy), speed, atol=0.01)
    state = MotionLibrary([clip], robot).state([0, 0], [-3.0, 100.0])
    assert np.all(np.isfinite(state.joint_vel)) and np.all(np.isfinite(state.key_pos_w))


@pytest.mark.filterwarnings("ignore::amp_sdk.errors.MotionWarning")
@pytest.mark.parametrize("name", CHARACTERS)
def test_mimickit_characters(real_clip, name):
    """Exponential maps become hinge angles that keep the limits and put the feet on the ground."""
    robot = robots.load(name.split("/")[0])
    frames, fps, speed = CHARACTERS[name]
    clip = load_clip(real_clip(f"mimickit/{name}.pkl"), robot)
    assert (clip.num_frames, clip.fps) == (frames, fps)
    assert np.isclose(np.linalg.norm(clip.mean_velocity_xy), speed, atol=0.01)
    excess = np.maximum(
        robot.joint_lower_rad - clip.joint_pos, clip.joint_pos - robot.joint_upper_rad
    )
    assert excess.max() < 0.02
    soles = lowest_foot(robot, clip.root_pos_w, clip.root_quat_w, clip.joint_pos)
    assert -0.06 < soles.min() and np.median(soles) < 0.04


def lowest_foot(robot, root_pos, root_quat, joint_pos):
    """Height [T] m of the lowest foot above where it is when the robot stands."""
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    feet = tree.body_index(robot.foot_bodies)
    pose = [0.0, 0.0, robot.default_base_height_m], [1.0, 0.0, 0.0, 0.0]
    stand = tree.forward(*map(np.array, pose), robot.default_joint_pos_rad)[0][feet, 2].min()
    return tree.forward(root_pos, root_quat, joint_pos)[0][:, feet, 2].min(axis=1) - stand


def test_a_neck_that_is_unknown_is_held_with_a_warning(real_clip):
    robot = robots.load("humanoid")
    with pytest.warns(MotionWarning, match="neck_x, neck_y, neck_z: NaN in every frame"):
        clip = load_clip(real_clip("mimickit/humanoid/humanoid_walk.pkl"), robot)
    neck = robot.joint_index(["neck_x", "neck_y", "neck_z"])
    assert (clip.joint_pos[:, neck] == robot.default_joint_pos_rad[neck]).all()
    findings = lint(read_raw(real_clip("mimickit/humanoid/humanoid_walk.pkl"), robot), robot)
    assert "not_finite" in {finding.check for finding in findings}


@pytest.mark.parametrize("name", AMP_FOR_HARDWARE)
def test_amp_for_hardware(real_clip, go2, name):
    path = real_clip(f"amp_for_hardware_go2/{name}.txt")
    clip = load_clip(path, go2)
    assert clip.num_frames == AMP_FOR_HARDWARE[name] and clip.wrap_heading and clip.loop == "wrap"
    assert np.isclose(clip.fps, 50 if name.startswith("go2") else 1 / 0.01677)
    assert read_raw(path, go2).joint_names == orders.quadruped("FL", "FR", "RL", "RR")
    assert not checks(path, go2) & {"frame_rate", "first_velocity", "feet_sink", "not_finite"}


@pytest.mark.parametrize("name", UNITREE_CSV)
def test_unitree_csv(real_clip, g1, name):
    path = real_clip(f"unitree_csv/{name}.csv")
    clip = load_clip(path, g1, fps=60)
    assert clip.num_frames == UNITREE_CSV[name]
    assert checks(path, g1, fps=60) == set()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("go2/go2_walk2", {"joint_limit", "feet_sink"}),
        ("g1/g1_double_kong", {"joint_limit"}),
        ("g1/g1_walk", {"loop_gap"}),
    ],
)
def test_known_defects_are_found(real_clip, go2, g1, name, expected):
    robot = go2 if name.startswith("go2") else g1
    assert checks(real_clip(f"mimickit/{name}.pkl"), robot) == expected


def test_the_two_trots_are_one_dog(real_clip, go2):
    """One recording in two packs, retargeted differently: alike, and not like the pace."""
    trot = load_clip(real_clip("mimickit/go2/go2_trot.pkl"), go2)
    pace = load_clip(real_clip("mimickit/go2/go2_pace.pkl"), go2)
    other = load_clip(real_clip("amp_for_hardware_go2/trot0.txt"), go2)
    times = 0.02 * np.arange(200)
    pose = MotionLibrary([other], go2).state(np.zeros(200, int), times).joint_pos
    assert joint_error_dtw(pose, trot, 0.02) < 0.75 * joint_error_dtw(pose, pace, 0.02)


def test_holding_the_mean_pose_of_the_trot(real_clip, go2):
    trot = load_clip(real_clip("mimickit/go2/go2_trot.pkl"), go2)
    mean = np.tile(trot.joint_pos.mean(axis=0), (450, 1))
    assert np.isclose(joint_error_dtw(mean, trot, 0.02), 0.24, atol=0.01)


@pytest.mark.parametrize(
    "name",
    ["mimickit/humanoid/humanoid_walk.pkl", "phc_pkl/g1_23dof_apt_level1.pkl",
     "deepmimic_txt/dog3d_trot.txt", "poselib/amp_humanoid_walk.npy",
     "amass_like_npz/mgg_walk.npz", "dog_keypoints/dog_trot_joint_pos.txt", "cmu_asfamc/02_01.amc",
     "beyondmimic_npz/g1_hands_up_mjlab_order.npz"],
)  # fmt: skip
def test_other_clips_are_refused_in_words(real_clip, g1, name):
    with pytest.raises(InputError, match="expected|read"):
        load_clip(real_clip(name), g1, fps=30)
