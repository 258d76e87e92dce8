"""A simulated robot on the wire: commands in, physics, states out; in real time or in lock-step."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import Board
from amp_sdk.unitree import Wire, guarded_native, native
from amp_sim2sim.wire.answers import PolicyAnswers
from amp_sim2sim.wire.events import Schedule
from amp_sim2sim.wire.line import Line
from amp_sim2sim.wire.reported import Reported, reported
from amp_sim2sim.wire.robot import WireBody, band_share
from amp_sim2sim.wire.settings import Report, SimulateSettings

_FALL_TILT_RAD = 1.0


class Simulation:
    """One robot. ``step`` is a physics step; ``run`` goes on in real time or in lock-step."""

    def __init__(self, robot: RobotSpec, wire: Wire, settings: SimulateSettings) -> None:
        s = self._settings = settings
        self.body = WireBody(robot, wire, 1.0 / s.physics_hz, s.lift_m)
        self.body.settle(band_share(0.0, s.gantry_s))
        machine = s.mode_machine or (wire.mode_machine[0] if wire.mode_machine else 0)
        self._endpoint: Any = guarded_native("SimulatedRobot", wire.options(), machine)
        rng = np.random.default_rng(s.seed)
        self._states: Line[Reported] = Line(s.line, rng)
        self._commands: Line[tuple[int, np.ndarray]] = Line(s.line, rng)
        self._schedule = Schedule(s.events)
        self._per_state = round(s.physics_hz / s.state_hz)
        self._command_ns = 0
        self._steps = 0
        self._stiff_step: int | None = None  # when it was first held
        self._frozen: Reported | None = None
        self._answers: PolicyAnswers | None = None  # of a loop that runs once it commands
        self.report = Report()

    @property
    def time_s(self) -> float:
        """Simulated time."""
        return self._steps * self.body.step_s

    @property
    def stiff_s(self) -> float:
        """Simulated time since the robot was first held up; below 0 until then."""
        if self._stiff_step is None:
            return -1.0
        return (self._steps - self._stiff_step) * self.body.step_s

    def run(self, duration_s: float, held_s: float = math.inf) -> None:
        """Go on for ``duration_s`` of simulated time, ``held_s`` since it was first held up."""
        end = self._steps + round(duration_s / self.body.step_s)
        step_ns = round(1e9 * self.body.step_s)
        due_ns = time.monotonic_ns()
        while self._steps < end and self.stiff_s < held_s:
            self.step()
            if self._settings.lockstep and self._commanded():
                self._wait_for_command()
                due_ns = time.monotonic_ns()
                continue
            due_ns += step_ns
            behind_ns = time.monotonic_ns() - due_ns
            self.report.latest_s = max(self.report.latest_s, behind_ns * 1e-9)
            if behind_ns > 20 * step_ns:  # steps that were missed are left out
                self.report.behind_s += behind_ns * 1e-9
                due_ns += behind_ns
            native().sleep_until(due_ns)

    def step(self) -> None:
        """One physics step under the newest command; a state where one is due."""
        self._receive()
        self._follow()
        self.body.hang(band_share(max(0.0, self.stiff_s), self._settings.gantry_s))
        self.body.step()
        self._steps += 1
        if self._steps % self._per_state == 0:
            self._measure()
        for message in self._states.take(self.time_s):
            self._endpoint.publish(*message)
            self.report.states += 1
        self._judge()

    def finish(self) -> Report:
        """The report up to now."""
        report = self.report
        report.simulated_s = self.time_s
        report.commands = dict(self._endpoint.counters())
        report.states_lost = self._states.lost
        report.end = "held" if self.body.stiff else "damped" if self.body.enabled else "limp"
        return report

    def _commanded(self) -> bool:
        """Whether the newest command is still good."""
        age_ns = time.monotonic_ns() - self._command_ns
        return self._command_ns > 0 and age_ns * 1e-9 < self._settings.timeout_s

    def _wait_for_command(self) -> None:
        """For a new one at least, and until the policies have answered."""
        if self._steps % self._per_state:
            return
        if self._settings.board and self._answers is None:
            self._answers = PolicyAnswers(Board.attach(self._settings.board))
        end_ns = time.monotonic_ns() + round(1e9 * self._settings.timeout_s)
        commanded = self._receive()
        while time.monotonic_ns() < end_ns:
            if commanded and (self._answers is None or not self._answers.owed()):
                break
            time.sleep(0.0001)
            commanded = self._receive() or commanded

    def _receive(self) -> bool:
        command = self._endpoint.read()
        if command is not None:
            self._commands.put(self.time_s, command)
        return command is not None

    def _follow(self) -> None:
        """Take over the newest command; go limp where it is too old."""
        for received_ns, targets in self._commands.take(self.time_s):
            self._command_ns = received_ns
            self.body.command(targets)
        age_s = (time.monotonic_ns() - self._command_ns) * 1e-9
        if not self.body.enabled:
            return
        if age_s > self._settings.timeout_s:
            self.body.command(None)
            self.report.timeouts += 1
        else:
            self.report.longest_command_s = max(self.report.longest_command_s, age_s)
        if self._stiff_step is None and self.body.stiff:
            self._stiff_step = self._steps

    def _measure(self) -> None:
        time_s, schedule = self.stiff_s, self._schedule
        if schedule.holds("silent", time_s):
            return
        if not schedule.holds("freeze", time_s) or self._frozen is None:
            self._frozen = reported(self.body.measure(), self.time_s, time_s, schedule)
        self._states.put(self.time_s, self._frozen)

    def _judge(self) -> None:
        if not self.body.stiff:
            return
        report, height = self.report, float(self.body.sim.base_pose_w[2])
        report.held_s += self.body.step_s
        report.highest_base_m = max(report.highest_base_m, height)
        report.stood = report.stood or height > 0.8 * self.body.stand_height_m
        if report.stood and self._steps % self._per_state == 0:
            down = self.body.tilt_rad() > _FALL_TILT_RAD or self.body.sim.floor_contacts()[1]
            report.fell = report.fell or bool(down)
