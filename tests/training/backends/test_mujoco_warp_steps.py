"""Graphs of physics steps on MuJoCo Warp: they do what the steps do, and read what is in place."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from amp_sdk import robots
from amp_training.config import SimulationConfig

mjw: Any = pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
GO2 = robots.load("go2")
POSE = torch.tensor(GO2.default_joint_pos_rad, dtype=torch.float32).expand(3, 12)


def standing() -> Any:
    from amp_training.backends.mujoco_warp import MujocoWarpBackend

    config = SimulationConfig(num_envs=3, threads=1)
    made: Any = MujocoWarpBackend(GO2, GO2.kp, GO2.kd, config, torch.device("cpu"))
    rows = made.layout.empty((3,), made.device)
    rows.root_pos_w[:, 2], rows.root_quat_w[:, 0] = GO2.default_base_height_m, 1.0
    rows.joint_pos[:] = POSE
    made.reset(torch.arange(3), rows.flat)
    return made


def positions(made: Any) -> torch.Tensor:
    return torch.from_numpy(made.data.qpos.numpy().copy())


def test_a_graph_does_what_its_steps_do() -> None:
    """From the first call on, which captures it; also after others of another length."""
    import warp as wp

    replayed, stepped = standing(), standing()
    for period, steps in enumerate((4, 1, 4, 1)):
        for made in (replayed, stepped):
            made.command(POSE + 0.1 * period)
            wp.to_torch(made.data.ctrl).copy_(made._parts[0][1])
            wp.to_torch(made.data.xfrc_applied)[:, 1, 2] = 10.0 * period
            wp.to_torch(made.model.dof_damping)[1, 2] = 20.0 * period
        replayed._steps.advance(steps)
        for _ in range(steps):
            mjw.step(stepped.model, stepped.data)
        assert torch.equal(positions(replayed), positions(stepped))
    worlds = positions(replayed)
    assert torch.equal(worlds[0], worlds[2]) and not torch.equal(worlds[0], worlds[1])
