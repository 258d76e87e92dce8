"""Runs side by side: ``mujoco.batch`` under the robot's own observation builder and explicit PD."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from mujoco.batch import Batch

from amp_sdk import rotations
from amp_sdk.contract import PolicyContract
from amp_sdk.observation import BatchObservationBuilder
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sim2sim import metrics
from amp_sim2sim.episode import MAX_TILT_RAD, MIN_HEIGHT_SHARE, Fall, steps_per_period
from amp_sim2sim.gate.actuation import Motors, targets_in_force
from amp_sim2sim.gate.floor_sensors import FloorSensors
from amp_sim2sim.gate.model import apply_conditions, build_batch_model, tilt_floor
from amp_sim2sim.gate.plan import Run, commands
from amp_sim2sim.gate.pushes import PUSH_LASTS_S, push_periods
from amp_sim2sim.gate.recording import Course, Sums
from amp_sim2sim.gate.sensing import Sensing
from amp_sim2sim.gate.starts import make_starts
from amp_sim2sim.gate.terrain import Terrain, make_terrain


@dataclass(frozen=True, eq=False)
class GroupLog:
    """What happened in runs that share a floor and a physics step."""

    runs: tuple[Run, ...]
    period_s: float
    course: Course
    sums: Sums
    falls: tuple[Fall | None, ...]
    command: np.ndarray
    changes: tuple[tuple[int, ...], ...]
    pushing: np.ndarray
    mass_kg: np.ndarray


def group_key(run: Run) -> tuple[float, str, float]:
    """Runs of one key can share a model."""
    c = run.conditions
    return c.physics_step_s, c.terrain, c.terrain_height_m


class Simulation:
    """The runs of one group, from their start to their end. All random numbers come from ``seed``
    and each run's ``repeat``, so that a run's result depends on nothing else."""

    def __init__(
        self,
        policy: Policy,
        robot: RobotSpec,
        runs: Sequence[Run],
        duration_s: float,
        seed: int,
        threads: int,
    ) -> None:
        contract, all_of = policy.contract, [run.conditions for run in runs]
        step_s, kind, height_m = group_key(runs[0])
        self._policy, self._runs, self._steps = (
            policy,
            tuple(runs),
            steps_per_period(contract, step_s),
        )
        self._periods = max(1, round(duration_s / contract.control_period_s))
        self._terrain = make_terrain(kind, height_m, seed)
        model = build_batch_model(robot, step_s, self._terrain)
        rngs = [np.random.default_rng([seed, run.repeat]) for run in runs]
        flat = build_batch_model(robot, step_s, Terrain(None))
        self._starts = make_starts(flat, robot, contract, all_of, rngs)
        self.batch = Batch(model, len(runs), threads)
        apply_conditions(self.batch, robot, all_of)
        self._sensing = Sensing(all_of, rngs, self._periods, contract.action_dim)
        self._in_force = targets_in_force(all_of, rngs, self._periods, self._steps, step_s)
        top_speed = robot.velocity_limit_rad_s[robot.joint_index(contract.joint_names)]
        self._motors = Motors(contract, all_of, top_speed, self._sensing.joint_offset)
        self._pushing = push_periods(runs, rngs, self._periods, contract.control_period_s)
        self._mass_kg = self.batch.expand("body_mass").sum(axis=1)
        tables = [commands(contract, c, self._periods) for c in all_of]
        self._command = np.stack([table for table, _ in tables], axis=1)
        self._changes = tuple(changes for _, changes in tables)
        self._wire(model, robot, contract)
        self._begin()

    def _wire(self, model: mujoco.MjModel, robot: RobotSpec, contract: PolicyContract) -> None:
        joints = [model.joint(name) for name in contract.joint_names]
        self._pos_at = np.array([joint.qposadr[0] for joint in joints])
        self._vel_at = np.array([joint.dofadr[0] for joint in joints])
        self._motor_at = np.array([model.actuator(name).id for name in contract.joint_names])
        base = model.joint(int(model.body(robot.base_body).jntadr[0]))
        self._base, self._base_dof = int(base.qposadr[0]), int(base.dofadr[0])
        self._base_body = model.body(robot.base_body).id
        self._floor = FloorSensors(model, len(robot.foot_bodies))

    def _begin(self) -> None:
        batch, starts, contract = self.batch, self._starts, self._policy.contract
        self._qpos, self._qvel, self._ctrl = (batch.bind(n) for n in ("qpos", "qvel", "ctrl"))
        self._sensors, self._xfrc = batch.bind("sensordata"), batch.bind("xfrc_applied")
        batch.reset(stage=int(mujoco.mjtStage.mjSTAGE_NONE))
        tilt_floor(batch, starts.slope_quat_w)
        self._qpos[:, self._base : self._base + 7] = starts.base_pose_w
        self._qpos[:, self._pos_at] = starts.joint_pos
        batch.forward()
        count, joints = len(self._runs), contract.action_dim
        step_s = contract.control_period_s / self._steps
        self._active = np.ones(count, dtype=bool)
        self._falls: list[Fall | None] = [None] * count
        self._course = Course.empty(self._periods, count, joints, self._floor.count)
        self._sums = Sums(contract, count, step_s)
        self._builder = BatchObservationBuilder(contract, count)
        self._obs = np.zeros((count, contract.obs_dim), dtype=np.float32)
        self._action = np.zeros((count, joints))
        self._targets = np.zeros((self._periods + 1, count, joints))
        self._targets[0] = starts.joint_pos

    def run(self, on_second: Callable[[], None] = lambda: None) -> GroupLog:
        """Simulate; ``on_second`` is called after every simulated second."""
        per_second = max(1, round(1.0 / self._policy.contract.control_period_s))
        for period in range(self._periods):
            self._find_falls(period)
            if not self._active.any():
                break
            self._think(period)
            self._record(period)
            self._move(period)
            if (period + 1) % per_second == 0:
                on_second()
        return GroupLog(
            runs=self._runs,
            period_s=self._policy.contract.control_period_s,
            course=self._course,
            sums=self._sums,
            falls=tuple(self._falls),
            command=self._command,
            changes=self._changes,
            pushing=self._pushing,
            mass_kg=self._mass_kg,
        )

    def _find_falls(self, period: int) -> None:
        time_s = period * self._policy.contract.control_period_s
        pose = self._qpos[:, self._base : self._base + 7]
        with np.errstate(invalid="ignore", over="ignore"):
            bad = ~np.isfinite(self._qpos).all(axis=1) | ~(np.abs(self._qvel) < 1e4).all(axis=1)
            height = (pose[:, :3] * self._starts.normal_w).sum(axis=1)
            height = height - self._terrain.height(pose[:, 0], pose[:, 1])
            tilted = metrics.tilt_rad(pose[:, 3:]) > MAX_TILT_RAD
        low = height < MIN_HEIGHT_SHARE * self._starts.stand_height_m
        trunk = self._floor.trunk(self._sensors)
        reasons = (
            (bad, "the simulation diverged"),
            (tilted, f"tilted by more than {MAX_TILT_RAD:g} rad"),
            (low, f"base below {MIN_HEIGHT_SHARE:g} of its standing height"),
            (trunk, "trunk on the floor"),
        )
        for which, reason in reasons:
            for i in np.flatnonzero(which & self._active):
                self._falls[i], self._active[i] = Fall(time_s, reason), False

    def _think(self, period: int) -> None:
        contract, base, dof = self._policy.contract, self._base, self._base_dof
        active = self._active
        state = self._sensing.measure(
            period,
            self._qpos[:, base + 3 : base + 7],
            self._qvel[:, dof + 3 : dof + 6],
            self._qpos[:, self._pos_at],
            self._qvel[:, self._vel_at],
        )
        self._builder.build(
            state, self._command[period], self._action, out=self._obs, active=active
        )
        actions = self._policy.act(self._obs).astype(np.float64)
        self._action = contract.applied_action(actions)
        self._targets[period + 1] = contract.joint_target_rad(self._action)

    def _record(self, period: int) -> None:
        rows, course = np.flatnonzero(self._active), self._course
        base, dof = self._base, self._base_dof
        course.base_pos_w[period, rows] = self._qpos[rows, base : base + 3]
        course.base_quat_w[period, rows] = self._qpos[rows, base + 3 : base + 7]
        course.lin_vel_w[period, rows] = self._qvel[rows, dof : dof + 3]
        course.ang_vel_b[period, rows] = self._qvel[rows, dof + 3 : dof + 6]
        course.joint_pos[period, rows] = self._qpos[np.ix_(rows, self._pos_at)]
        course.joint_vel[period, rows] = self._qvel[np.ix_(rows, self._vel_at)]
        course.target_rad[period, rows] = self._targets[period + 1, rows]
        touch, slip = self._floor.feet(self._sensors[rows])
        course.foot_contact[period, rows], course.slip_m_s[period, rows] = touch, slip
        course.length[rows] = period + 1

    def _move(self, period: int) -> None:
        everyone = bool(self._active.all())
        ids = None if everyone else np.flatnonzero(self._active).astype(np.int32)
        rows: np.ndarray | slice = slice(None) if ids is None else ids
        self._push(period)
        runs = np.arange(len(self._runs))
        for step in range(self._steps):
            chosen = self._in_force[period * self._steps + step]
            pos, vel = self._qpos[:, self._pos_at], self._qvel[:, self._vel_at]
            asked, torque = self._motors.torque(self._targets[chosen, runs], pos, vel)
            self._ctrl[:, self._motor_at] = torque
            self._sums.add(rows, asked, torque, pos, vel)
            if step == 0:
                self._course.torque_nm[period, rows] = torque[rows]
            self.batch.step(ids)

    def _push(self, period: int) -> None:
        force = self._xfrc[:, self._base_body, :2]
        force[:] = 0.0
        for i in np.flatnonzero(self._pushing[period] & self._active):
            c = self._runs[i].conditions
            quat = self._qpos[i, self._base + 3 : self._base + 7]
            angle = float(rotations.heading(quat)) + np.radians(c.push_direction_deg)
            strength = self._mass_kg[i] * c.push_m_s / PUSH_LASTS_S
            force[i] = strength * np.cos(angle), strength * np.sin(angle)
