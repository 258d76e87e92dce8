"""Floors that slope: gravity of each robot, and what its IMU sees of it."""

from __future__ import annotations

import math

import pytest
import torch

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.config import ObservationConfig, RandomizationConfig, SimulationConfig
from amp_training.observation import PolicyObservation, observation_terms
from amp_training.rotations import rotate_inverse

GO2 = robots.load("go2")
SLOPES = RandomizationConfig(slope_rad=(0.1, 0.3))
SIMULATION = SimulationConfig(num_envs=64, threads=1)


def backend(config: RandomizationConfig = SLOPES) -> MujocoBackend:
    made = MujocoBackend(GO2, GO2.kp, GO2.kd, SIMULATION)
    made.disturb(config, SIMULATION, 0)
    return made


def test_gravity_leans_by_the_slope_and_keeps_its_strength() -> None:
    made = backend()
    assert made.gravity_w is not None
    angle = torch.acos(-made.gravity_w[:, 2])
    assert 0.1 <= float(angle.min()) < 0.12 and 0.28 < float(angle.max()) <= 0.3
    gravity = torch.from_numpy(made.batch.expand("opt.gravity").copy()).float()
    torch.testing.assert_close(gravity, 9.81 * made.gravity_w)
    # downhill is in every direction
    assert (made.gravity_w[:, :2].mean(0).abs() < 0.05).all()


def test_a_robot_in_the_air_falls_along_it() -> None:
    made = backend()
    rows = made.layout.empty((64,), made.device)
    rows.flat.zero_()
    rows.root_pos_w[:, 2], rows.root_quat_w[:, 0] = 5.0, 1.0
    rows.joint_pos[:] = torch.tensor(GO2.default_joint_pos_rad, dtype=torch.float32)
    made.reset(torch.arange(64), rows.flat)
    made.step(rows.joint_pos)
    assert made.gravity_w is not None
    wanted = 9.81 * SIMULATION.control_period_s * made.gravity_w
    torch.testing.assert_close(made.state.root_lin_vel_w, wanted, atol=2e-3, rtol=0)


def test_the_observed_gravity_is_the_one_that_pulls() -> None:
    made = backend()
    terms = observation_terms(ObservationConfig(), 12, 0)
    builder = PolicyObservation(terms, torch.zeros(12), 64, gravity_w=made.gravity_w)
    quat = torch.nn.functional.normalize(torch.randn(64, 4), dim=-1)
    made.state.root_quat_w[:] = quat
    assert made.gravity_w is not None
    wanted = rotate_inverse(quat, made.gravity_w)
    zeros = torch.zeros(64, 12)
    seen = builder.sample(made.state, zeros[:, :0], zeros)
    torch.testing.assert_close(seen[:, 3:6], wanted)
    some = torch.tensor([5, 60])
    state = made.layout.view(made.state.flat[some])
    seen = builder.sample(state, zeros[some, :0], zeros[some], some)
    torch.testing.assert_close(seen[:, 3:6], wanted[some])


def test_level_floors_leave_gravity_alone() -> None:
    made = backend(RandomizationConfig(motor_strength=(0.9, 1.1)))
    assert made.gravity_w is None
    assert math.isclose(float(made.model.opt.gravity[2]), -9.81)


def test_too_steep_a_slope_is_refused() -> None:
    with pytest.raises(InputError, match="slope_rad"):
        RandomizationConfig(slope_rad=(0.0, 1.2))
