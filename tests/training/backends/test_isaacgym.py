"""The Isaac Gym driver, and that its stand-in refuses what Isaac Gym does not have."""

from __future__ import annotations

import dataclasses
import importlib
import sys

import numpy as np
import pytest
import torch
from gym_standin.gym import CheckedGym

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_training.backends.randomization import Variations
from amp_training.backends.registry import make_backend
from amp_training.config import RandomizationConfig, SimulationConfig

GO2 = robots.load("go2")
CONFIG = SimulationConfig(backend="isaacgym", num_envs=3)
pytestmark = pytest.mark.usefixtures("isaacgym")


def standing(backend, height_m: float = GO2.default_base_height_m) -> torch.Tensor:
    state = backend.layout.empty((backend.num_envs,), backend.device)
    state.root_pos_w[:, 2] = height_m
    state.root_quat_w[:, 0] = 1.0
    state.joint_pos.copy_(torch.tensor(GO2.default_joint_pos_rad))
    return state.flat


@pytest.mark.parametrize(("height_m", "tolerance"), [(2.0, 1e-3), (0.2884, 0.06)])
def test_a_go2_moves_as_in_mujoco(height_m: float, tolerance: float) -> None:
    """Same gains, masses, feet and floor, through another importer and another joint order.

    On the floor not quite: MuJoCo's contacts are as soft as the link is light, and the feet are
    links of their own in one model and part of the calf in the other.
    """
    ends = []
    for name in ("mujoco", "isaacgym"):
        config = dataclasses.replace(CONFIG, backend=name)
        backend = make_backend(GO2, GO2.kp, GO2.kd, config, "cpu")
        backend.vary(Variations.draw(RandomizationConfig(), 3, 12, 0))
        start = standing(backend, height_m)
        backend.reset(torch.arange(3), start)
        for _ in range(15):
            backend.step(backend.layout.view(start).joint_pos + 0.05)
        state = backend.state
        ends.append(torch.cat((state.root_pos_w, state.root_quat_w, state.joint_pos), 1))
    torch.testing.assert_close(ends[1], ends[0], atol=tolerance, rtol=0)


def test_masses_cannot_change_once_the_simulation_is_prepared() -> None:
    backend = make_backend(GO2, GO2.kp, GO2.kd, CONFIG, "cpu")
    backend.reset(torch.arange(3), standing(backend))
    with pytest.raises(RuntimeError, match="before the first"):
        backend.vary(Variations.draw(RandomizationConfig(), 3, 12, 0))


def test_dry_friction_is_refused() -> None:
    with pytest.raises(InputError, match="friction_loss"):
        make_backend(GO2, GO2.kp, GO2.kd, dataclasses.replace(CONFIG, friction_loss=True), "cpu")


def test_resets_between_two_steps_add_up() -> None:
    """Gym keeps the last of two calls, so the driver makes one."""
    backend = make_backend(GO2, GO2.kp, GO2.kd, CONFIG, "cpu")
    rows = standing(backend)
    backend.reset(torch.arange(3), rows)
    backend.step(backend.layout.view(rows).joint_pos)
    high = rows.clone()
    high[:, 2] = 3.0
    backend.reset(torch.tensor([0]), high[:1])
    backend.reset(torch.tensor([2]), high[2:])
    backend.step(backend.layout.view(rows).joint_pos)
    np.testing.assert_allclose(backend.state.root_pos_w[:, 2] > 2.9, [True, False, True])


def test_without_isaac_gym_the_error_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isaacgym", None)
    with pytest.raises(InputError, match="Preview 4"):
        make_backend(GO2, GO2.kp, GO2.kd, CONFIG, "cpu")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda gym: gym.set_gravity_of_the_moon(), AttributeError),
        (lambda gym: gym.simulate(), TypeError),
        (lambda gym: gym.simulate(1), TypeError),
        (lambda gym: gym.draw_viewer(None, None, True), NotImplementedError),
    ],
)
def test_the_stand_in_knows_only_what_the_stubs_know(call, error) -> None:
    with pytest.raises(error):
        call(CheckedGym())


def test_structures_have_only_the_attributes_of_the_stubs() -> None:
    gymapi = importlib.import_module("isaacgym.gymapi")
    params = gymapi.SimParams()
    with pytest.raises(AttributeError):
        params.time_step = 0.005
    with pytest.raises(TypeError):
        params.dt = "0.005"
