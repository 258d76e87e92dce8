"""A character's clip, replayed through the simulator, gives the discriminator the same windows.

MuJoCo's own kinematics stand for the policy's side: the base, the joints, the rotations of the
links and the places of the key bodies are read from it, not from the state that was written.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import mujoco
import numpy as np
import pytest
import torch

from amp_sdk import motion, robots
from amp_sdk.errors import MotionWarning
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.config import DiscriminatorConfig, SimulationConfig
from amp_training.features import discriminator_features
from amp_training.key_bodies import KeyBodies
from amp_training.reference import Reference

WINDOW, DT_S, N = 10, 1 / 30, 12
SHARED = Path(os.environ.get("AMP_SDK_SHARED", Path(__file__).resolve().parents[3] / "shared"))
CLIPS = [
    ("humanoid", "sway"),
    ("humanoid", "mimickit/humanoid/humanoid_walk.pkl"),
    ("humanoid", "mimickit/humanoid/humanoid_run.pkl"),
    ("humanoid_sword_shield", "sway"),
    ("smpl", "mimickit/smpl/smpl_walk.pkl"),
]


def reference_of(robot_name: str, clip: str) -> Reference:
    robot = robots.load(robot_name)
    path = SHARED / "motions" / clip
    if clip != "sway" and not path.is_file():
        pytest.skip(f"no real clip {path} (set AMP_SDK_SHARED)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MotionWarning)
        loaded = motion.load_clip(clip if clip == "sway" else path, robot)
    library = motion.MotionLibrary([loaded], robot)
    return Reference(library, robot, WINDOW, DT_S, seed=0)


def replayed(backend: MujocoBackend, reference: Reference, windows: torch.Tensor) -> torch.Tensor:
    """The windows [n, H, size] as the environment would record them, step by step."""
    robot = robots.load(reference._robot.name)
    seen = torch.zeros_like(windows)
    for step in range(WINDOW):
        backend.reset(torch.arange(N), windows[:, step])
        backend._refresh()  # from MuJoCo's qpos and qvel
        seen[:, step] = backend.state.flat
    state = backend.layout.view(seen)
    state.key_pos_b.copy_(KeyBodies(robot, torch.device("cpu")).positions_b(state.joint_pos))
    return seen


def in_mujoco(backend: MujocoBackend, row: torch.Tensor) -> mujoco.MjData:
    data = mujoco.MjData(backend.model)
    state = backend.layout.view(row)
    data.qpos[:] = torch.cat((state.root_pos_w, state.root_quat_w, state.joint_pos)).numpy()
    data.qvel[:] = torch.cat((state.root_lin_vel_w, state.root_ang_vel_b, state.joint_vel)).numpy()
    mujoco.mj_forward(backend.model, data)
    return data


@pytest.mark.parametrize(("robot_name", "clip"), CLIPS)
@pytest.mark.parametrize("features", ["character", "joint_space"])
def test_windows_of_the_simulator_equal_those_of_the_clip(robot_name, clip, features) -> None:
    robot, reference = robots.load(robot_name), reference_of(robot_name, clip)
    backend = MujocoBackend(robot, robot.kp, robot.kd, SimulationConfig(num_envs=N, threads=1))
    windows = reference.clip_windows(N)
    config = DiscriminatorConfig(features=features, window=WINDOW)
    function = discriminator_features(config, robot, reference.layout)
    found = function(replayed(backend, reference, windows))
    np.testing.assert_allclose(found.numpy(), function(windows).numpy(), atol=1e-4)


@pytest.mark.parametrize(("robot_name", "clip"), CLIPS)
def test_mujoco_puts_links_where_the_features_say(robot_name, clip) -> None:
    """Key bodies, link rotations and the base's world velocities against MuJoCo's kinematics."""
    robot, reference = robots.load(robot_name), reference_of(robot_name, clip)
    backend = MujocoBackend(robot, robot.kp, robot.kd, SimulationConfig(num_envs=1, threads=1))
    windows = reference.clip_windows(4)
    layout = reference.layout
    config = DiscriminatorConfig(features="character", window=WINDOW, heading_invariant=False)
    function = discriminator_features(config, robot, layout)
    per_step = function(windows).reshape(len(windows), WINDOW, -1).numpy()
    links = [b for b in range(2, backend.model.nbody)]
    keys = [backend.model.body(name).id for name in robot.key_bodies]
    for i, step in np.ndindex(len(windows), WINDOW):
        data = in_mujoco(backend, windows[i, step])
        last = layout.view(windows[i, -1]).root_pos_w.numpy()
        root = data.xpos[1]
        parents = backend.model.body_parentid[links]
        matrices = data.xmat.reshape(-1, 3, 3)
        local = np.swapaxes(matrices[parents], -1, -2) @ matrices[links]
        spin = matrices[1] @ data.qvel[3:6]
        expected = np.concatenate(
            [root[:2] - last[:2], root[2:], matrices[1][:, 0], matrices[1][:, 2],
             np.concatenate([local[..., 0], local[..., 2]], axis=-1).ravel(),
             (data.xpos[keys] - root).ravel(), data.qvel[:3], spin, data.qvel[6:]]
        )  # fmt: skip
        np.testing.assert_allclose(per_step[i, step], expected, atol=1e-4)
