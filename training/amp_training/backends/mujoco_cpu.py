"""CPU backend: ``mujoco.batch.Batch``, many simulations on a thread pool."""

from __future__ import annotations

from typing import Dict

import mujoco
import numpy as np
import torch
from torch import Tensor

from amp_sdk.robots import RobotSpec
from amp_training.backends.base import StateLayout
from amp_training.backends.mujoco_model import Addresses, build_model
from amp_training.backends.randomization import Variations
from amp_training.config import SimulationConfig

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

    def __init__(
        self, robot: RobotSpec, kp: np.ndarray, kd: np.ndarray, config: SimulationConfig
    ) -> None:
        from mujoco.batch import Batch  # needs Python 3.11

        self.model = build_model(robot, kp, kd, config)
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
        self._actuator = self._at.actuators.tolist()
        self._in_order = self._actuator == list(range(joints))
        self.layout = StateLayout(joints, len(robot.key_bodies))
        self.state = self.layout.empty((config.num_envs,), self.device)
        self.batch.reset(stage=int(mujoco.mjtStage.mjSTAGE_NONE))
        self._refresh()

    def step(self, targets: Tensor) -> None:
        """Advance one control period with joint targets [N, J] rad."""
        if self._in_order:
            self._ctrl.copy_(targets)
        else:
            self._ctrl[:, self._actuator] = targets.double()
        self.batch.warning[:] = 0
        self.batch.step(nstep=self._decimation)
        self._refresh()

    def reset(self, ids: Tensor, rows: Tensor) -> None:
        """Write the flat states ``rows`` to environments ``ids``; no physics runs."""
        self.state.flat[ids] = rows
        joints = self.layout.joints
        qpos_pos_quat, lin_ang, pos, vel, _ = torch.split(
            rows, [7, 6, joints, joints, 3 * self.layout.keys], dim=-1
        )
        self._qpos[ids] = torch.cat((qpos_pos_quat, pos), 1).double()
        self._qvel[ids] = torch.cat((lin_ang, vel), 1).double()
        self._warmstart[ids] = 0.0

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

    def snapshot(self) -> Dict[str, Tensor]:
        """MuJoCo's integration state (with the warm start) and the robots' states read from it."""
        integration = torch.from_numpy(self.batch.state).clone()
        return {"integration": integration, "state": self.state.flat.clone()}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Go on from a ``snapshot``."""
        self.batch.state[:] = snapshot["integration"].numpy()
        self.state.flat.copy_(snapshot["state"])

    def _refresh(self) -> None:
        flat, joints = self.state.flat, self.layout.joints
        flat[:, :7].copy_(self._qpos[:, :7])
        flat[:, 7:13].copy_(self._qvel[:, :6])
        flat[:, 13 : 13 + joints].copy_(self._qpos[:, 7:])
        flat[:, 13 + joints : 13 + 2 * joints].copy_(self._qvel[:, 6:])
