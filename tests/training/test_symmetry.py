"""The mirror map: derived from the MJCF, an involution, and true of kinematics and dynamics."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from small_session import small_recipe

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_sdk.robots.kinematics import KinematicTree
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.build import Session, build_session
from amp_training.config import SimulationConfig
from amp_training.mirror import joint_mirror, key_mirror, other_side
from amp_training.symmetry import Symmetry

ROBOTS = ("go2", "g1_29dof", "g1_23dof", "g1_12dof", "pi_plus", "humanoid")


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("FL_hip_joint", "FR_hip_joint"),
        ("RL_calf_joint", "RR_calf_joint"),
        ("RR_calf_joint", "RL_calf_joint"),
        ("left_hip_yaw_joint", "right_hip_yaw_joint"),
        ("L_Elbow_x", "R_Elbow_x"),
        ("l_hip_pitch_joint", "r_hip_pitch_joint"),
        ("LeftFoot", "RightFoot"),
        ("waist_roll_joint", "waist_roll_joint"),
        ("head", "head"),
    ],
)
def test_names(name: str, other: str) -> None:
    assert other_side(name) == other
    assert other_side(other) == name


@pytest.mark.parametrize("name", ROBOTS)
def test_mirrored_joints_give_mirrored_bodies(name: str) -> None:
    robot = robots.load(name)
    joints, keys = joint_mirror(robot), key_mirror(robot)
    rng = np.random.default_rng(0)
    pose = torch.tensor(rng.uniform(-0.5, 0.5, (50, len(robot.joint_names))), dtype=torch.float32)
    torch.testing.assert_close(joints(joints(pose)), pose)
    tree = KinematicTree.from_mjcf(robot.mjcf_path)
    index = tree.body_index(robot.key_bodies)

    def bodies(q: torch.Tensor) -> torch.Tensor:
        root = np.zeros((len(q), 3)), np.tile([1.0, 0.0, 0.0, 0.0], (len(q), 1))
        pos, _ = tree.forward(*root, q.double().numpy())
        return torch.tensor(pos[:, index]).flatten(1).float()

    torch.testing.assert_close(bodies(joints(pose)), keys(bodies(pose)), atol=2e-3, rtol=0)


def test_what_has_no_image_is_named() -> None:
    armed = robots.load("humanoid_sword_shield")
    with pytest.raises(InputError, match=r"right_hand_x \(no joint left_hand_x\)"):
        joint_mirror(armed)
    with pytest.raises(InputError, match="sword, shield"):
        key_mirror(armed)


def test_another_axis_is_named(tmp_path) -> None:
    robot = robots.load("go2")
    text = robot.mjcf_path.read_text(encoding="utf-8")
    begin = text.index('<joint name="FL_hip_joint"')
    end = text.index("/>", begin)
    joint = text[begin:end]
    assert 'axis="1 0 0"' in joint
    path = tmp_path / "go2.xml"
    path.write_text(text.replace(joint, joint.replace('axis="1 0 0"', 'axis="0 0 1"')))
    broken = dataclasses.replace(robot, mjcf_path=path)
    with pytest.raises(InputError, match=r"FL_hip_joint \(place or axis .* FR_hip_joint"):
        joint_mirror(broken)


def symmetry_of(session: Session) -> Symmetry:
    io = session.interface
    return Symmetry(io.robot, io.action_center, io.action_scale, io.observation, io.commands)


def test_observations_of_mirrored_states_are_mirrored_observations() -> None:
    session = build_session(small_recipe("observation.history=3", "command.ang_vel_z=[-1, 1]"))
    symmetry, layout = symmetry_of(session), session.environment.backend.layout
    rows = session.reference.clip_windows(8)[:, -1]
    command, action = torch.randn(8, 3), torch.randn(8, 12)
    signs = torch.tensor([1.0, -1.0, -1.0])
    builder = session.environment.policy_observation

    def observed(flat, command, action):
        sample = builder.sample(layout.view(flat), command, action)
        return builder.restart(torch.arange(8), sample)

    mirrored = observed(symmetry.states(rows, layout), signs * command, symmetry.action(action))
    expected = symmetry.observation(observed(rows, command, action))
    torch.testing.assert_close(mirrored, expected, atol=1e-5, rtol=0)
    for map_, x in ((symmetry.observation, mirrored), (symmetry.action, action)):
        torch.testing.assert_close(map_(map_(x)), x, atol=1e-5, rtol=0)


def test_a_mirrored_robot_with_mirrored_targets_moves_as_the_image() -> None:
    """The physics agree with the map: a stand with random targets, a tenth of a second on."""
    session = build_session(small_recipe())
    symmetry, robot = symmetry_of(session), robots.load("go2")
    config = SimulationConfig(num_envs=2, threads=1)
    backend = MujocoBackend(robot, robot.kp, robot.kd, config)
    joints = joint_mirror(robot)
    row = session.reference.stand_windows(1)[:, -1]
    backend.reset(torch.arange(2), torch.cat((row, symmetry.states(row, backend.layout))))
    target = backend.state.joint_pos[:1] + 0.2 * torch.randn(1, 12)
    for _ in range(5):
        backend.step(torch.cat((target, joints(target))))
    one, image = backend.state.flat[:1], backend.state.flat[1:]
    moved = (one - row).abs().max()
    difference = (symmetry.states(one, backend.layout) - image).abs()
    view = backend.layout.view(difference)
    assert moved > 0.05
    assert view.joint_pos.max() < 0.01 and view.root_pos_w.max() < 0.003


@pytest.mark.parametrize("kind", ["augmentation", "loss", "both"])
def test_training_with_symmetry(kind: str) -> None:
    session = build_session(
        small_recipe(f"ppo.symmetry={kind}", "discriminator.mirror_demonstrations=true")
    )
    stats = session.learner.iterate(0)
    assert stats.ppo.symmetry > 0
    assert len(session.learner.prior._demos) == 128


def test_the_loss_makes_a_policy_symmetric() -> None:
    """With nothing else to gain, the distance from a symmetric policy shrinks."""
    overrides = ("ppo.symmetry=loss", "ppo.symmetry_coef=100", "ppo.epochs=20")
    learner = build_session(small_recipe(*overrides, "ppo.schedule=constant")).learner
    learner.actor.mean[-1].weight.data.normal_()
    first = learner.iterate(0).ppo.symmetry
    for _ in range(3):
        last = learner.iterate(0).ppo.symmetry
    assert last < 0.5 * first


def test_augmentation_of_a_symmetric_policy_keeps_it_symmetric() -> None:
    """Learning from samples and images alike has no preference: a linear policy that starts
    symmetric stays so, where learning from the samples alone does not keep it."""
    left = {}
    for kind in ("augmentation", "none"):
        session = build_session(
            small_recipe(f"ppo.symmetry={kind}", "ppo.minibatches=1", "ppo.schedule=constant")
        )
        symmetry, learner = symmetry_of(session), session.learner
        for layer in learner.actor.mean:
            for parameter in layer.parameters():
                parameter.data.zero_()
        learner.iterate(0)
        x = torch.randn(64, learner.actor.normalizer.mean.numel())
        with torch.no_grad():
            found = learner.actor.mean[-1].bias
            image = symmetry.action.sign * found[symmetry.action.index]
            left[kind] = float((image - found).abs().max() / found.abs().max())
        assert x.isfinite().all()
    assert left["augmentation"] < 1e-3 < left["none"]
