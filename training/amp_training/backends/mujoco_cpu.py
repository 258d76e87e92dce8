"""CPU backend: ``mujoco.batch.Batch``, many simulations on a thread pool."""

from __future__ import annotations

import mujoco
import numpy as np
import torch
from torch import Tensor

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training.backends.base import StateLayout
from amp_training.config import SimulationConfig

_DIVERGED = [
    int(warning)
    for warning in (
        mujoco.mjtWarning.mjWARN_BADQPOS,
        mujoco.mjtWarning.mjWARN_BADQVEL,
        mujoco.mjtWarning.mjWARN_BADQACC,
    )
]


def build_model(
    robot: RobotSpec, kp: np.ndarray, kd: np.ndarray, config: SimulationConfig
) -> mujoco.MjModel:
    """The robot on a flat floor with PD position actuators at its joints.

    Args:
        robot: the robot; its MJCF has one motor per joint, named like the joint.
        kp: [J] N m/rad. kd: [J] N m s/rad.
        config: physics step; without ``friction_loss`` the joints have no dry friction.
    """
    spec = mujoco.MjSpec.from_file(str(robot.mjcf_path))
    spec.compiler.discardvisual = True  # a seventh more steps a second
    spec.worldbody.add_geom(
        name="floor",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0, 0, 1],
        contype=1,
        conaffinity=1,
        condim=3,
    )
    for sensor in list(spec.sensors):
        spec.delete(sensor)
    for i, name in enumerate(robot.joint_names):
        motor = spec.actuator(name)
        if motor is None:
            raise InputError(f"{robot.mjcf_path}: no actuator named {name!r}")
        limit = float(robot.effort_limit_nm[i])
        motor.set_to_position(kp=float(kp[i]), kv=float(kd[i]))
        motor.ctrllimited = mujoco.mjtLimited.mjLIMITED_FALSE
        motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        motor.forcerange = [-limit, limit]
    model = spec.compile()
    if not config.friction_loss:
        model.dof_frictionloss[:] = 0.0
    model.opt.timestep = config.physics_dt_s
    model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    model.opt.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL
    return model


class MujocoBackend:
    """See ``base.Backend``."""

    def __init__(
        self, robot: RobotSpec, kp: np.ndarray, kd: np.ndarray, config: SimulationConfig
    ) -> None:
        from mujoco.batch import Batch  # needs Python 3.11

        self.model = build_model(robot, kp, kd, config)
        self.num_envs = config.num_envs
        self.device = torch.device("cpu")
        self._decimation = config.decimation
        self.batch = Batch(self.model, config.num_envs, config.threads)
        joints = [self.model.joint(name) for name in robot.joint_names]
        expected = list(range(7, 7 + len(joints)))
        found = [int(joint.qposadr[0]) for joint in joints]
        if found != expected:
            raise InputError(f"{robot.name}: joint_names are not in the order of the MJCF")
        self._qpos = torch.from_numpy(self.batch.bind("qpos"))
        self._qvel = torch.from_numpy(self.batch.bind("qvel"))
        self._ctrl = torch.from_numpy(self.batch.bind("ctrl"))
        self._warmstart = torch.from_numpy(self.batch.bind("qacc_warmstart"))
        self._actuator = [self.model.actuator(name).id for name in robot.joint_names]
        self._in_order = self._actuator == list(range(len(joints)))
        self.layout = StateLayout(len(joints), len(robot.key_bodies))
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

    def _refresh(self) -> None:
        flat, joints = self.state.flat, self.layout.joints
        flat[:, :7].copy_(self._qpos[:, :7])
        flat[:, 7:13].copy_(self._qvel[:, :6])
        flat[:, 13 : 13 + joints].copy_(self._qpos[:, 7:])
        flat[:, 13 + joints : 13 + 2 * joints].copy_(self._qvel[:, 6:])
