"""Character features: published sizes, equality with NumPy float64, the parts that are seen."""

from __future__ import annotations

import kernel_reference
import numpy as np
import pytest
import torch
from small_session import small_recipe

from amp_sdk import robots, rotations
from amp_sdk.errors import InputError
from amp_sdk.robots.kinematics import KinematicTree
from amp_training.backends.base import StateLayout
from amp_training.build import build_session
from amp_training.config import DiscriminatorConfig
from amp_training.features import discriminator_features
from amp_training.joint_rotations import JointRotations
from amp_training.key_bodies import KeyBodies

CPU = torch.device("cpu")
PI_PLUS_KEYS = ("l_ankle_roll_link", "r_ankle_roll_link", "l_wrist_link", "r_wrist_link")
SMPL_KEYS = ("L_Ankle", "R_Ankle", "Head", "L_Hand", "R_Hand")


def layout_of(name: str) -> StateLayout:
    robot = robots.load(name)
    return StateLayout(len(robot.joint_names), len(robot.key_bodies))


def random_windows(name: str, n: int, steps: int, seed: int = 0) -> torch.Tensor:
    """Flat states [n, H, size] of a robot that is anywhere and turned anyhow."""
    robot, layout = robots.load(name), layout_of(name)
    generator = torch.Generator().manual_seed(seed)
    windows = torch.randn(n, steps, layout.size, generator=generator)
    state = layout.view(windows)
    state.root_quat_w.copy_(torch.nn.functional.normalize(state.root_quat_w, dim=-1))
    state.key_pos_b.copy_(KeyBodies(robot, CPU).positions_b(state.joint_pos))
    return windows


def size_of(name: str, config: DiscriminatorConfig) -> int:
    features = discriminator_features(config, robots.load(name), layout_of(name))
    return features(random_windows(name, 2, config.window)).shape[1] // config.window


@pytest.mark.parametrize(
    ("name", "keys", "size"),
    [
        ("humanoid", (), 142),
        ("g1_29dof", (), 239),
        ("go2", (), 135),
        ("smpl", SMPL_KEYS, 237),
        ("pi_plus", PI_PLUS_KEYS, 187),
    ],
)
def test_sizes_per_step_are_those_of_mimickit(name: str, keys: tuple, size: int) -> None:
    assert size_of(name, DiscriminatorConfig(features="character", key_bodies=keys)) == size


@pytest.mark.parametrize("heading_invariant", [True, False])
@pytest.mark.parametrize("window", [2, 10, 32])
def test_equals_numpy(heading_invariant: bool, window: int) -> None:
    robot, layout = robots.load("humanoid"), layout_of("humanoid")
    config = DiscriminatorConfig(
        features="character", window=window, heading_invariant=heading_invariant
    )
    windows = random_windows("humanoid", 5, window)
    found = discriminator_features(config, robot, layout)(windows)
    state = layout.view(windows.double())
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    pos, quat, joint_pos = (
        x.numpy() for x in (state.root_pos_w, state.root_quat_w, state.joint_pos)
    )
    bodies, body_quat = tree.forward(pos, quat, joint_pos)
    parent = body_quat[..., tree.parent[1:], :]
    local = rotations.multiply(rotations.conjugate(parent), body_quat[..., 1:, :])
    expected = kernel_reference.disc_obs(
        pos,
        quat,
        state.root_lin_vel_w.numpy(),
        rotations.rotate(quat, state.root_ang_vel_b.numpy()),
        local,
        state.joint_vel.numpy(),
        bodies[..., tree.body_index(robot.key_bodies), :],
        heading_invariant=heading_invariant,
        root_height=True,
    )
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-5)


def test_many_windows_at_once_are_the_same_as_few() -> None:
    config = DiscriminatorConfig(features="character")
    features = discriminator_features(config, robots.load("go2"), layout_of("go2"))
    windows = random_windows("go2", 4100, 2)
    assert torch.equal(features(windows)[4090:], features(windows[4090:]))


def test_only_the_chosen_joints_and_bodies_are_seen() -> None:
    """An unknown neck must not tell demonstrations from the policy."""
    robot, layout = robots.load("humanoid"), layout_of("humanoid")
    seen = tuple(name for name in robot.joint_names if not name.startswith("neck"))
    keys = ("right_foot", "left_foot", "right_hand", "left_hand")
    windows = random_windows("humanoid", 4, 2)
    other = windows.clone()
    neck = robot.joint_index(["neck_x", "neck_y", "neck_z"])
    layout.view(other).joint_pos[..., neck] += 1.0
    layout.view(other).joint_vel[..., neck] += 1.0
    layout.view(other).key_pos_b[..., robot.key_bodies.index("head"), :] += 1.0
    for kind in ("character", "joint_space"):
        config = DiscriminatorConfig(features=kind, joints=seen, key_bodies=keys)
        features = discriminator_features(config, robot, layout)
        assert torch.equal(features(windows), features(other))


def test_joint_rotations_of_some_joints() -> None:
    robot = robots.load("humanoid")
    links = JointRotations(robot, ["left_knee", "neck_x", "neck_y"], CPU).links
    assert links == ("left_shin",)  # the head also turns about neck_z


def test_joint_space_of_54_numbers() -> None:
    """The published set: 21 joint angles, 21 velocities, four end effectors."""
    robot = robots.load("g1_23dof")
    joints = tuple(name for name in robot.joint_names if "wrist" not in name)
    ends = tuple(name for name in robot.key_bodies if name != "head_link")
    config = DiscriminatorConfig(
        terms=("joint_pos", "joint_vel", "key_pos_b"), joints=joints, key_bodies=ends
    )
    assert size_of("g1_23dof", config) == 54


@pytest.mark.parametrize("field", ["joints", "key_bodies"])
def test_unknown_names_are_refused(field: str) -> None:
    with pytest.raises(InputError, match="did you mean"):
        size_of("go2", DiscriminatorConfig(**{field: ("FL_fot", "FL_hip_join")}))


@pytest.mark.parametrize("kind", ["joint_space", "character"])
def test_steps_that_are_spaced_are_those_of_a_longer_window(kind: str) -> None:
    of = (f"discriminator.features={kind}", "discriminator.window=3")
    spaced = build_session(small_recipe(*of, "discriminator.spacing=4"))
    plain = build_session(small_recipe(*of))
    windows = spaced.reference.clip_windows(6)
    assert windows.shape[1] == 9
    expected = plain.features(windows[:, [0, 4, 8]].contiguous())
    torch.testing.assert_close(spaced.features(windows), expected, rtol=0, atol=0)
    # the policy's windows are as long, whatever an episode's start
    learner = spaced.learner
    learner.rollout.collect(spaced.environment, learner.actor, spaced.generator)
    of_policy = learner.rollout.discriminator_windows(learner.features)
    assert of_policy.shape[-1] == expected.shape[-1]
