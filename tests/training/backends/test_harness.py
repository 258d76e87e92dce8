"""The harness: what it pulls, that it holds a robot up, and that nothing of it stays."""

from __future__ import annotations

import math

import pytest
import torch

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_training.backends.harness import springs
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.build import build_session
from amp_training.config import HarnessConfig, SimulationConfig, load_recipe
from amp_training.rotations import rotate

G1 = robots.load("g1_29dof")
HARNESS = HarnessConfig(enabled=True, fade=(1000, 2000))
STANDING_M = G1.default_base_height_m


def backend(harness: bool) -> MujocoBackend:
    made = MujocoBackend(G1, G1.kp, G1.kd, SimulationConfig(num_envs=2, threads=1))
    if harness:
        made.hang(HARNESS, STANDING_M)
    return made


def stood(made: MujocoBackend, tilt_rad: float = 0.0) -> torch.Tensor:
    """The states after ``made`` was put on its feet, leaning forward."""
    rows = made.layout.empty((2,), made.device)
    rows.flat.zero_()
    rows.root_pos_w[:, 2] = STANDING_M
    rows.root_quat_w[:] = torch.tensor([math.cos(tilt_rad / 2), 0, math.sin(tilt_rad / 2), 0])
    rows.joint_pos[:] = torch.tensor(G1.default_joint_pos_rad, dtype=torch.float32)
    made.reset(torch.arange(2), rows.flat)
    return rows.joint_pos


def test_it_fades_between_two_sample_counts() -> None:
    strengths = [HARNESS.strength(n) for n in (0, 1000, 1250, 2000, 10**15)]
    assert strengths == [1.0, 1.0, 0.75, 0.0, 0.0]
    assert HarnessConfig(enabled=False).strength(0) == 0.0


@pytest.mark.parametrize("heading_rad", [0.0, 1.0, 3.0])
def test_the_torque_turns_the_base_upright_and_leaves_its_heading(heading_rad: float) -> None:
    made = backend(harness=False)
    stood(made)
    tilt, turn = torch.tensor(0.3), torch.tensor(heading_rad)
    yaw = torch.stack((torch.cos(turn / 2), *torch.zeros(2), torch.sin(turn / 2)))
    # heading, then 0.3 rad of pitch about the base's own left
    pitched = torch.stack(
        (
            yaw[0] * torch.cos(tilt / 2),
            -yaw[3] * torch.sin(tilt / 2),
            yaw[0] * torch.sin(tilt / 2),
            yaw[3] * torch.cos(tilt / 2),
        )
    )
    made.state.root_quat_w[:] = pitched
    _, torque_w = springs(made.state, HARNESS, STANDING_M)
    left_w = rotate(yaw, torch.tensor([0.0, 1.0, 0.0]))
    wanted = -HARNESS.upright_nm_rad * math.sin(0.3) * left_w
    torch.testing.assert_close(torque_w[0], wanted, atol=1e-3, rtol=0)


def test_the_lift_pulls_up_only_and_no_harder_than_its_limit() -> None:
    made = backend(harness=False)
    stood(made)
    forces = []
    for height_m in (1.0, 0.9 * STANDING_M, -5.0):
        made.state.root_pos_w[:, 2] = height_m
        forces.append(float(springs(made.state, HARNESS, STANDING_M)[0][0]))
    assert forces[0] == 0.0
    assert forces[1] == pytest.approx(HARNESS.lift_n_m * 0.1 * STANDING_M, rel=1e-5)
    assert forces[2] == pytest.approx(HARNESS.lift_n_m * 0.2, rel=1e-5)


def test_a_robot_that_falls_alone_stands_in_it() -> None:
    heights = []
    for harness in (False, True):
        made = backend(harness)
        pose = stood(made, tilt_rad=0.15)
        for _ in range(100):
            made.step(pose)
        heights.append(float(made.state.root_pos_w[:, 2].min()))
    assert heights[0] < 0.5 * STANDING_M
    assert heights[1] > 0.75 * STANDING_M


def test_nothing_of_it_stays_once_it_has_faded() -> None:
    ends = []
    for harness in (False, True):
        made = backend(harness)
        pose = stood(made, tilt_rad=0.15)
        if made.harness is not None:
            made.step(pose)
            assert made.batch.bind("xfrc_applied").any()
            made.harness.schedule(2000)
            assert not made.batch.bind("xfrc_applied").any()
            made.batch.reset(stage=0)
            stood(made, tilt_rad=0.15)
        for _ in range(20):
            made.step(pose)
        ends.append(made.state.flat.clone())
    assert torch.equal(ends[0], ends[1])


def test_another_backend_refuses_it() -> None:
    recipe = load_recipe(
        "go2_trot", ["harness.enabled=true", "simulation.backend=isaacgym", "simulation.num_envs=2"]
    )
    with pytest.raises(InputError, match="harness"):
        build_session(recipe, "cpu")
