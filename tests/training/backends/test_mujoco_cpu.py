"""The CPU backend against one MuJoCo simulation driven by hand."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch

from amp_sdk import robots
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.backends.mujoco_model import build_model
from amp_training.config import SimulationConfig

GO2 = robots.load("go2")


def backend(n: int = 3, threads: int = 1) -> MujocoBackend:
    return MujocoBackend(GO2, GO2.kp, GO2.kd, SimulationConfig(num_envs=n, threads=threads))


def standing(sim: MujocoBackend, height: float = GO2.default_base_height_m):
    state = sim.layout.empty((sim.num_envs,), sim.device)
    state.root_pos_w[:, 2] = height
    state.root_quat_w[:, 0] = 1.0
    state.joint_pos.copy_(torch.tensor(GO2.default_joint_pos_rad))
    return state


def targets(n: int, seed: int = 0) -> torch.Tensor:
    noise = torch.randn(n, 12, generator=torch.Generator().manual_seed(seed))
    return torch.tensor(GO2.default_joint_pos_rad).float() + 0.2 * noise


def test_equals_one_simulation_with_torques_by_hand() -> None:
    """PD torque with limits at the joint, in joint order, over the decimation."""
    sim = backend(1)
    sim.reset(torch.tensor([0]), standing(sim).flat)
    model = build_model(GO2, GO2.kp, GO2.kd, SimulationConfig(num_envs=1))
    data = mujoco.MjData(model)
    data.qpos[:] = [
        0,
        0,
        np.float32(GO2.default_base_height_m),
        1,
        0,
        0,
        0,
        *np.float32(GO2.default_joint_pos_rad),
    ]
    for k in range(20):
        goal = targets(1, k)
        sim.step(goal)
        data.ctrl[:] = goal[0].double().numpy()
        for _ in range(4):
            mujoco.mj_step(model, data)
            limit = GO2.effort_limit_nm + 1e-9
            assert (np.abs(data.actuator_force) <= limit).all()
    np.testing.assert_allclose(sim.state.joint_pos[0].numpy(), data.qpos[7:], atol=1e-6)
    np.testing.assert_allclose(sim.state.root_quat_w[0].numpy(), data.qpos[3:7], atol=1e-6)
    np.testing.assert_allclose(sim.state.root_ang_vel_b[0].numpy(), data.qvel[3:6], atol=1e-5)


def test_actuators_pull_their_own_joint_to_the_target() -> None:
    sim = backend(12)
    state = standing(sim, height=2.0)
    sim.reset(torch.arange(12), state.flat)
    goal = state.joint_pos.clone()
    goal += 0.2 * torch.eye(12)
    for _ in range(2):
        sim.step(goal)
    moved = sim.state.joint_pos - state.joint_pos
    assert (moved.argmax(dim=1) == torch.arange(12)).all()


def test_free_fall() -> None:
    sim = backend(1)
    sim.reset(torch.tensor([0]), standing(sim, height=3.0).flat)
    for _ in range(10):
        sim.step(targets(1) * 0 + sim.state.joint_pos)
    assert float(sim.state.root_lin_vel_w[0, 2]) == pytest.approx(-9.81 * 0.2, rel=0.02)


def test_reset_touches_only_its_rows() -> None:
    sim, other = backend(), backend()
    for one in (sim, other):
        one.reset(torch.arange(3), standing(one).flat)
        one.step(targets(3))
    sim.reset(torch.tensor([1]), standing(sim).flat[:1])
    for one in (sim, other):
        one.step(targets(3, 1))
    rows = torch.tensor([0, 2])
    assert torch.equal(sim.state.flat[rows], other.state.flat[rows])
    assert not torch.equal(sim.state.flat[1], other.state.flat[1])


def test_a_reset_forgets_what_was_before() -> None:
    """Warm start and controls of the past leave no trace."""
    sim, fresh = backend(1), backend(1)
    sim.reset(torch.tensor([0]), standing(sim).flat)
    for k in range(5):
        sim.step(targets(1, k))
    for one in (sim, fresh):
        one.reset(torch.tensor([0]), standing(one).flat)
        one.step(targets(1, 9))
    assert torch.equal(sim.state.flat, fresh.state.flat)


def test_threads_do_not_change_the_result() -> None:
    one, two = backend(8, 1), backend(8, 2)
    for sim in (one, two):
        sim.reset(torch.arange(8), standing(sim).flat)
        for k in range(5):
            sim.step(targets(8, k))
    assert torch.equal(one.state.flat, two.state.flat)


def test_a_diverged_simulation_is_reported() -> None:
    sim = backend(2)
    state = standing(sim)
    state.joint_vel[1] = 1e12
    sim.reset(torch.arange(2), state.flat)
    sim.step(targets(2))
    assert sim.faulty().tolist() == [False, True]
