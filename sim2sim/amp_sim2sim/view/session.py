"""A policy that a person watches, commands and pushes: a verification's own simulation, without an
end. Left alone it is episode ``number`` of the seed, step by step."""

from __future__ import annotations

import threading

import numpy as np

from amp_sdk import robots, rotations
from amp_sdk.contract import check_robot
from amp_sdk.errors import InputError, closest
from amp_sdk.policy import Policy
from amp_sim2sim.episode import DIVERGED, Drive, Fall
from amp_sim2sim.gate.pushes import PUSH_LASTS_S
from amp_sim2sim.physics_step import fitting_step
from amp_sim2sim.scene import PHYSICS_STEP_S, build_model
from amp_sim2sim.view.history import History, Window


class ViewSession:
    """``advance`` belongs to one thread; the rest may be called from any.

    Raises InputError where the policy does not fit its robot.
    """

    def __init__(self, policy: Policy, seed: int = 0) -> None:
        self.contract = policy.contract
        robot = robots.load(policy.contract.robot)
        check_robot(policy.contract, robot)
        self.model = build_model(robot, fitting_step(policy.contract, robot, PHYSICS_STEP_S))
        self.drive = Drive(self.model, robot, policy)
        self.period_s = policy.contract.control_period_s
        self.mass_kg = float(self.model.body_subtreemass[0])
        self._seed = seed
        self._lock = threading.RLock()
        self._history = History(policy.contract)
        self._command = policy.contract.nominal_command.copy()
        self._number = -1
        self.paused = False
        self.fall: Fall | None = None
        self.reset()

    @property
    def time_s(self) -> float:
        """Simulated time since the start or the last reset."""
        return self._periods * self.period_s

    @property
    def command(self) -> np.ndarray:
        """The command ``[C]`` in force, in the contract's order (a copy)."""
        with self._lock:
            return self._command.copy()

    def set_command(self, name: str, value: float) -> None:
        """Change a command; a value outside of the contract's range becomes its nearest end.
        Raises InputError where the policy does not take it."""
        index = self.contract.command_index(name)
        if index < 0:
            names = [command.name for command in self.contract.commands]
            raise InputError(f"the policy takes no command {name!r}; {closest(name, names)}")
        term = self.contract.commands[index]
        with self._lock:
            self._command[index] = np.clip(value, term.lower, term.upper)

    def push(self, speed_m_s: float, direction_deg: float) -> None:
        """Push the base for a tenth of a second, as the gate does: the impulse is ``speed_m_s``
        times the robot's mass, the direction counts from its heading to the left."""
        with self._lock:
            quat = self.drive.sim.base_pose_w[3:]
            angle = float(rotations.heading(quat)) + np.radians(direction_deg)
            size = self.mass_kg * speed_m_s / PUSH_LASTS_S
            self._force_w = size * np.array([np.cos(angle), np.sin(angle), 0.0])
            self._push_left = max(1, round(PUSH_LASTS_S / self.period_s))

    def reset(self) -> None:
        """Start the next episode: another heading, other joint errors. The command stays."""
        with self._lock:
            self._number += 1
            self._periods = 0
            self._push_left = 0
            self.fall = None
            self._history.clear()
            self.drive.begin(self._seed, self._number)

    def window(self) -> Window:
        """The last seconds."""
        with self._lock:
            return self._history.window()

    def advance(self) -> None:
        """One control period, unless paused. A robot that fell goes on until it is reset, and a
        simulation that diverged is paused."""
        with self._lock:
            if self.paused:
                return
            reason, _ = self.drive.look()
            if reason and self.fall is None:
                self.fall = Fall(self.time_s, reason)
            if reason == DIVERGED:
                self.paused = True
                return
            self._period()

    def _period(self) -> None:
        drive, sim = self.drive, self.drive.sim
        pose, velocity = sim.base_pose_w, sim.base_velocity
        drive.think(self._command)
        sim.shove(self._force_w if self._push_left else np.zeros(3))
        self._push_left = max(0, self._push_left - 1)
        for step in range(drive.steps):
            pos, _, torque = drive.step()
            if step == 0:
                joints = (pos, drive.target_rad, torque)
                self._history.add(self.time_s, self._command, pose, velocity, joints)
        self._periods += 1
