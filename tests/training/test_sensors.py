"""Sensor errors: their sizes, what stays exact, and what a restart does not change."""

from __future__ import annotations

import torch

from amp_sdk import robots
from amp_training.backends.base import StateLayout
from amp_training.config import ObservationConfig, SensorConfig
from amp_training.observation import PolicyObservation, observation_terms
from amp_training.sensors import SensorErrors

N, J = 400, 12


def errors(config: SensorConfig) -> tuple[torch.Tensor, ...]:
    """What is added to a robot at rest: gyro, gravity, joint angles and speeds."""
    zero = torch.zeros(N, 3)
    down = torch.tensor([0.0, 0.0, -1.0]).expand(N, 3)
    sensors = SensorErrors(config, J, N, seed=0)
    ang_vel, gravity, pos, vel = sensors.add(zero, down, torch.zeros(N, J), torch.zeros(N, J), None)
    return ang_vel, gravity - down, pos, vel


def test_errors_stay_within_their_sizes() -> None:
    config = SensorConfig(
        ang_vel_noise_rad_s=0.2, joint_pos_noise_rad=0.01, joint_vel_noise_rad_s=1.5
    )
    ang_vel, gravity, pos, vel = errors(config)
    for value, size in ((ang_vel, 0.2), (pos, 0.01), (vel, 1.5)):
        assert 0.95 * size < value.abs().max() <= size
    assert gravity.abs().max() < 1e-6
    assert not config.exact and SensorConfig().exact


def test_gravity_stays_a_direction() -> None:
    gravity = errors(SensorConfig(gravity_noise=0.1))[1]
    down = torch.tensor([0.0, 0.0, -1.0])
    torch.testing.assert_close((gravity + down).norm(dim=1), torch.ones(N))
    assert gravity.abs().max() > 0.05


def test_a_bias_belongs_to_its_robot_and_stays() -> None:
    robot = robots.load("go2")
    layout = StateLayout(J, len(robot.key_bodies))
    state = layout.empty((N,), torch.device("cpu"))
    state.root_quat_w[:, 0] = 1.0
    default = torch.tensor(robot.default_joint_pos_rad, dtype=torch.float32)
    sensors = SensorErrors(SensorConfig(joint_pos_bias_rad=0.05), J, N, seed=0)
    observation = PolicyObservation(
        observation_terms(ObservationConfig(), J, 3), default, N, sensors
    )
    command, action = torch.zeros(N, 3), torch.zeros(N, J)
    first = observation.sample(state, command, action)
    again = observation.sample(state, command, action)
    ids = torch.tensor([7, 3, 250])
    some = layout.view(state.flat[ids])
    restarted = observation.sample(some, command[ids], action[ids], ids)
    assert torch.equal(first, again) and torch.equal(first[ids], restarted)
    bias = first[:, 9 : 9 + J] + default
    assert 0.045 < bias.abs().max() <= 0.05 + 1e-6
    assert len(torch.unique(bias[:, 0])) == N
