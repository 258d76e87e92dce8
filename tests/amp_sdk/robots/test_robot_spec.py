"""RobotSpec says what the MJCF says, and a wrong robot file is refused with what to do."""

from __future__ import annotations

import dataclasses
import math
import shutil
import subprocess
import sys

import numpy as np
import pytest

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_sdk.robots.kinematics import KinematicTree

GO2_MOTORS = [
    f"{leg}_{part}_joint" for leg in ("FR", "FL", "RR", "RL") for part in ("hip", "thigh", "calf")
]
SIDES = {"left_": "right_", "l_": "r_", "L_": "R_", "FL_": "FR_", "RL_": "RR_"}
LEG = ["hip_pitch", "hip_roll", "hip_yaw", "knee", "ankle_pitch", "ankle_roll"]
ARM = [
    "shoulder_pitch",
    "shoulder_roll",
    "shoulder_yaw",
    "elbow",
    "wrist_roll",
    "wrist_pitch",
    "wrist_yaw",
]
G1_MOTORS = [
    f"{joint}_joint"
    for joint in [
        *(f"left_{part}" for part in LEG),
        *(f"right_{part}" for part in LEG),
        *(f"waist_{part}" for part in ("yaw", "roll", "pitch")),
        *(f"left_{part}" for part in ARM),
        *(f"right_{part}" for part in ARM),
    ]
]


@pytest.fixture(params=robots.names())
def spec(request):
    return robots.load(request.param)


@pytest.fixture
def copy(tmp_path):
    """Copies of the Go2's files and a function that replaces text in one of them."""
    source = robots.load("go2").mjcf_path
    files = {kind: tmp_path / f"robot.{kind}" for kind in ("xml", "yaml")}
    for kind, path in files.items():
        shutil.copy(source.with_suffix(f".{kind}"), path)

    def replace(kind, old, new, count=1):
        text = files[kind].read_text()
        assert old in text
        files[kind].write_text(text.replace(old, new, count))
        return files["yaml"]

    return replace


def test_names_and_unknown_robot():
    assert {"go2", "g1_29dof"} <= set(robots.names())
    with pytest.raises(
        InputError, match=r"unknown robot 'go3'; did you mean 'go2'\? valid: .*g1_29dof"
    ):
        robots.load("go3")
    with pytest.raises(InputError, match="valid: .*go2"):
        robots.load("../robots/go2")


def test_loaded_once_and_read_only(spec):
    assert robots.load(spec.name) is spec
    for field in dataclasses.fields(spec):
        value = getattr(spec, field.name)
        if isinstance(value, np.ndarray):
            assert value.shape == (len(spec.joint_names),) and value.dtype == np.float64
            with pytest.raises(ValueError, match="read-only"):
                value[0] = 1.0


@pytest.mark.parametrize(
    ("name", "vendor"),
    [
        ("go2", GO2_MOTORS),
        ("g1_12dof", G1_MOTORS),
        ("g1_23dof", G1_MOTORS),
        ("g1_29dof", G1_MOTORS),
    ],
)
def test_motor_order(name, vendor):
    """The G1s with fewer joints leave gaps in the motor numbers of the one with 29."""
    spec = robots.load(name)
    motors = [vendor[slot] for slot in spec.wire_slots]
    assert set(motors) == set(spec.joint_names)
    assert list(spec.wire_names) == motors
    to_wire, to_joint = (
        spec.joint_index(spec.wire_names),
        np.argsort(spec.joint_index(spec.wire_names)),
    )
    angles = np.arange(len(motors))
    assert [spec.joint_names[i] for i in to_wire] == motors
    np.testing.assert_array_equal(angles[to_wire][to_joint], angles)


def test_unknown_joint(spec):
    wrong = spec.joint_names[1] + "t"
    with pytest.raises(InputError) as error:
        spec.joint_index([spec.joint_names[0], wrong])
    assert f"did you mean '{spec.joint_names[1]}'?" in str(error.value)
    assert all(name in str(error.value) for name in (spec.name, wrong, *spec.joint_names))


def test_names_refer_to_links_of_the_robot(spec):
    tree = KinematicTree.from_mjcf(spec.mjcf_path)
    assert tree.body_names[0] == spec.base_body and tree.joint_names == spec.joint_names
    assert len(set(tree.body_index(spec.foot_bodies))) == len(spec.foot_bodies)
    assert set(spec.foot_bodies) <= set(spec.key_bodies)
    assert len(set(tree.body_index(spec.key_bodies))) == len(spec.key_bodies)


def test_go2_numbers():
    spec = robots.load("go2")
    by_part = [[23.7, 23.7, 45.43]] * 4
    np.testing.assert_array_equal(spec.effort_limit_nm.reshape(4, 3), by_part)
    np.testing.assert_array_equal(spec.default_joint_pos_rad.reshape(4, 3), [[0, 0.9, -1.8]] * 4)
    assert set(spec.kp) == {40.0} and set(spec.kd) == {1.0} and set(spec.action_scale) == {0.25}


@pytest.mark.parametrize("name", ["g1_12dof", "g1_23dof", "g1_29dof"])
def test_g1_gains_follow_from_the_reflected_inertia(name):
    """kp = I w^2, kd = 2 zeta I w, scale = tau / (4 kp) with w = 2 pi 10 rad/s, zeta = 2."""
    spec = robots.load(name)
    w = 2 * math.pi * 10
    np.testing.assert_allclose(spec.kp, spec.armature * w**2, rtol=1e-9)
    np.testing.assert_allclose(spec.kd, 4 * spec.armature * w, rtol=1e-9)
    np.testing.assert_allclose(spec.action_scale, spec.effort_limit_nm / (4 * spec.kp), rtol=1e-9)
    published = {
        "left_knee_joint": 99.098,
        "left_ankle_roll_joint": 28.501,
        "left_elbow_joint": 14.251,
        "left_wrist_yaw_joint": 16.778,
    }
    here = [joint for joint in published if joint in spec.joint_names]
    np.testing.assert_allclose(
        spec.kp[spec.joint_index(here)], [published[joint] for joint in here], atol=5e-4
    )


def test_left_and_right_are_alike(spec):
    """The mirror image of a turn about y is the same turn; about x or z it is the opposite one."""
    pairs = [
        (name, other + name[len(side) :])
        for side, other in SIDES.items()
        for name in spec.joint_names
        if name.startswith(side)
    ]
    left, right = (spec.joint_index(names) for names in zip(*pairs, strict=True))
    for field in ("kp", "kd", "armature", "effort_limit_nm", "velocity_limit_rad_s"):
        np.testing.assert_array_equal(getattr(spec, field)[left], getattr(spec, field)[right])
    axis = KinematicTree.from_mjcf(spec.mjcf_path).joint_axis
    np.testing.assert_array_equal(axis[left], axis[right])
    flips = np.abs(axis[left, 1]) < 0.5
    mirrored = np.where(flips, -1.0, 1.0)
    lower, upper = spec.joint_lower_rad, spec.joint_upper_rad
    np.testing.assert_array_equal(lower[right], np.where(flips, -upper[left], lower[left]))
    np.testing.assert_array_equal(upper[right], np.where(flips, -lower[left], upper[left]))
    pose = spec.default_joint_pos_rad
    # SMPL's legs differ by 7 mm in length, so one knee is bent more
    tolerance = 0.2 if spec.name == "smpl" else 0
    np.testing.assert_allclose(pose[right], pose[left] * mirrored, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        ("yaml", "variant:", "varient:", "unknown key 'varient'; did you mean 'variant'"),
        ("yaml", "FL_calf_joint: -1.8", "FL_calf_joint: 0.0", "default pose is outside"),
        ("yaml", "FL_calf_joint: -1.8", "FL_clf_joint: -1.8", "did you mean 'FL_calf_joint'"),
        (
            "yaml",
            "[FL_calf_joint, FR_calf_joint,",
            "[FR_calf_joint,",
            "motors: missing FL_calf_joint",
        ),
        (
            "yaml",
            "[FR_hip_joint,",
            "[FR_thigh_joint,",
            "wire_names: joint 'FR_thigh_joint' is listed 2",
        ),
        (
            "yaml",
            "foot_bodies:",
            "wire_slots: [0, 1]\nfoot_bodies:",
            "wire_slots: expected 12 different motor numbers",
        ),
        ("yaml", "base_link", "base", "base_body: expected 'base_link', found 'base'"),
        ("yaml", "imu_site: imu", "imu_site: imo", "unknown site 'imo'; did you mean 'imu'"),
        ("yaml", "foot_bodies: [FL_foot", "foot_bodies: [FL_fot", "did you mean 'FL_foot'"),
        ("yaml", "kp: 40.0", "kp: 0.0", "kp must be above zero"),
        ("yaml", "kp: 40.0", "kp: .nan", "hip_and_thigh.kp': expected a finite number"),
        ("xml", 'angle="radian"', 'angle="degree"', "angles must be in radians"),
        (
            "xml",
            '<body name="FL_hip"',
            '<body name="FL_hip" euler="0 0 0"',
            "write 'euler' as 'quat'",
        ),
        ("xml", 'axis="1 0 0"', 'axis="1 0"', "expected 'axis' with 3 numbers, found '1 0'"),
        ("xml", 'axis="1 0 0"', 'type="slide" axis="1 0 0"', "expected a hinge"),
        ("xml", 'range="-1.0472 1.0472"', 'range="1.0472 -1.0472"', "expected range 'lower upper'"),
        ("xml", '"-23.7 23.7"', '"-20 23.7"', "actuatorfrcrange '-limit limit'"),
        ("xml", '<freejoint name="floating_base"/>', "", "expected one <freejoint> on the first"),
        ("xml", "</mujoco>", "", "cannot read the robot file"),
    ],
)
def test_wrong_robot_files(copy, kind, old, new, message):
    path = copy(kind, old, new)
    with pytest.raises(InputError) as error:
        robots.load_file(path)
    assert message in str(error.value)
    assert str(path.parent) in str(error.value)


def test_missing_files(tmp_path, copy):
    with pytest.raises(InputError, match="cannot read .*absent.yaml"):
        robots.load_file(tmp_path / "absent.yaml")
    (tmp_path / "robot.xml").unlink()
    with pytest.raises(InputError, match="cannot read the robot file .*robot.xml"):
        robots.load_file(tmp_path / "robot.yaml")


def test_array_of_another_length_is_refused():
    spec = robots.load("go2")
    with pytest.raises(InputError, match="kp: expected 12 finite numbers"):
        dataclasses.replace(spec, kp=spec.kp[:11])


def test_needs_no_simulator():
    code = (
        "import sys, amp_sdk.robots as r\n"
        "from amp_sdk.robots.kinematics import KinematicTree\n"
        "KinematicTree.from_mjcf(r.load('go2').mjcf_path)\n"
        "assert not {'mujoco', 'torch', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
