"""One control period of physics from any recorded state: as in training, and as in ``sim2sim``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from mujoco.batch import Batch

from amp_sdk.contract import PolicyContract
from amp_sdk.robots import RobotSpec
from amp_sdk.rollout_record import RecordedPhysics
from amp_sim2sim.scene import add_floor, build_model, robot_spec

Parts = Sequence[tuple[int, np.ndarray]]
"""Physics steps and the joint targets [M, J] rad that hold during them."""


@dataclass(frozen=True, eq=False)
class Gains:
    """PD gains and torque limits of the joints, each ``[J]``."""

    kp: np.ndarray
    kd: np.ndarray
    effort_nm: np.ndarray

    @classmethod
    def of(cls, contract: PolicyContract, names: Sequence[str]) -> Gains:
        """Those of the contract, in the order of ``names``."""
        at = [contract.joint_names.index(name) for name in names]
        fields = ("kp", "kd", "effort_limit_nm")
        return cls(*(contract.joint_array(field)[at] for field in fields))


class TrainingPhysics:
    """The engine settings of training: position actuators under ``implicitfast``.

    States ``[M, 13 + 2J]`` are those of ``amp_sdk.rollout_record``, joints in the order of
    ``names``; M is at most ``count``.
    """

    def __init__(
        self,
        robot: RobotSpec,
        names: Sequence[str],
        physics: RecordedPhysics,
        count: int,
    ) -> None:
        model = _training_model(robot, physics)
        self._robots = _Robots(Batch(model, count, 0), robot, names)
        self.step_s = physics.physics_step_s

    def set_gains(self, gains: Gains) -> None:
        """Gains and limits of all robots."""
        batch, motors = self._robots.batch, self._robots.motors
        batch.expand("actuator_gainprm")[:, motors, 0] = gains.kp
        bias = batch.expand("actuator_biasprm")
        bias[:, motors, 1], bias[:, motors, 2] = -gains.kp, -gains.kd
        limits = np.stack([-gains.effort_nm, gains.effort_nm], axis=-1)
        batch.expand("actuator_forcerange")[:, motors] = limits

    def place(self, rows: np.ndarray, state: np.ndarray) -> None:
        """Put the robots ``rows [m]`` into ``state [m, S]``, as after a restart."""
        self._robots.place(rows, state)

    def move(self, parts: Parts) -> np.ndarray:
        """The states ``[count, S]`` after ``parts``."""
        robots = self._robots
        for steps, target in parts:
            robots.ctrl[:, robots.motors] = target
            robots.batch.step(nstep=steps)
        return robots.state()

    def after(self, state: np.ndarray, parts: Parts) -> np.ndarray:
        """``[M, S]``: where ``state [M, S]`` leads to under ``parts``."""
        rows = np.arange(len(state))
        self.place(rows, state)
        padded = [(steps, _padded(target, self._robots.batch.nsim)) for steps, target in parts]
        return self.move(padded)[: len(state)]


class OwnPhysics:
    """What ``sim2sim`` verifies with: explicit PD torques at its own step, dry friction."""

    def __init__(
        self, robot: RobotSpec, names: Sequence[str], gains: Gains, step_s: float, count: int
    ) -> None:
        model = build_model(robot, step_s)
        self._robots = _Robots(Batch(model, count, 0), robot, names)
        self._gains = gains
        self.step_s = step_s

    def after(self, state: np.ndarray, target: np.ndarray, period_s: float) -> np.ndarray:
        """``[M, S]``: where ``state [M, S]`` leads to under ``target [M, J]`` in a period."""
        robots, gains, joints = self._robots, self._gains, target.shape[1]
        robots.place(np.arange(len(state)), state)
        padded = _padded(target, robots.batch.nsim)
        for _ in range(round(period_s / self.step_s)):
            now = robots.state()
            pos, vel = now[:, 13 : 13 + joints], now[:, 13 + joints :]
            torque = gains.kp * (padded - pos) - gains.kd * vel
            robots.ctrl[:, robots.motors] = np.clip(torque, -gains.effort_nm, gains.effort_nm)
            robots.batch.step()
        return robots.state()[: len(state)]


class _Robots:
    """Where a robot's numbers are in a batch."""

    def __init__(self, batch: Batch, robot: RobotSpec, names: Sequence[str]) -> None:
        model = batch.model
        joints = [model.joint(name) for name in names]
        base = model.joint(int(model.body(robot.base_body).jntadr[0]))
        at, dof = int(base.qposadr[0]), int(base.dofadr[0])
        self.batch = batch
        self.motors = np.array([model.actuator(name).id for name in names])
        self.ctrl = batch.bind("ctrl")
        self._qpos, self._qvel = batch.bind("qpos"), batch.bind("qvel")
        self._warmstart = batch.bind("qacc_warmstart")
        self._pos = np.array([*range(at, at + 7), *(int(j.qposadr[0]) for j in joints)])
        self._vel = np.array([*range(dof, dof + 6), *(int(j.dofadr[0]) for j in joints)])
        batch.reset(stage=int(mujoco.mjtStage.mjSTAGE_NONE))

    def place(self, rows: np.ndarray, state: np.ndarray) -> None:
        joints = len(self.motors)
        pose, vel, pos, speed = np.split(state, [7, 13, 13 + joints], axis=1)
        self._qpos[np.ix_(rows, self._pos)] = np.hstack([pose, pos])
        self._qvel[np.ix_(rows, self._vel)] = np.hstack([vel, speed])
        self._warmstart[rows] = 0.0

    def state(self) -> np.ndarray:
        pos, vel = self._qpos[:, self._pos], self._qvel[:, self._vel]
        return np.hstack([pos[:, :7], vel[:, :6], pos[:, 7:], vel[:, 6:]])


def _training_model(robot: RobotSpec, physics: RecordedPhysics) -> mujoco.MjModel:
    spec = robot_spec(robot, physics.physics_step_s)
    add_floor(spec)
    for name in robot.joint_names:
        motor = spec.actuator(name)
        motor.set_to_position(kp=1.0, kv=1.0)
        motor.ctrllimited = mujoco.mjtLimited.mjLIMITED_FALSE
        motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        motor.forcerange = [-1.0, 1.0]
    model = spec.compile()
    if not physics.friction_loss:
        model.dof_frictionloss[:] = 0.0
    model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    model.opt.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL
    return model


def _padded(rows: np.ndarray, count: int) -> np.ndarray:
    """``[count, J]``: rows and then zeros, for the robots that nobody looks at."""
    padded = np.zeros((count, rows.shape[1]))
    padded[: len(rows)] = rows
    return padded
