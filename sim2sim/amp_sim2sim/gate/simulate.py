"""Runs side by side: ``mujoco.batch`` under the runtime's observation builder and controller."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from mujoco.batch import Batch

from amp_sdk import rotations
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sim2sim.episode import steps_per_period
from amp_sim2sim.gate.actuation import Motors, answers_known
from amp_sim2sim.gate.bodies import Bodies
from amp_sim2sim.gate.falls import Falls
from amp_sim2sim.gate.loops import Loops, ticks_of
from amp_sim2sim.gate.model import apply_conditions, build_batch_model
from amp_sim2sim.gate.plan import Run, commands
from amp_sim2sim.gate.pushes import PUSH_LASTS_S, push_periods
from amp_sim2sim.gate.recording import Course, GroupLog, Sums
from amp_sim2sim.gate.sensing import Sensing
from amp_sim2sim.gate.starts import make_starts
from amp_sim2sim.gate.terrain import Floors
from amp_sim2sim.gate.thinking import Thinking


def group_key(run: Run) -> tuple[float, bool]:
    """Runs of one key can share a model: the physics step, and whether the floor is a plane."""
    return run.conditions.physics_step_s, run.conditions.terrain == "flat"


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
        step_s, count, joints = all_of[0].physics_step_s, len(runs), contract.action_dim
        self._period_s = contract.control_period_s
        steps_per_period(contract, step_s)
        self._ticks, self._steps = ticks_of(self._period_s, step_s)
        tick_s = self._steps * step_s
        self._periods = periods = max(1, round(duration_s / self._period_s))
        self._runs = tuple(runs)
        rngs = [np.random.default_rng([seed, run.repeat]) for run in runs]
        floors = Floors([(c.terrain, c.terrain_height_m) for c in all_of], seed)
        starts = make_starts(robot, contract, all_of, rngs)
        batch = Batch(build_batch_model(robot, step_s, floors), count, threads)
        apply_conditions(batch, robot, all_of)
        floors.choose(batch)
        self._loops = Loops(robot, contract, count, tick_s)
        self._sensing = Sensing(all_of, rngs, periods * self._ticks, tick_s, self._loops.state)
        known = answers_known(all_of, rngs, periods, self._ticks, tick_s)
        top_speed = robot.velocity_limit_rad_s[robot.joint_index(contract.joint_names)]
        self._motors = Motors(contract, all_of, top_speed, self._sensing.joint_offset)
        self._pushing = push_periods(runs, rngs, periods, self._period_s)
        self._mass_kg = batch.expand("body_mass").sum(axis=1)
        tables = [commands(contract, c, periods) for c in all_of]
        self._asked = np.stack([table for table, _ in tables], axis=1)
        self._changes = tuple(changes for _, changes in tables)
        self.bodies = Bodies(batch, robot, contract)
        self.bodies.put(starts)
        self._thinking = Thinking(policy, periods, known)
        self._falls = Falls(starts, floors)
        self._sums = Sums(contract, count, step_s)
        self._course = Course.empty(periods, count, joints, self.bodies.floor.count)

    def run(self, on_second: Callable[[], None] = lambda: None) -> GroupLog:
        """Simulate; ``on_second`` is called after every simulated second."""
        per_second = max(1, round(1.0 / self._period_s))
        self._sense(0)
        self._loops.start(self._asked[0])
        for period in range(self._periods):
            self._find_falls(period)
            if not self._falls.active.any():
                break
            self._push(period)
            self._loops.ask(self._asked[period])
            for tick in range(self._ticks):
                self._tick(period, tick)
            if (period + 1) % per_second == 0:
                on_second()
        return GroupLog(
            runs=self._runs,
            period_s=self._period_s,
            course=self._course,
            sums=self._sums,
            falls=tuple(self._falls.ended),
            command=self._thinking.command,
            changes=self._changes,
            pushing=self._pushing,
            mass_kg=self._mass_kg,
        )

    def _find_falls(self, period: int) -> None:
        bodies = self.bodies
        trunk = bodies.floor.trunk(bodies.sensors)
        self._falls.look(period * self._period_s, bodies.base_pose_w, bodies.sane(), trunk)
        if period > 0:  # after the falls: a loop that damps a robot which lies is only right
            self._falls.look_at_loops(self._loops)

    def _push(self, period: int) -> None:
        push_n = self.bodies.push_n
        push_n[:] = 0.0
        for i in np.flatnonzero(self._pushing[period] & self._falls.active):
            c = self._runs[i].conditions
            heading = float(rotations.heading(self.bodies.base_pose_w[i, 3:]))
            angle = heading + np.radians(c.push_direction_deg)
            strength = self._mass_kg[i] * c.push_m_s / PUSH_LASTS_S
            push_n[i] = strength * np.cos(angle), strength * np.sin(angle)

    def _tick(self, period: int, tick: int) -> None:
        """One tick of every loop, with the physics until the next."""
        now, active = period * self._ticks + tick, self._falls.active
        fresh = self._sense(now)
        self._loops.stamp(fresh)
        if tick == 0:
            self._thinking.think(period, self._loops, active)
            self._record(period)
        self._thinking.deliver(now, self._loops, active)
        self._loops.step(fresh, active)
        for step in range(self._steps):
            self._move(period, first=tick == 0 and step == 0)

    def _sense(self, tick: int) -> np.ndarray:
        bodies = self.bodies
        quat_w = bodies.base_pose_w[:, 3:]
        return self._sensing.measure(
            tick, quat_w, bodies.ang_vel_b, bodies.joint_pos, bodies.joint_vel
        )

    def _record(self, period: int) -> None:
        rows, course, bodies = np.flatnonzero(self._falls.active), self._course, self.bodies
        course.base_pos_w[period, rows] = bodies.base_pose_w[rows, :3]
        course.base_quat_w[period, rows] = bodies.base_pose_w[rows, 3:]
        course.lin_vel_w[period, rows] = bodies.lin_vel_w[rows]
        course.ang_vel_b[period, rows] = bodies.ang_vel_b[rows]
        course.joint_pos[period, rows] = bodies.joint_pos[rows]
        course.joint_vel[period, rows] = bodies.joint_vel[rows]
        course.target_rad[period, rows] = self._thinking.target_rad[period, rows]
        touch, slip = bodies.floor.feet(bodies.sensors[rows])
        course.foot_contact[period, rows], course.slip_m_s[period, rows] = touch, slip
        course.length[rows] = period + 1

    def _move(self, period: int, first: bool) -> None:
        active, pos, vel = self._falls.active, self.bodies.joint_pos, self.bodies.joint_vel
        asked, torque = self._motors.torque(self._loops, pos, vel)
        self._sums.add(active, asked, torque, pos, vel)
        if first:
            rows = np.flatnonzero(active)
            self._course.torque_nm[period, rows] = torque[rows]
        self._loops.feel(torque)
        self.bodies.step(torque, active)
