"""A simulated robot on the wire: commands in, physics, states out; in real time or in lock-step."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_sdk.unitree import Wire, guarded_native, native
from amp_sim2sim.wire.events import Event, Schedule
from amp_sim2sim.wire.line import Line, LineSettings
from amp_sim2sim.wire.robot import WireBody, band_share

_FALL_TILT_RAD = 1.0
_L2_B = 1 << 5 | 1 << 9


@dataclass(frozen=True)
class SimulateSettings:
    """``state_hz`` of states; ``timeout_s`` after which a command counts no more and the robot goes
    limp; ``gantry_s``: how long a band holds it after it was first held up (0: none);
    ``mode_machine`` that a G1 shows (0: that of its variant); ``lockstep``: while commands come, a
    state period passes for each of them."""

    state_hz: float = 500.0
    physics_hz: float = 1000.0
    timeout_s: float = 0.05
    gantry_s: float = 0.0
    mode_machine: int = 0
    lockstep: bool = False
    seed: int = 0
    line: LineSettings = field(default_factory=LineSettings)
    events: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        if not 1.0 <= self.state_hz <= self.physics_hz <= 10000.0:
            raise InputError(
                f"state_hz is {self.state_hz!r}, physics_hz {self.physics_hz!r}; expected rates "
                "from 1 to 10000 Hz, states not more often than physics steps"
            )
        if not 0.001 <= self.timeout_s <= 10.0:
            raise InputError(f"timeout_s is {self.timeout_s!r}; expected 0.001 to 10 seconds")
        if not 0 <= self.mode_machine <= 255:
            raise InputError(f"mode_machine is {self.mode_machine!r}; expected 0 to 255")


@dataclass
class Report:
    """What happened, for a person and for tests. Times are simulated ones; ``fell``: the trunk
    touched the floor, or the robot was tilted by more than 1 rad, while its motors held it after it
    had stood; ``longest_command_s``: the oldest command that a motor acted on, in real time;
    ``end`` is "held", "damped" or "limp"."""

    simulated_s: float = 0.0
    behind_s: float = 0.0
    states: int = 0
    states_lost: int = 0
    stood: bool = False
    fell: bool = False
    held_s: float = 0.0
    timeouts: int = 0
    longest_command_s: float = 0.0
    highest_base_m: float = 0.0
    end: str = "limp"
    commands: dict[str, int] = field(default_factory=dict)


class Simulation:
    """One robot. ``step`` is a physics step; ``run`` goes on in real time or in lock-step."""

    def __init__(self, robot: RobotSpec, wire: Wire, settings: SimulateSettings) -> None:
        s = self._settings = settings
        self.body = WireBody(robot, wire, 1.0 / s.physics_hz)
        self.body.settle(band_share(0.0, s.gantry_s))
        machine = s.mode_machine or (wire.mode_machine[0] if wire.mode_machine else 0)
        self._endpoint: Any = guarded_native("SimulatedRobot", wire.options(), machine)
        rng = np.random.default_rng(s.seed)
        self._states: Line[tuple[Any, ...]] = Line(s.line, rng)
        self._commands: Line[tuple[int, np.ndarray]] = Line(s.line, rng)
        self._schedule = Schedule(s.events)
        self._per_state = round(s.physics_hz / s.state_hz)
        self._command_ns = 0
        self._steps = 0
        self._stiff_step: int | None = None  # when it was first held
        self._frozen: tuple[Any, ...] | None = None
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
        if self._steps % self._per_state:
            return
        end_ns = time.monotonic_ns() + round(1e9 * self._settings.timeout_s)
        while not self._receive() and time.monotonic_ns() < end_ns:
            time.sleep(0.0001)

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
            self._frozen = self._message(time_s)
        self._states.put(self.time_s, self._frozen)

    def _message(self, time_s: float) -> tuple[Any, ...]:
        """The arguments of the endpoint's ``publish``, with what goes wrong at ``time_s``."""
        value = self._schedule.value
        motors, imu = (array.copy() for array in self.body.measure())
        tick = round(1000.0 * self.time_s) + 100000
        if value("restart", time_s) is not None:
            tick -= 100000
        hot, gyro, joint = value("hot", time_s), value("gyro", time_s), value("joint", time_s)
        tilt, battery = value("tilt", time_s), value("battery", time_s)
        if hot is not None:
            motors[4] = hot
        if joint is not None:
            motors[0, 0] += joint
        if value("nan", time_s) is not None:
            motors[0, 0] = np.nan
        if gyro is not None:
            imu[4] += gyro
        if tilt is not None:
            imu[:4] = np.cos(tilt / 2), np.sin(tilt / 2), 0.0, 0.0
        buttons = _L2_B if value("remote", time_s) is not None else 0
        corrupt = value("corrupt", time_s) is not None
        percent = 80.0 if battery is None else battery
        return tick, motors, imu, percent, buttons, np.zeros(4), corrupt

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
