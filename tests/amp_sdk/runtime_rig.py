"""A robot, a policy and an operator that are nothing but messages, tick by tick."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from amp_sdk import robots
from amp_sdk.contract import PolicyContract, read_contract
from amp_sdk.runtime import Controller, LoopSettings, SafetySettings, fault_names, loop_config
from amp_sdk.runtime import messages as m

GO2 = robots.load("go2")
CONTRACT: PolicyContract = read_contract(GO2.mjcf_path.parent.parent / "policies/go2_trot.onnx")
STOP, DAMP, STAND, POLICY = range(4)
SETTINGS = LoopSettings(
    driver="mock", stand_time_s=0.1, blend_time_s=0.04, damp_time_s=0.02, priority=0
)
PERIOD_TICKS = round(CONTRACT.control_period_s / SETTINGS.period_s)
TIMEOUT_TICKS = round(2.5 * PERIOD_TICKS)


def patient(timeout_s: float = 100.0) -> LoopSettings:
    """Settings whose time-outs suit a machine on which processes wait for seconds."""
    safety = SafetySettings(
        state_timeout_s=timeout_s,
        frozen_timeout_s=timeout_s,
        state_loss_time_s=timeout_s,
        overrun_timeout_s=timeout_s,
        deadman_timeout_s=0.0,
    )
    periods = timeout_s / CONTRACT.control_period_s
    return dataclasses.replace(
        SETTINGS, safety=safety, target_timeout_periods=periods, lock_memory=False
    )


def robot_state() -> np.ndarray:
    """The Go2 in its stand pose, with everything measured."""
    state = m.new(m.STATE)
    state["joint_pos"][: len(GO2.joint_names)] = CONTRACT.joint_array("default_pos_rad")
    core = m.native()
    state["flags"] = core.HAS_TORQUE | core.HAS_TEMPERATURE | core.HAS_BATTERY
    state["motor_temperature_c"] = 30.0
    state["battery_percent"] = 80.0
    return state


class Rig:
    """A controller with its surroundings, at 500 Hz, without a clock.

    ``sense``, ``answer`` and ``ask`` may change (or drop, by returning False) what the robot
    measures, the policy answers and the operator wants; they are called for each new message.
    """

    def __init__(self, settings: LoopSettings = SETTINGS) -> None:
        self.controller = Controller(loop_config(GO2, [CONTRACT, CONTRACT], settings))
        self.dt_ns = round(1e9 * settings.period_s)
        self.time_ns = 1_000_000_000
        self.state = robot_state()
        self.operator = m.new(m.OPERATOR)
        self.robot_tick = 0
        self.latency_ticks = 1
        self.sense: Callable[[np.ndarray], object] = lambda state: True
        self.answer: Callable[[np.ndarray], object] = lambda target: True
        self.ask: Callable[[np.ndarray], object] = lambda operator: True
        self._pending: list[tuple[int, np.ndarray]] = []
        self._sequence = 0

    @property
    def mode(self) -> int:
        return int(self.controller.status["mode"])

    @property
    def faults(self) -> tuple[str, ...]:
        return fault_names(self.controller.status["faults"])

    def tick(self) -> np.ndarray:
        """One tick; returns the command."""
        self.time_ns += self.dt_ns
        self.robot_tick += 1
        state = self.state.copy()
        state["time_ns"], state["tick"] = self.time_ns, self.robot_tick
        measured = self.sense(state) is not False
        operator = self.operator.copy()
        operator["time_ns"] = operator["deadman_ns"] = self.time_ns
        asked = self.ask(operator) is not False
        due = [t for at, t in self._pending if at <= self.robot_tick]
        self._pending = [(at, t) for at, t in self._pending if at > self.robot_tick]
        command = self.controller.step(
            self.time_ns, state if measured else None, due, operator if asked else None
        )
        if self.robot_tick % PERIOD_TICKS == 0 and measured:
            self._think(state)
        return command

    def _think(self, state: np.ndarray) -> None:
        for slot in range(2):
            if not int(self.controller.status["wanted_policies"]) >> slot & 1:
                continue
            target = m.new(m.TARGET)
            self._sequence += 1
            target["policy"], target["sequence"] = slot, self._sequence
            target["time_ns"], target["state_tick"] = state["time_ns"], state["tick"]
            target["written_ns"] = state["time_ns"] + self.latency_ticks * self.dt_ns
            target["target"][:12] = CONTRACT.joint_array("default_pos_rad")
            if self.answer(target) is not False:
                self._pending.append((self.robot_tick + self.latency_ticks, target))

    def request(self, mode: int) -> None:
        self.operator["requested_mode"] = mode

    def ticks(self, count: int) -> None:
        for _ in range(count):
            self.tick()

    def run_policy(self) -> None:
        """Through stop, damp and stand to a policy that is blended in."""
        self.request(STOP)
        self.ticks(2)
        self.request(POLICY)
        self.ticks(120)
        assert self.mode == POLICY and self.controller.status["blend"] == 1.0, self.faults

    def ticks_until_damped(self, limit: int) -> int:
        """Ticks from now on, with the damped one; at most ``limit``."""
        for count in range(1, limit + 1):
            command = self.tick()
            if self.mode == DAMP:
                assert is_damped(command)
                return count
        raise AssertionError(f"not damped after {limit} ticks, faults {self.faults}")


def is_damped(command: np.ndarray) -> bool:
    """Whether a command only damps, with finite numbers."""
    joints = slice(0, len(GO2.joint_names))
    still = all(np.all(command[name][joints] == 0.0) for name in ("kp", "torque", "target_vel"))
    finite = np.isfinite(command["target_pos"]).all()
    return bool(still and finite and np.all(command["kd"][joints] > 0) and command["mode"][0] == 1)
