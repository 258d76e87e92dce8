"""The robots' bodies in a ``mujoco.batch.Batch``: what the gate sees and moves of them, by name."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from mujoco.batch import Batch

from amp_sdk.contract import PolicyContract
from amp_sdk.robots import RobotSpec
from amp_sim2sim.gate.floor_sensors import FloorSensors
from amp_sim2sim.gate.model import tilt_floor
from amp_sim2sim.gate.starts import Starts


class Bodies:
    """Views of ``N`` simulations, the truth about them; joints are in the order of the contract.

    ``base_pose_w [N, 7]``, ``lin_vel_w [N, 3]``, ``ang_vel_b [N, 3]``, ``push_n [N, 2]`` (on the
    base, horizontal, in the world), ``sensors [N, S]`` (of the last physics step), ``control
    [N, U]`` (torques, in MuJoCo's order).
    """

    def __init__(self, batch: Batch, robot: RobotSpec, contract: PolicyContract) -> None:
        self.batch, model = batch, batch.model
        joints = [model.joint(name) for name in contract.joint_names]
        base = model.joint(int(model.body(robot.base_body).jntadr[0]))
        at, dof = int(base.qposadr[0]), int(base.dofadr[0])
        self._qpos, self._qvel, ctrl = (batch.bind(n) for n in ("qpos", "qvel", "ctrl"))
        self.base_pose_w = self._qpos[:, at : at + 7]
        self.lin_vel_w = self._qvel[:, dof : dof + 3]
        self.ang_vel_b = self._qvel[:, dof + 3 : dof + 6]
        self.sensors = batch.bind("sensordata")
        self.push_n = batch.bind("xfrc_applied")[:, model.body(robot.base_body).id, :2]
        self.floor = FloorSensors(model, len(robot.foot_bodies))
        self._pos = _Columns(self._qpos, [joint.qposadr[0] for joint in joints])
        self._vel = _Columns(self._qvel, [joint.dofadr[0] for joint in joints])
        self._motors = [model.actuator(name).id for name in contract.joint_names]
        self.control = ctrl

    def put(self, starts: Starts) -> None:
        """Put every robot at rest on its floor."""
        self.batch.reset(stage=int(mujoco.mjtStage.mjSTAGE_NONE))
        tilt_floor(self.batch, starts.slope_quat_w)
        self.base_pose_w[:] = starts.base_pose_w
        self._pos.set(starts.joint_pos)
        self.batch.forward()

    @property
    def joint_pos(self) -> np.ndarray:
        """Joint angles ``[N, J]``, which may change with the next step."""
        return self._pos.get()

    @property
    def joint_vel(self) -> np.ndarray:
        """Joint velocities ``[N, J]``, which may change with the next step."""
        return self._vel.get()

    def sane(self) -> np.ndarray:
        """Whether the simulation still holds numbers that make sense, ``[N]`` bool."""
        with np.errstate(invalid="ignore"):
            slow = (np.abs(self._qvel) < 1e4).all(axis=1)
        return np.asarray(np.isfinite(self._qpos).all(axis=1) & slow)

    def state(self) -> np.ndarray:
        """Positions and velocities of everything, ``[N, S]`` (a copy)."""
        return np.concatenate([self._qpos, self._qvel], axis=1)

    def step(self, torque_nm: np.ndarray, active: np.ndarray) -> None:
        """One physics step of the robots ``active [N]`` under torques ``[N, J]``."""
        self.control[:, self._motors] = torque_nm
        self.batch.step(None if active.all() else np.flatnonzero(active).astype(np.int32))


class _Columns:
    """Some columns of ``array [N, M]``: a view where they are neighbours, else copies."""

    def __init__(self, array: np.ndarray, at: Sequence[int]) -> None:
        self._array, self._at = array, np.array(at)
        together = bool((np.diff(self._at) == 1).all())
        self._view = array[:, self._at[0] : self._at[-1] + 1] if together else None

    def get(self) -> np.ndarray:
        return self._array[:, self._at] if self._view is None else self._view

    def set(self, values: np.ndarray) -> None:
        if self._view is None:
            self._array[:, self._at] = values
        else:
            self._view[:] = values
