"""GPU backend: MuJoCo Warp, one world per environment.

State, controls and warm start are Warp's own arrays seen as torch tensors, without copies. The
physics steps of a control period are captured once as a graph and replayed, on a GPU on torch's
current stream, so that nothing waits for the host. On the CPU, which serves tests, the same kernels
run one world after another.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import mujoco_warp as mjw
import numpy as np
import torch
import warp as wp
from torch import Tensor

from amp_sdk.robots import RobotSpec
from amp_training.backends.base import StateLayout, diverged
from amp_training.backends.disturbances import Bodies, Pushes, TargetDelay, draw_gravity, resumable
from amp_training.backends.harness import Harness
from amp_training.backends.mujoco_model import Addresses, build_model, floor_contacts
from amp_training.backends.mujoco_warp_steps import PhysicsSteps
from amp_training.backends.mujoco_warp_vary import (
    VARIED,
    derive,
    tilt_gravity,
    vary_bodies,
    vary_worlds,
)
from amp_training.backends.randomization import Variations
from amp_training.config import HarnessConfig, RandomizationConfig, SimulationConfig
from amp_training.selection import put

_ROWS_PER_CONTACT = 4  # pyramidal cone of three dimensions


class MujocoWarpBackend:
    """See ``base.Backend``."""

    deterministic = False  # contacts and sums are gathered atomically on a GPU
    masked = True

    def __init__(
        self,
        robot: RobotSpec,
        kp: np.ndarray,
        kd: np.ndarray,
        config: SimulationConfig,
        device: torch.device,
        contact_links: Sequence[str] = (),
    ) -> None:
        wp.config.log_level = wp.LOG_WARNING  # or a line for each of its kernels
        wp.init()
        self.mj_model = build_model(robot, kp, kd, config, contact_links)
        self.num_envs = config.num_envs
        self.device = device
        self._decimation = config.decimation
        self._at = Addresses.find(self.mj_model, robot)
        joints = len(robot.joint_names)
        contacts = floor_contacts(self.mj_model, self._at.geoms)
        limits = int(self.mj_model.jnt_limited.sum())
        frictions = int(np.count_nonzero(self.mj_model.dof_frictionloss))
        with wp.ScopedDevice(wp.device_from_torch(device)):
            self.model = mjw.put_model(self.mj_model, dict.fromkeys(VARIED, self.num_envs))
            self.data = mjw.make_data(
                self.mj_model,
                nworld=self.num_envs,
                nconmax=contacts,
                njmax=_ROWS_PER_CONTACT * contacts + limits + frictions,
            )
        self._qpos: Tensor = wp.to_torch(self.data.qpos)
        self._qvel: Tensor = wp.to_torch(self.data.qvel)
        self._ctrl: Tensor = wp.to_torch(self.data.ctrl)
        self._warmstart: Tensor = wp.to_torch(self.data.qacc_warmstart)
        self._touches: Tensor = wp.to_torch(self.data.sensordata)
        state = (self._qpos, self._qvel, self._warmstart)
        self._steps = PhysicsSteps(self.model, self.data, device, state)
        self._actuator = torch.as_tensor(self._at.actuators, device=device)
        self.delay: Optional[TargetDelay] = None
        self.pushes: Optional[Pushes] = None
        self.harness: Optional[Harness] = None
        self.gravity_w: Optional[Tensor] = None
        """[N, 3] directions of gravity where floors slope; None: straight down."""
        self._parts: List[Tuple[int, Tensor]] = []
        self.layout = StateLayout(joints, len(robot.key_bodies))
        self.state = self.layout.empty((self.num_envs,), device)
        self._refresh()

    def step(self, targets: Tensor) -> None:
        """Advance one control period with joint targets [N, J] rad."""
        self.command(targets)
        self.physics()
        self._refresh()

    def command(self, targets: Tensor) -> None:
        """Set the joint targets [N, J] rad; robots whose time it is are pushed."""
        if self.pushes is not None:
            mask, velocity = self.pushes.tick()
            self._qvel[:, :2] += velocity * mask.unsqueeze(1)
        if self.harness is not None:
            self.harness.hold(self.state)
        late = self.delay
        self._parts = [(self._decimation, targets)] if late is None else list(late.parts(targets))

    def physics(self) -> None:
        """The physics steps of a control period."""
        for steps, now in self._parts:
            self._ctrl[:, self._actuator] = now
            self._steps.advance(steps)

    def reset(self, which: Tensor, rows: Tensor) -> None:
        """Write the flat states ``rows`` to the environments ``which``; no physics runs."""
        put(which, self.state.flat, rows)
        joints = self.layout.joints
        pose, velocity, pos, vel, _ = torch.split(
            rows, [7, 6, joints, joints, 3 * self.layout.keys], dim=-1
        )
        put(which, self._qpos, torch.cat((pose, pos), 1))
        put(which, self._qvel, torch.cat((velocity, vel), 1))
        put(which, self._warmstart, 0.0)
        if self.delay is not None:
            self.delay.restart(which, pos)

    def faulty(self) -> Tensor:
        """[N] bool: the state is not finite, or so large that MuJoCo would call it diverged."""
        return diverged(self.state)

    def touching(self) -> Tensor:
        """[N] bool: one of the ``contact_links`` touched the floor in the last physics step."""
        return (self._touches > 0).any(dim=1)

    def snapshot(self) -> Dict[str, Any]:
        """Positions, velocities, the solver's warm start, the robots' states read from them, and
        what the disturbances go on from."""
        content: Dict[str, Any] = {name: part.clone() for name, part in self._kept().items()}
        disturbances = resumable(self.delay, self.pushes)
        return {**content, **{name: part.snapshot() for name, part in disturbances}}

    def resume(self, snapshot: Dict[str, Any]) -> None:
        """Go on from a ``snapshot``."""
        for name, part in self._kept().items():
            part.copy_(snapshot[name])
        for name, part in resumable(self.delay, self.pushes):
            part.resume(snapshot[name])

    def _kept(self) -> Dict[str, Tensor]:
        parts = {"qpos": self._qpos, "qvel": self._qvel, "warmstart": self._warmstart}
        return {**parts, "state": self.state.flat}

    def vary(self, variations: Variations) -> None:
        """Give every world its own gains, damping, friction and base mass."""
        vary_worlds(self.model, self._at, variations, self.device)
        derive(self.model, self.mj_model)

    def disturb(
        self, config: RandomizationConfig, simulation: SimulationConfig, seed: int
    ) -> Optional[Tensor]:
        """See ``base.Disturbing``."""
        shape = (self.num_envs, self.layout.joints)
        counts = (self.num_envs, self.mj_model.nbody, len(self._at.actuators))
        vary_bodies(self.model, self._at, Bodies.draw(config, *counts, seed), self.device)
        derive(self.model, self.mj_model)
        if config.slope_rad[1] > 0:
            down_w = draw_gravity(config, self.num_envs, seed)
            self.gravity_w = tilt_gravity(self.model, down_w, self.device)
        if config.delay_s[1] > 0:
            self.delay = TargetDelay.draw(
                config, simulation.physics_dt_s, self._decimation, shape, seed, self.device
            )
        if config.push_interval_s is not None:
            period_s = simulation.control_period_s
            self.pushes = Pushes(config, period_s, self.num_envs, seed, self.device, masked=True)
        return self.gravity_w

    def hang(self, config: HarnessConfig, standing_m: float) -> Callable[[int], None]:
        """See ``base.Disturbing``."""
        wrench_w = wp.to_torch(self.data.xfrc_applied)[:, self._at.base]
        damping = wp.to_torch(self.model.dof_damping)[:, :6]
        self.harness = Harness(config, standing_m, wrench_w, damping)
        return self.harness.schedule

    def _refresh(self) -> None:
        flat, joints = self.state.flat, self.layout.joints
        flat[:, :7].copy_(self._qpos[:, :7])
        flat[:, 7:13].copy_(self._qvel[:, :6])
        flat[:, 13 : 13 + joints].copy_(self._qpos[:, 7:])
        flat[:, 13 + joints : 13 + 2 * joints].copy_(self._qvel[:, 6:])
