"""CPU backend: ``mujoco.batch.Batch``, many simulations on a thread pool."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import mujoco
import numpy as np
import torch
from torch import Tensor

from amp_sdk.robots import RobotSpec
from amp_training.backends.base import StateLayout
from amp_training.backends.disturbances import Bodies, Pushes, TargetDelay, draw_gravity, resumable
from amp_training.backends.harness import Harness
from amp_training.backends.mujoco_model import Addresses, build_model
from amp_training.backends.randomization import Variations
from amp_training.config import HarnessConfig, RandomizationConfig, SimulationConfig

_DIVERGED = [
    int(warning)
    for warning in (
        mujoco.mjtWarning.mjWARN_BADQPOS,
        mujoco.mjtWarning.mjWARN_BADQVEL,
        mujoco.mjtWarning.mjWARN_BADQACC,
    )
]


class MujocoBackend:
    """See ``base.Backend``."""

    deterministic = True  # whatever the number of threads
    masked = False  # on the CPU less work is worth more than an even shape

    def __init__(
        self,
        robot: RobotSpec,
        kp: np.ndarray,
        kd: np.ndarray,
        config: SimulationConfig,
        contact_links: Sequence[str] = (),
    ) -> None:
        from mujoco.batch import Batch  # needs Python 3.11

        self.model = build_model(robot, kp, kd, config, contact_links)
        self.num_envs = config.num_envs
        self.device = torch.device("cpu")
        self._decimation = config.decimation
        self.batch = Batch(self.model, config.num_envs, config.threads)
        self._at = Addresses.find(self.model, robot)
        joints = len(robot.joint_names)
        self._qpos = torch.from_numpy(self.batch.bind("qpos"))
        self._qvel = torch.from_numpy(self.batch.bind("qvel"))
        self._ctrl = torch.from_numpy(self.batch.bind("ctrl"))
        self._warmstart = torch.from_numpy(self.batch.bind("qacc_warmstart"))
        self._touches = self.batch.bind("sensordata") if contact_links else None
        self.delay: Optional[TargetDelay] = None
        self.pushes: Optional[Pushes] = None
        self.harness: Optional[Harness] = None
        self.gravity_w: Optional[Tensor] = None
        """[N, 3] directions of gravity where floors slope; None: straight down."""
        self._parts: List[Tuple[int, Tensor]] = []
        self._actuator = self._at.actuators.tolist()
        self._in_order = self._actuator == list(range(joints))
        self.layout = StateLayout(joints, len(robot.key_bodies))
        self.state = self.layout.empty((config.num_envs,), self.device)
        self.batch.reset(stage=int(mujoco.mjtStage.mjSTAGE_NONE))
        self._refresh()

    def step(self, targets: Tensor) -> None:
        """Advance one control period with joint targets [N, J] rad."""
        self.command(targets)
        self.physics()
        self._refresh()

    def command(self, targets: Tensor) -> None:
        """Set the joint targets [N, J] rad of the next ``physics``; robots whose time it is are
        pushed."""
        if self.pushes is not None:
            ids, velocity = self.pushes.tick()
            self._qvel[ids, :2] += velocity.double()
        if self.harness is not None:
            self.harness.hold(self.state)
        self.batch.warning[:] = 0
        late = self.delay
        self._parts = [(self._decimation, targets)] if late is None else list(late.parts(targets))

    def physics(self) -> None:
        """The physics steps of a control period."""
        for steps, now in self._parts:
            if self._in_order:
                self._ctrl.copy_(now)
            else:
                self._ctrl[:, self._actuator] = now.double()
            self.batch.step(nstep=steps)

    def reset(self, which: Tensor, rows: Tensor) -> None:
        """Write the flat states ``rows`` to environments ``which``; no physics runs."""
        self.state.flat[which] = rows
        joints = self.layout.joints
        qpos_pos_quat, lin_ang, pos, vel, _ = torch.split(
            rows, [7, 6, joints, joints, 3 * self.layout.keys], dim=-1
        )
        self._qpos[which] = torch.cat((qpos_pos_quat, pos), 1).double()
        self._qvel[which] = torch.cat((lin_ang, vel), 1).double()
        self._warmstart[which] = 0.0
        if self.delay is not None:
            self.delay.restart(which, pos)

    def faulty(self) -> Tensor:
        """[N] bool: MuJoCo warned of a diverging or bad state during the last step."""
        return torch.from_numpy(self.batch.warning[:, _DIVERGED].any(axis=(1, 2)))

    def vary(self, variations: Variations) -> None:
        """Give every simulation its own gains, damping, friction and base mass."""
        batch, at = self.batch, self._at
        gain, bias = batch.expand("actuator_gainprm"), batch.expand("actuator_biasprm")
        # a position actuator's force is gain[0] ctrl + bias[1] q + bias[2] dq
        gain[:, at.actuators, 0] *= variations.kp_ratio
        bias[:, at.actuators, 1] *= variations.kp_ratio
        bias[:, at.actuators, 2] *= variations.kd_ratio
        damping, extra = batch.expand("dof_damping"), variations.damping_nm_s
        damping[:, at.dofs] += extra.reshape(extra.shape + (1,) * (damping.ndim - 2))
        batch.expand("geom_friction")[:, at.geoms, 0] = variations.friction[:, None]
        batch.expand("body_mass")[:, at.base] += variations.base_mass_kg
        batch.set_const()

    def disturb(
        self, config: RandomizationConfig, simulation: SimulationConfig, seed: int
    ) -> Optional[Tensor]:
        """See ``base.Disturbing``."""
        counts = (self.num_envs, self.model.nbody, len(self._at.actuators))
        self._vary_bodies(Bodies.draw(config, *counts, seed))
        if config.slope_rad[1] > 0:
            self.gravity_w = self._tilt_gravity(draw_gravity(config, self.num_envs, seed))
        shape = (self.num_envs, self.layout.joints)
        if config.delay_s[1] > 0:
            self.delay = TargetDelay.draw(
                config, simulation.physics_dt_s, self._decimation, shape, seed
            )
        if config.push_interval_s is not None:
            self.pushes = Pushes(config, simulation.control_period_s, self.num_envs, seed)
        return self.gravity_w

    def hang(self, config: HarnessConfig, standing_m: float) -> Callable[[int], None]:
        """See ``base.Disturbing``."""
        wrench_w = torch.from_numpy(self.batch.bind("xfrc_applied"))[:, self._at.base]
        damping = torch.from_numpy(self.batch.expand("dof_damping"))[:, :6]
        self.harness = Harness(config, standing_m, wrench_w, damping)
        return self.harness.schedule

    def _tilt_gravity(self, down_w: np.ndarray) -> Tensor:
        gravity = self.batch.expand("opt.gravity")
        gravity[:] = np.linalg.norm(gravity, axis=1, keepdims=True) * down_w
        self.batch.set_const()
        return torch.from_numpy(down_w).float()

    def _vary_bodies(self, bodies: Bodies) -> None:
        batch, at = self.batch, self._at
        if bodies.mass_ratio is not None:
            batch.expand("body_mass")[:] *= bodies.mass_ratio
            batch.expand("body_inertia")[:] *= bodies.mass_ratio[..., None]
        if bodies.com_shift_m is not None:
            batch.expand("body_ipos")[:, at.base] += bodies.com_shift_m
        if bodies.strength is not None:
            strength = bodies.strength
            batch.expand("actuator_gainprm")[:, at.actuators, 0] *= strength
            batch.expand("actuator_biasprm")[:, at.actuators, 1:3] *= strength[..., None]
            batch.expand("actuator_forcerange")[:, at.actuators] *= strength[..., None]
        batch.set_const()

    def touching(self) -> Tensor:
        """[N] bool: one of the ``contact_links`` touched the floor in the last physics step."""
        if self._touches is None:
            return torch.zeros(self.num_envs, dtype=torch.bool)
        return torch.from_numpy((self._touches > 0).any(axis=1))

    def snapshot(self) -> Dict[str, Any]:
        """MuJoCo's integration state (with the warm start), the robots' states read from it, and
        what the disturbances go on from."""
        content = {"integration": torch.from_numpy(self.batch.state).clone()}
        content["state"] = self.state.flat.clone()
        disturbances = resumable(self.delay, self.pushes)
        return {**content, **{name: part.snapshot() for name, part in disturbances}}

    def resume(self, snapshot: Dict[str, Any]) -> None:
        """Go on from a ``snapshot``."""
        self.batch.state[:] = snapshot["integration"].numpy()
        self.state.flat.copy_(snapshot["state"])
        for name, part in resumable(self.delay, self.pushes):
            part.resume(snapshot[name])

    def _refresh(self) -> None:
        flat, joints = self.state.flat, self.layout.joints
        flat[:, :7].copy_(self._qpos[:, :7])
        flat[:, 7:13].copy_(self._qvel[:, :6])
        flat[:, 13 : 13 + joints].copy_(self._qpos[:, 7:])
        flat[:, 13 + joints : 13 + 2 * joints].copy_(self._qvel[:, 6:])
