"""What every conformance check works with: a small robot on a backend, and measurements."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List, Optional, Sequence

import numpy as np
import torch
from torch import Tensor

from amp_sdk.robots import RobotSpec
from amp_sdk.robots.spec import load_file
from amp_training.backends.base import Backend, SimState
from amp_training.backends.randomization import Variations
from amp_training.backends.registry import make_backend
from amp_training.config import SimulationConfig

GRAVITY = 9.81
PHYSICS_DT_S = 0.005
DT_S = 0.01
_MODELS = Path(__file__).parent


@dataclass(frozen=True)
class Measurement:
    """One number and what it should be."""

    name: str
    found: float
    expected: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Within the tolerance; never so for a number that is none."""
        return abs(self.found - self.expected) <= self.tolerance


@dataclass(frozen=True)
class Rig:
    """A backend with one of the small robots, N of them."""

    backend: Backend
    robot: RobotSpec
    kp: float
    kd: float
    variations: Optional[Variations]

    def start(self, height_m: float) -> SimState:
        """A fresh state [N] at rest: level, joints at zero, base at ``height_m``."""
        backend = self.backend
        state = backend.layout.empty((backend.num_envs,), backend.device)
        state.root_pos_w[:, 2] = height_m
        state.root_quat_w[:, 0] = 1.0
        return state

    def reset(self, state: SimState, ids: Optional[Sequence[int]] = None) -> None:
        """Write the rows of ``state`` to ``ids`` (all)."""
        every = list(range(self.backend.num_envs)) if ids is None else list(ids)
        index = torch.tensor(every, device=self.backend.device)
        self.backend.reset(index, state.flat[index])

    def reset_masked(self, state: SimState, ids: Sequence[int]) -> None:
        """The same through a mask; what the other rows of ``state`` hold must not matter."""
        mask = torch.zeros(self.backend.num_envs, dtype=torch.bool, device=self.backend.device)
        mask[list(ids)] = True
        rows = torch.where(mask.unsqueeze(1), state.flat, float("nan"))
        self.backend.reset(mask, rows)

    def step(self, targets: Optional[Tensor] = None, steps: int = 1) -> None:
        """Take control steps with ``targets`` [N, J] rad (zeros)."""
        if targets is None:
            targets = torch.zeros_like(self.backend.state.joint_pos)
        for _ in range(steps):
            self.backend.step(targets.to(self.backend.device))

    def trace(
        self, read: Callable[[SimState], Tensor], steps: int, targets: Optional[Tensor] = None
    ) -> np.ndarray:
        """[steps, ...] float64: ``read(state)`` after each of so many control steps."""
        rows: List[np.ndarray] = []
        for _ in range(steps):
            self.step(targets)
            rows.append(array(read(self.backend.state)))
        return np.stack(rows)


def array(tensor: Tensor) -> np.ndarray:
    """A copy as float64 on the host."""
    return tensor.detach().cpu().double().numpy().copy()


@dataclass(frozen=True)
class Case:
    """One conformance check and the rig that it needs."""

    name: str
    check: Callable[[Rig], List[Measurement]]
    model: str
    envs: int = 2
    kp: float = 0.0
    kd: float = 0.0
    vary: Optional[Callable[[int, int], Variations]] = None
    """(environments, joints) to their variations."""

    def rig(self, backend: str, device: Optional[str]) -> Rig:
        """Build the rig on a backend by name. Raises InputError."""
        robot = load_file(_MODELS / f"{self.model}.yaml")
        joints = len(robot.joint_names)
        config = SimulationConfig(
            backend=backend,  # type: ignore[arg-type]  # a name that the registry knows
            num_envs=self.envs,
            threads=1,
            physics_dt_s=PHYSICS_DT_S,
            control_period_s=DT_S,
        )
        gains = np.full(joints, self.kp), np.full(joints, self.kd)
        made = make_backend(robot, gains[0], gains[1], config, device)
        variations = None if self.vary is None else self.vary(self.envs, joints)
        if variations is not None:
            made.vary(variations)
        return Rig(made, robot, self.kp, self.kd, variations)

    def run(self, backend: str, device: Optional[str] = None) -> List[Measurement]:
        """Build the rig and measure."""
        return self.check(self.rig(backend, device))
