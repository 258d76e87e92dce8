"""The checks find the mistakes that they are there for: a correct backend, broken on purpose."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from amp_training.backends import registry
from amp_training.backends.conformance import CASES
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.rotations import rotate, rotate_inverse


class WorldSpin(MujocoBackend):
    """States the angular velocity in the world."""

    def _refresh(self) -> None:
        super()._refresh()
        state = self.state
        state.root_ang_vel_b.copy_(rotate(state.root_quat_w, state.root_ang_vel_b))


class CentreOfMass(MujocoBackend):
    """States the velocity of the base's centre of mass."""

    def _refresh(self) -> None:
        super()._refresh()
        com = torch.tensor(self.model.body_ipos[1]).float().expand(self.num_envs, 3)
        moving = torch.linalg.cross(self.state.root_ang_vel_b, com)
        self.state.root_lin_vel_w.add_(rotate(self.state.root_quat_w, moving))


class ReadsXyzw(MujocoBackend):
    """Takes a reset's quaternion for xyzw."""

    def reset(self, ids: torch.Tensor, rows: torch.Tensor) -> None:
        super().reset(ids, torch.cat((rows[:, :3], rows[:, 3:7].roll(1, -1), rows[:, 7:]), 1))


class WritesWorldVelocityInBody(MujocoBackend):
    """Takes a reset's linear velocity for one in the body."""

    def reset(self, ids: torch.Tensor, rows: torch.Tensor) -> None:
        super().reset(ids, rows)
        turned = rotate_inverse(rows[:, 3:7], rows[:, 7:10]).double()
        self._qvel[ids, :3] = turned


class OtherOrder(MujocoBackend):
    """Takes targets in the order of the names."""

    def step(self, targets: torch.Tensor) -> None:
        super().step(targets[:, [1, 3, 2, 0]] if targets.shape[1] == 4 else targets)


class ResetsAll(MujocoBackend):
    """Resets every row when one is asked for."""

    def reset(self, ids: torch.Tensor, rows: torch.Tensor) -> None:
        super().reset(torch.arange(self.num_envs), rows[:1].expand(self.num_envs, -1))


class KeepsTargets(MujocoBackend):
    """Uses the targets of the step before."""

    _late: Any = None

    def step(self, targets: torch.Tensor) -> None:
        now, self._late = (targets if self._late is None else self._late), targets.clone()
        super().step(now)


class IgnoresVariations(MujocoBackend):
    """Leaves all robots nominal."""

    def vary(self, variations: Any) -> None:
        pass


class Weak(MujocoBackend):
    """Has motors of half their strength."""

    def __init__(self, robot: Any, *rest: Any) -> None:
        weak = dataclasses.replace(robot, effort_limit_nm=0.5 * robot.effort_limit_nm)
        super().__init__(weak, *rest)


class Slippery(MujocoBackend):
    """Halves all friction."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.model.geom_friction[:, 0] *= 0.5
        self.batch.expand("geom_friction")[:, :, 0] *= 0.5


class Damped(MujocoBackend):
    """Damps the base's flight, as the defaults of some engines do."""

    def _refresh(self) -> None:
        self._qvel[:, :6] *= 0.995
        super()._refresh()


class NeverFaulty(MujocoBackend):
    """Lets a diverged robot pass."""

    def faulty(self) -> torch.Tensor:
        return torch.zeros(self.num_envs, dtype=torch.bool)

    def _refresh(self) -> None:
        super()._refresh()
        bad = np.abs(self.state.flat.numpy()).max(axis=1) > 1e6
        self.state.flat[torch.from_numpy(bad | super().faulty().numpy())] = float("nan")


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (WorldSpin, "velocities"),
        (CentreOfMass, "velocities"),
        (ReadsXyzw, "round_trip"),
        (WritesWorldVelocityInBody, "written_velocities"),
        (OtherOrder, "joint_order"),
        (ResetsAll, "isolation"),
        (KeepsTargets, "isolation"),
        (IgnoresVariations, "varied_gains"),
        (IgnoresVariations, "varied_friction"),
        (IgnoresVariations, "varied_mass"),
        (Weak, "torque_limit"),
        (Slippery, "sliding"),
        (Damped, "free_fall"),
        (NeverFaulty, "divergence"),
    ],
)
def test_a_broken_backend_fails(
    broken: type[MujocoBackend], check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_make", lambda robot, kp, kd, c, *_: broken(robot, kp, kd, c))
    assert not all(m.passed for m in CASES[check].run("mujoco"))
