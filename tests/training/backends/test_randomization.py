"""Randomised robots: within bounds, different from each other, the same for the same seed."""

from __future__ import annotations

import numpy as np
import torch

from amp_sdk import robots
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.backends.randomization import Variations
from amp_training.config import RandomizationConfig, SimulationConfig

GO2 = robots.load("go2")


def randomized(config: RandomizationConfig, seed: int = 0) -> MujocoBackend:
    backend = MujocoBackend(GO2, GO2.kp, GO2.kd, SimulationConfig(num_envs=16, threads=1))
    backend.vary(Variations.draw(config, 16, 12, seed))
    return backend


def stepped(backend: MujocoBackend) -> torch.Tensor:
    state = backend.layout.empty((16,), backend.device)
    state.root_pos_w[:, 2] = GO2.default_base_height_m
    state.root_quat_w[:, 0] = 1.0
    state.joint_pos.copy_(torch.tensor(GO2.default_joint_pos_rad))
    backend.reset(torch.arange(16), state.flat)
    for _ in range(5):
        backend.step(state.joint_pos + 0.2)
    return backend.state.flat.clone()


def test_values_lie_within_their_bounds() -> None:
    config = RandomizationConfig()
    batch = randomized(config).batch
    gain = batch.expanded("actuator_gainprm")[:, :, 0] / GO2.kp
    bias = -batch.expanded("actuator_biasprm")[:, :, 1] / GO2.kp
    np.testing.assert_allclose(gain, bias)
    assert 0.85 <= gain.min() < 0.9 and 1.1 < gain.max() <= 1.15
    mass = batch.expanded("body_mass")[:, batch.model.body(GO2.base_body).id]
    assert 6.921 - 1.0 <= mass.min() < mass.max() <= 6.921 + 1.5
    foot = batch.model.body(GO2.foot_bodies[0])
    friction = batch.expanded("geom_friction")[:, foot.geomadr[0], 0]
    assert 0.5 <= friction.min() < friction.max() <= 1.1


def test_robots_move_differently_and_the_seed_decides() -> None:
    first = stepped(randomized(RandomizationConfig()))
    assert len(torch.unique(first[:, 2])) == 16
    assert torch.equal(first, stepped(randomized(RandomizationConfig())))
    assert not torch.equal(first, stepped(randomized(RandomizationConfig(), seed=1)))


def test_no_spread_is_the_nominal_robot() -> None:
    config = RandomizationConfig(
        gain_ratio=(1.0, 1.0), damping_nm_s=(0.0, 0.0), friction=(0.8, 0.8), base_mass_kg=(0.0, 0.0)
    )
    plain = MujocoBackend(GO2, GO2.kp, GO2.kd, SimulationConfig(num_envs=16, threads=1))
    torch.testing.assert_close(stepped(randomized(config)), stepped(plain), atol=1e-5, rtol=0)


def test_masses_centres_and_strength_lie_within_their_bounds() -> None:
    config = RandomizationConfig(
        base_mass_kg=(0.0, 0.0),
        gain_ratio=(1.0, 1.0),
        link_mass_ratio=(0.9, 1.1),
        com_shift_m=(-0.02, 0.03),
        motor_strength=(0.8, 1.0),
    )
    backend = randomized(config)
    backend.disturb(config, SimulationConfig(num_envs=16), 0)
    batch = backend.batch
    model = batch.model
    heavy = model.body_mass > 0  # a foot's mass is in its calf
    mass = batch.expanded("body_mass")[:, heavy] / model.body_mass[heavy]
    inertia = batch.expanded("body_inertia")[:, heavy] / model.body_inertia[heavy]
    assert 0.9 <= mass.min() < 0.92 and 1.08 < mass.max() <= 1.1
    np.testing.assert_allclose(inertia, np.repeat(mass[..., None], 3, axis=2), rtol=1e-6)
    base = model.body(GO2.base_body).id
    shift = batch.expanded("body_ipos")[:, base] - model.body_ipos[base]
    assert -0.02 <= shift.min() < -0.01 and 0.02 < shift.max() <= 0.03
    limit = batch.expanded("actuator_forcerange")[:, :, 1] / GO2.effort_limit_nm
    gain = batch.expanded("actuator_gainprm")[:, :, 0] / GO2.kp
    bias = -batch.expanded("actuator_biasprm")[:, :, 2] / GO2.kd
    np.testing.assert_allclose(limit, gain, rtol=1e-6)
    np.testing.assert_allclose(bias, gain, rtol=1e-6)
    assert 0.8 <= gain.min() < 0.82 and 0.98 < gain.max() <= 1.0
