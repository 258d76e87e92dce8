"""A clip replayed through simulator and rollout gives the motion library's windows.

Key bodies and the base's pose are read from MuJoCo's own kinematics, so that nothing of the
demonstrations' path is used on the policy's side.
"""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
import torch
from small_session import small_recipe

from amp_sdk import motion, robots
from amp_training.build import Session, build_session
from amp_training.features import TERMS, joint_space

TERM_NAMES = tuple(TERMS)


def wavy_clip(robot: robots.RobotSpec) -> motion.MotionClip:
    """A smooth made-up motion that moves every joint and turns the base."""
    frames, fps = 121, 60.0
    time = np.arange(frames)[:, None] / fps
    joints = np.arange(len(robot.joint_names))
    amplitude = 0.2 * (robot.joint_upper_rad - robot.joint_lower_rad)
    middle = 0.5 * (robot.joint_upper_rad + robot.joint_lower_rad)
    angle = np.stack([0.1 * np.sin(2 * time[:, 0]), 0.1 * np.cos(time[:, 0]), 0.5 * time[:, 0]], 1)
    from amp_sdk import rotations

    return motion.MotionClip(
        name="wavy",
        robot=robot.name,
        fps=fps,
        joint_names=robot.joint_names,
        root_pos_w=np.hstack(
            [time, 0.1 * np.sin(time), robot.default_base_height_m + 0.02 * np.cos(3 * time)]
        ),
        root_quat_w=rotations.from_exp_map(angle),
        joint_pos=middle + amplitude * np.sin(2.0 * time + joints),
        loop="clamp",
        source="test",
    )


def replayed_session(robot: str, clip: str, window: int) -> Session:
    """A session in which no episode ends, at the control period of the recipe."""
    return build_session(
        small_recipe(
            f"robot={robot}",
            f"motion.files=[{clip}]",
            f"discriminator.window={window}",
            "ppo.horizon=12",
            "randomization.enabled=false",
            "episode.max_tilt_rad=3.2",
            "episode.min_height_ratio=-10",
            "episode.first_length_s=null",
        )
    )


def replay(session: Session, times_s: np.ndarray) -> None:
    """Collect a rollout in which every step puts the robots at the clip's next states."""
    environment, rollout = session.environment, session.learner.rollout
    backend, reference = environment.backend, session.reference
    n, dt_s = environment.num_envs, session.recipe.simulation.control_period_s
    clip_ids = np.zeros(n, dtype=int)
    start = reference.windows_at(clip_ids, times_s)
    backend.reset(torch.arange(n), start[:, -1])
    rollout.begin(start)
    environment._steps.zero_()
    step = iter(range(1, rollout.horizon + 1))

    def kinematic(_) -> None:
        rows = reference.windows_at(clip_ids, times_s + next(step) * dt_s)[:, -1]
        backend.reset(torch.arange(n), rows)
        backend.batch.forward()
        backend._refresh()

    backend.step = kinematic
    idle = torch.zeros(n, environment.action_dim)
    rollout.collect_with(environment, lambda t, observation: idle)
    assert not rollout.done.any()


def mujoco_key_bodies(session: Session, state: torch.Tensor) -> torch.Tensor:
    """[..., 3K] key bodies in the base frame, from MuJoCo's kinematics of flat states."""
    robot, backend = session.interface.robot, session.environment.backend
    model, data = backend.model, mujoco.MjData(backend.model)
    keys = [model.body(name).id for name in robot.key_bodies]
    base = model.body(robot.base_body).id
    view = backend.layout.view(state.reshape(-1, state.shape[-1]))
    found = []
    for place, quat, joints in zip(view.root_pos_w, view.root_quat_w, view.joint_pos, strict=True):
        data.qpos[:] = np.concatenate((place, quat, joints))
        mujoco.mj_kinematics(model, data)
        found.append((data.xpos[keys] - data.xpos[base]) @ data.xmat[base].reshape(3, 3))
    return torch.tensor(np.array(found), dtype=torch.float32).view(*state.shape[:-1], -1)


def check_parity(session: Session) -> None:
    layout, window = session.environment.backend.layout, session.recipe.discriminator.window
    features = joint_space(layout, TERM_NAMES)
    n, dt_s = session.environment.num_envs, session.recipe.simulation.control_period_s
    times_s = np.linspace(0.2, 0.7, n)
    replay(session, times_s)
    rollout = session.learner.rollout
    policy = rollout.discriminator_windows(features)
    ids = np.zeros(n, dtype=int)
    for t in range(rollout.horizon):
        windows = session.reference.windows_at(ids, times_s + (t + 1) * dt_s)
        torch.testing.assert_close(policy[t], features(windows), atol=1e-4, rtol=0)
        last = mujoco_key_bodies(session, windows[:, -1])
        width = last.shape[-1]
        assert TERM_NAMES[-1] == "key_pos_b"
        found = policy[t].unflatten(-1, (window, -1))[:, -1, -width:]
        torch.testing.assert_close(found, last, atol=1e-4, rtol=0)


@pytest.mark.parametrize("window", [2, 10])
def test_go2(window: int) -> None:
    check_parity(replayed_session("go2", "go2_trot", window))


@pytest.mark.parametrize("robot", ["go2", "g1_29dof", "g1_23dof", "humanoid"])
def test_a_motion_of_every_joint(robot: str, monkeypatch) -> None:
    from amp_training import interface

    spec = robots.load(robot)
    monkeypatch.setattr(interface.motion, "load_clip", lambda *_, **__: wavy_clip(spec))
    check_parity(replayed_session(robot, "wavy", 3))


@pytest.mark.parametrize(
    ("robot", "clip"),
    [
        ("go2", "go2/go2_trot.pkl"),
        ("g1_29dof", "g1/g1_walk.pkl"),
        ("humanoid", "humanoid/humanoid_walk.pkl"),
    ],
)
def test_real_clips(robot: str, clip: str, shared: Path) -> None:
    check_parity(replayed_session(robot, str(shared / "motions/mimickit" / clip), 2))
