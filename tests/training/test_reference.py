"""Start states and demonstration windows: spacing, ground contact, agreement with the simulator."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch

from amp_sdk import motion, robots
from amp_training.backends.mujoco_model import build_model
from amp_training.config import SimulationConfig
from amp_training.reference import Reference

GO2 = robots.load("go2")
DT_S = 0.02


@pytest.fixture(scope="module")
def reference() -> Reference:
    library = motion.MotionLibrary([motion.load_clip("go2_trot", GO2)], GO2)
    return Reference(library, GO2, window=4, control_period_s=DT_S, seed=0)


def test_steps_of_a_window_are_one_control_period_apart(reference: Reference) -> None:
    """Demonstrations spaced unlike the policy's steps would be told apart for free."""
    state = reference.layout.view(reference.clip_windows(200))
    moved = state.root_pos_w[:, 1:] - state.root_pos_w[:, :-1]
    mean_vel = 0.5 * (state.root_lin_vel_w[:, 1:] + state.root_lin_vel_w[:, :-1])
    torch.testing.assert_close(moved, mean_vel * DT_S, atol=2e-4, rtol=0)


def test_velocities_are_the_slopes_of_the_positions(reference: Reference) -> None:
    state = reference.layout.view(reference.clip_windows(500))
    slope = (state.joint_pos[:, 2:] - state.joint_pos[:, :-2]) / (2 * DT_S)
    error = (slope - state.joint_vel[:, 1:-1]).abs().mean()
    assert error < 0.1 * state.joint_vel.abs().mean()


def test_stand_starts_touch_the_ground_and_rest(reference: Reference) -> None:
    windows = reference.stand_windows(50)
    state = reference.layout.view(windows)
    assert (windows == windows[:, :1]).all()
    assert (state.root_lin_vel_w == 0).all() and (state.joint_vel == 0).all()
    lowest = [lowest_foot_gap(state.flat[i, -1], reference) for i in range(10)]
    np.testing.assert_allclose(lowest, 0.0, atol=1e-3)


def test_clip_starts_neither_sink_nor_float(reference: Reference) -> None:
    rows = reference.clip_windows(50)[:, -1]
    gaps = np.array([lowest_foot_gap(row, reference) for row in rows])
    assert gaps.min() > -0.01 and np.quantile(gaps, 0.5) < 0.02


def lowest_foot_gap(row: torch.Tensor, reference: Reference) -> float:
    """Distance of the lowest foot sphere from the floor, in the simulator's own kinematics."""
    model = build_model(GO2, GO2.kp, GO2.kd, SimulationConfig(num_envs=1))
    data = mujoco.MjData(model)
    state = reference.layout.view(row)
    data.qpos[:] = np.concatenate((state.root_pos_w, state.root_quat_w, state.joint_pos))
    mujoco.mj_kinematics(model, data)
    feet = {model.body(name).id for name in GO2.foot_bodies}
    spheres = [
        g
        for g in range(model.ngeom)
        if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_SPHERE
        and model.geom_size[g, 0] < 0.03
        and (model.geom_bodyid[g] in feet or model.body_parentid[list(feet)[0]] > 0)
        and model.geom_bodyid[g] != 0
    ]
    return min(float(data.geom_xpos[g, 2] - model.geom_size[g, 0]) for g in spheres)
