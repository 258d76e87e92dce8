"""The harness: what it pulls, that it holds a robot up, and that nothing of it stays."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
import torch
from small_session import small_recipe

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_training.backends.harness import springs
from amp_training.backends.registry import make_backend
from amp_training.build import build_session
from amp_training.config import HarnessConfig, SimulationConfig
from amp_training.rotations import rotate

G1 = robots.load("g1_29dof")
HARNESS = HarnessConfig(enabled=True, fade=(1000, 2000))
STANDING_M = G1.default_base_height_m
BACKENDS = ("mujoco", "mujoco_warp")


def backend(harness: bool, name: str = "mujoco") -> Any:
    if name == "mujoco_warp":
        pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
    config = dataclasses.replace(SimulationConfig(num_envs=2, threads=1), backend=name)
    made: Any = make_backend(G1, G1.kp, G1.kd, config, "cpu")
    if harness:
        made.hang(HARNESS, STANDING_M)
    return made


def stood(made: Any, tilt_rad: float = 0.0) -> torch.Tensor:
    """The states after ``made`` was put on its feet, leaning forward."""
    rows = made.layout.empty((2,), made.device)
    rows.flat.zero_()
    rows.root_pos_w[:, 2] = STANDING_M
    rows.root_quat_w[:] = torch.tensor([math.cos(tilt_rad / 2), 0, math.sin(tilt_rad / 2), 0])
    rows.joint_pos[:] = torch.tensor(G1.default_joint_pos_rad, dtype=torch.float32)
    made.reset(torch.arange(2), rows.flat)
    return rows.joint_pos


def held(made: Any) -> list[torch.Tensor]:
    """The engine's own external forces [N, bodies, 6] and damping [N, dofs]."""
    if hasattr(made, "batch"):
        arrays = (made.batch.bind("xfrc_applied"), made.batch.expand("dof_damping"))
    else:
        arrays = (made.data.xfrc_applied.numpy(), made.model.dof_damping.numpy())
    return [torch.from_numpy(array).float().clone() for array in arrays]


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


@pytest.mark.parametrize("name", BACKENDS)
def test_nothing_of_it_stays_once_it_has_faded(name: str) -> None:
    plain, made = backend(harness=False, name=name), backend(harness=True, name=name)
    pose = stood(made, tilt_rad=0.15)
    made.step(pose)
    assert held(made)[0].any()
    made.harness.schedule(2000)
    for array, nominal in zip(held(made), held(plain), strict=True):
        assert torch.equal(array, nominal)
    for sim in (plain, made):
        stood(sim, tilt_rad=0.15)
        for _ in range(20):
            sim.step(pose)
    assert torch.equal(plain.state.flat, made.state.flat)


def test_both_engines_hold_and_move_a_robot_alike() -> None:
    """At half the strength, over half a second in which it would fall alone."""
    cpu, warp = (backend(harness=True, name=name) for name in BACKENDS)
    alone = backend(harness=False)
    for sim in (cpu, warp, alone):
        pose = stood(sim, tilt_rad=0.15)
        if sim.harness is not None:
            sim.harness.schedule(1500)
        sim.step(pose)
    for ours, theirs in zip(held(warp), held(cpu), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-5)
    for sim in (cpu, warp, alone):
        for _ in range(24):
            sim.step(pose)
    apart = (warp.state.flat - cpu.state.flat).abs().max()
    assert apart < 0.05 * (alone.state.flat - cpu.state.flat).abs().max()


def test_warp_fades_it_in_place_and_physics_leaves_it_alone() -> None:
    """What steps were recorded with is what they read ever after."""
    made = backend(harness=True, name="mujoco_warp")
    pose = stood(made, tilt_rad=0.15)
    arrays = (made.data.xfrc_applied, made.model.dof_damping)
    places = [array.ptr for array in arrays]
    for samples in (0, 1500, 2000, 500):
        made.harness.schedule(samples)
        made.command(pose)
        before = held(made)
        made.physics()
        for after, kept in zip(held(made), before, strict=True):
            assert torch.equal(after, kept)
    assert places == [made.data.xfrc_applied.ptr, made.model.dof_damping.ptr]


@pytest.mark.parametrize("name", BACKENDS)
def test_a_recipe_trains_in_it_while_it_fades(name: str) -> None:
    if name == "mujoco_warp":
        pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
    recipe = small_recipe(
        f"simulation.backend={name}", "harness.enabled=true", "harness.fade=[0, 96]"
    )
    session = build_session(recipe, "cpu")
    backend: Any = session.environment.backend
    strengths = []
    for k in range(3):
        stats = session.learner.iterate(48 * k)
        assert math.isfinite(stats.style_reward) and math.isfinite(stats.ppo.value_loss)
        strengths.append(backend.harness.strength)
    assert strengths == [1.0, 0.5, 0.0]


def test_another_backend_refuses_it(isaacgym: None) -> None:
    plain = "randomization.enabled=false"
    recipe = small_recipe("simulation.backend=isaacgym", "harness.enabled=true", plain)
    with pytest.raises(InputError, match="isaacgym has no harness"):
        build_session(recipe, "cpu")
