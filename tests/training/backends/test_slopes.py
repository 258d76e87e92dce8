"""Floors that slope: gravity of each robot, and what its IMU sees of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from small_session import small_recipe

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_training.backends.registry import make_backend
from amp_training.build import build_session
from amp_training.config import ObservationConfig, RandomizationConfig, SimulationConfig
from amp_training.observation import PolicyObservation, observation_terms
from amp_training.rotations import rotate_inverse

GO2 = robots.load("go2")
SLOPES = RandomizationConfig(slope_rad=(0.1, 0.3))
SIMULATION = SimulationConfig(num_envs=64, threads=1)
BACKENDS = ("mujoco", "mujoco_warp")


def backend(name: str = "mujoco", config: RandomizationConfig = SLOPES) -> Any:
    if name == "mujoco_warp":
        pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
    simulation = dataclasses.replace(SIMULATION, backend=name)
    made: Any = make_backend(GO2, GO2.kp, GO2.kd, simulation, "cpu")
    made.disturb(config, simulation, 0)
    return made


def gravity(made: Any) -> torch.Tensor:
    """[N or 1, 3] m/s^2, as the engine has it."""
    if hasattr(made, "batch"):
        return torch.from_numpy(made.batch.expand("opt.gravity").copy()).float()
    return torch.from_numpy(made.model.opt.gravity.numpy())


def placed(made: Any, height_m: float) -> torch.Tensor:
    """The pose [N, J] rad of robots put level and at rest, the base at ``height_m``."""
    rows = made.layout.empty((64,), made.device)
    rows.root_pos_w[:, 2], rows.root_quat_w[:, 0] = height_m, 1.0
    rows.joint_pos[:] = torch.tensor(GO2.default_joint_pos_rad, dtype=torch.float32)
    made.reset(torch.arange(64), rows.flat)
    return rows.joint_pos


@pytest.mark.parametrize("name", BACKENDS)
def test_gravity_leans_by_the_slope_and_keeps_its_strength(name: str) -> None:
    made = backend(name)
    angle = torch.acos(-made.gravity_w[:, 2])
    assert 0.1 <= float(angle.min()) < 0.12 and 0.28 < float(angle.max()) <= 0.3
    torch.testing.assert_close(gravity(made), 9.81 * made.gravity_w)
    # downhill is in every direction
    assert (made.gravity_w[:, :2].mean(0).abs() < 0.05).all()


def test_both_engines_have_the_same_slopes() -> None:
    cpu, warp = (backend(name) for name in BACKENDS)
    assert torch.equal(cpu.gravity_w, warp.gravity_w)
    torch.testing.assert_close(gravity(cpu), gravity(warp), atol=0, rtol=1e-6)


@pytest.mark.parametrize("name", BACKENDS)
def test_a_robot_in_the_air_falls_along_it(name: str) -> None:
    made = backend(name)
    made.step(placed(made, 5.0))
    wanted = 9.81 * SIMULATION.control_period_s * made.gravity_w
    torch.testing.assert_close(made.state.root_lin_vel_w, wanted, atol=2e-3, rtol=0)


def test_on_the_floor_both_engines_move_the_robots_alike() -> None:
    ends = []
    for sim in (*map(backend, BACKENDS), backend(config=RandomizationConfig())):
        pose = placed(sim, GO2.default_base_height_m)
        for _ in range(10):
            sim.step(pose)
        ends.append(sim.state.flat.clone())
    cpu, warp, level = ends
    assert (warp - cpu).abs().max() < 0.05 * (level - cpu).abs().max()


@pytest.mark.parametrize("name", BACKENDS)
def test_the_observed_gravity_is_the_one_that_pulls(name: str) -> None:
    made = backend(name)
    terms = observation_terms(ObservationConfig(), 12, 0)
    builder = PolicyObservation(terms, torch.zeros(12), 64, gravity_w=made.gravity_w)
    quat = torch.nn.functional.normalize(torch.randn(64, 4), dim=-1)
    made.state.root_quat_w[:] = quat
    wanted = rotate_inverse(quat, made.gravity_w)
    zeros = torch.zeros(64, 12)
    seen = builder.sample(made.state, zeros[:, :0], zeros)
    torch.testing.assert_close(seen[:, 3:6], wanted)
    some = torch.tensor([5, 60])
    state = made.layout.view(made.state.flat[some])
    seen = builder.sample(state, zeros[some, :0], zeros[some], some)
    torch.testing.assert_close(seen[:, 3:6], wanted[some])


def test_another_backend_refuses_them(isaacgym: None) -> None:
    recipe = small_recipe("simulation.backend=isaacgym", "randomization.slope_rad=[0.0, 0.1]")
    with pytest.raises(InputError, match=r"isaacgym.*randomization\.slope_rad"):
        build_session(recipe, "cpu")


@pytest.mark.parametrize("name", BACKENDS)
def test_level_floors_leave_gravity_alone(name: str) -> None:
    made = backend(name, RandomizationConfig(motor_strength=(0.9, 1.1)))
    assert made.gravity_w is None
    np.testing.assert_allclose(gravity(made), [[0.0, 0.0, -9.81]] * len(gravity(made)), rtol=1e-6)


def test_too_steep_a_slope_is_refused() -> None:
    with pytest.raises(InputError, match="slope_rad"):
        RandomizationConfig(slope_rad=(0.0, 1.2))
