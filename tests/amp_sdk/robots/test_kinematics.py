"""Forward kinematics in NumPy equals MuJoCo's and moves with the base."""

from __future__ import annotations

import numpy as np
import pytest

from amp_sdk import robots, rotations
from amp_sdk.errors import InputError
from amp_sdk.robots import mjcf
from amp_sdk.robots.kinematics import KinematicTree


@pytest.fixture(params=robots.names())
def spec(request):
    return robots.load(request.param)


@pytest.fixture
def tree(spec):
    return KinematicTree.from_mjcf(spec.mjcf_path)


def random_poses(spec, count, seed=0):
    rng = np.random.default_rng(seed)
    size = (count, len(spec.joint_names))
    angles = rng.uniform(spec.joint_lower_rad, spec.joint_upper_rad, size=size)
    return rng.normal(size=(count, 3)), rotations.normalize(rng.normal(size=(count, 4))), angles


def test_equals_mujoco(spec, tree):
    mujoco = pytest.importorskip("mujoco", reason="needs MuJoCo")
    model = mujoco.MjModel.from_xml_path(str(spec.mjcf_path))
    data = mujoco.MjData(model)
    pos, quat, angles = random_poses(spec, 200)
    body_pos, body_quat = tree.forward(pos, quat, angles)
    assert [model.body(i).name for i in range(1, model.nbody)] == list(tree.body_names)
    for i in range(len(pos)):
        data.qpos[:] = np.concatenate([pos[i], quat[i], angles[i]])
        mujoco.mj_kinematics(model, data)
        np.testing.assert_allclose(body_pos[i], data.xpos[1:], rtol=0, atol=1e-9)
        np.testing.assert_allclose(
            rotations.to_matrix(body_quat[i]).reshape(-1, 9), data.xmat[1:], rtol=0, atol=1e-9
        )


def test_turning_and_moving_the_base_turns_and_moves_all_links(spec, tree):
    pos, quat, angles = random_poses(spec, 20)
    turn = rotations.from_exp_map([0.3, -1.2, 0.7])
    shift = np.array([1.0, -2.0, 0.5])
    body_pos, body_quat = tree.forward(pos, quat, angles)
    moved_pos, moved_quat = tree.forward(
        rotations.rotate(turn, pos) + shift, rotations.multiply(turn, quat), angles
    )
    np.testing.assert_allclose(moved_pos, rotations.rotate(turn, body_pos) + shift, atol=1e-12)
    np.testing.assert_allclose(moved_quat, rotations.multiply(turn, body_quat), atol=1e-12)


def test_batches_and_precision(spec, tree):
    pos, quat, angles = random_poses(spec, 6)
    body_pos, body_quat = tree.forward(pos, quat, angles)
    assert body_pos.shape == (6, len(tree.body_names), 3) and body_quat.dtype == np.float64
    grid = [value.reshape(2, 3, -1) for value in (pos, quat, angles)]
    np.testing.assert_array_equal(tree.forward(*grid)[0].reshape(body_pos.shape), body_pos)
    singles = tree.forward(*(value.astype(np.float32) for value in (pos, quat, angles)))
    assert singles[0].dtype == singles[1].dtype == np.float32
    np.testing.assert_allclose(singles[0], body_pos, atol=5e-6)
    empty = tree.forward(pos[:0], quat[:0], angles[:0])
    assert empty[0].shape == (0, len(tree.body_names), 3)


def test_base_quaternion_is_normalised(spec, tree):
    pos, quat, angles = random_poses(spec, 3)
    np.testing.assert_allclose(
        tree.forward(pos, 7 * quat, angles)[0], tree.forward(pos, quat, angles)[0], atol=1e-12
    )


def test_joint_rotations_are_the_turns_between_links(spec, tree):
    """A link's turn against its parent is the mounting followed by its joints' turns in order."""
    pos, quat, angles = random_poses(spec, 5)
    _, body_quat = tree.forward(pos, quat, angles)
    _, expected = tree.forward(pos, quat, np.zeros_like(angles))

    def against_parent(q):
        return rotations.multiply(rotations.conjugate(q[:, tree.parent[1:]]), q[:, 1:])

    body_quat, expected = against_parent(body_quat), against_parent(expected)
    turns = tree.joint_rotations(angles)
    for joint, body in enumerate(tree.joint_body):
        expected[:, body - 1] = rotations.multiply(expected[:, body - 1], turns[:, joint])
    assert np.max(rotations.angle_between(expected, body_quat)) < 1e-7


def test_anchors_and_several_joints_on_a_link(tmp_path):
    """Joints with an anchor away from the link's origin, two on one link, as MuJoCo has them."""
    mujoco = pytest.importorskip("mujoco", reason="needs MuJoCo")
    joint = 'range="-3 3" actuatorfrcrange="-1 1"'
    path = tmp_path / "robot.xml"
    path.write_text(
        '<mujoco><compiler angle="radian"/><worldbody><body name="base"><freejoint/>'
        '<geom size="0.1"/><body name="arm" pos="0.1 0.2 0.3" quat="2 0.2 0.4 0.6">'
        f'<joint name="a" axis="0 2 0" pos="0.1 0 0" {joint}/>'
        f'<joint name="b" axis="1 1 0" pos="0 0.2 0" {joint}/><geom size="0.1"/></body>'
        "</body></worldbody></mujoco>"
    )
    tree = KinematicTree.from_mjcf(path)
    model = mujoco.MjModel.from_xml_path(str(path))
    data = mujoco.MjData(model)
    data.qpos[7:] = 0.7, -1.1
    mujoco.mj_kinematics(model, data)
    pos, quat = tree.forward(np.zeros(3), [1.0, 0, 0, 0], [0.7, -1.1])
    np.testing.assert_allclose(pos, data.xpos[1:], atol=1e-12)
    np.testing.assert_allclose(quat, data.xquat[1:], atol=1e-12)


def test_wrong_input(spec, tree):
    with pytest.raises(InputError, match=f"expected {len(spec.joint_names)} per pose"):
        tree.forward(np.zeros((1, 3)), [[1.0, 0, 0, 0]], np.zeros((1, 3)))
    with pytest.raises(InputError, match="unknown body 'FL_fot'; .*valid: "):
        tree.body_index(["FL_fot"])


def test_reader_refuses_a_second_root(tmp_path):
    path = tmp_path / "robot.xml"
    path.write_text(
        '<mujoco><compiler angle="radian"/><worldbody><body name="a"/><body name="b"/>'
        "</worldbody></mujoco>"
    )
    with pytest.raises(InputError, match="expected one body in <worldbody>, found 2"):
        mjcf.read(path)
