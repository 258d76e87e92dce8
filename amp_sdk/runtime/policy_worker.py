"""The policies of one robot, answering its measurements: the policy process without its clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence

import numpy as np

from amp_sdk.errors import CheckFailedError, InputError
from amp_sdk.observation import RobotState
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import messages
from amp_sdk.runtime.board import Board, Role
from amp_sdk.runtime.commands import command_columns
from amp_sdk.runtime.runner import PolicyRunner

LOOP_TIMEOUT_S = 1.0
"""The loop's heartbeat may be at least this old; it beats every tick."""
PATIENCE = 5.0
"""Multiples of the loop's own limits: the loop reacts first, this is the net below."""


@dataclass(eq=False)
class _Slot:
    """One policy with its buffers and the time of its next step."""

    runner: PolicyRunner
    target: np.ndarray  # a PolicyTarget
    command: np.ndarray  # [C], in the order of the contract
    columns: List[int]  # of each command in the board's velocity command
    period_ns: int
    timeout_ns: int
    active: bool = False
    due_ns: int = 0


class PolicyWorker:
    """Answers measurements with the targets of those policies that the loop wants.

    ``runners`` are armed for ``robot`` and fill the slots from 0 on. Call ``poll`` often. A policy
    runs when its control period has passed between measurements (their time stamps, not the
    clock), on the newest one, from a reset each time the loop begins to want it. Raises
    InputError where board and policies do not belong together.

    ``steps`` counts answers, ``late`` those for which a measurement or more was skipped.
    """

    def __init__(self, board: Board, robot: RobotSpec, runners: Sequence[PolicyRunner]) -> None:
        self._board = board
        self._state, self._status = board.state(), board.status()
        config = board.config
        self._half_tick_ns = round(0.5e9 * float(config["period_s"]))
        safety = config["safety"]
        self._state_limit_ns = round(1e9 * PATIENCE * float(safety["state_timeout_s"]))
        self._frozen_limit_ns = round(1e9 * PATIENCE * float(safety["frozen_timeout_s"]))
        self._loop_limit_s = max(LOOP_TIMEOUT_S, PATIENCE * float(safety["overrun_timeout_s"]))
        self._slots = [_slot(config, i, runner, robot) for i, runner in enumerate(runners)]
        joints = len(robot.joint_names)
        message = self._state.message
        # views: the reader always fills the same message
        self._measured = RobotState(
            ang_vel_b=message["gyro_b"],
            quat_w=message["quat_wxyz"],
            joint_pos=message["joint_pos"][:joints],
            joint_vel=message["joint_vel"][:joints],
        )
        self._tick, self._tick_changed_ns = -1, 0
        self._wanted_ns = 0
        self.steps = 0
        self.late = 0

    def poll(self, now_ns: int) -> bool:
        """Take what is new at ``now_ns`` and answer it; True where a policy is wanted.

        Raises CheckFailedError, one line, where going on makes no sense: the loop is gone,
        measurements stay away or stand still while a policy is wanted, an answer took longer than
        the loop's time-out, an observation or action is not finite (such an action is written
        first, so that the loop damps at once).
        """
        self._check_loop(now_ns)
        self._status.poll()
        wanted = int(self._status.message["wanted_policies"])
        fresh = self._state.poll()
        self._watch_state(now_ns, bool(wanted))
        for number, slot in enumerate(self._slots):
            asked = bool(wanted >> number & 1)
            if asked and not slot.active:
                slot.runner.reset()
                slot.due_ns = 0
            slot.active = asked
            if asked and fresh:
                self._answer(slot)
        return bool(wanted)

    def _answer(self, slot: _Slot) -> None:
        measured_ns = int(self._state.message["time_ns"])
        if slot.due_ns and measured_ns < slot.due_ns - self._half_tick_ns:
            return
        behind = measured_ns - slot.due_ns
        if not slot.due_ns or behind >= slot.period_ns:  # the first, or too late to catch up
            self.late += bool(slot.due_ns)
            slot.due_ns = measured_ns
        slot.due_ns += slot.period_ns
        slot.command[:] = self._status.message["velocity_command"][slot.columns]
        runner, target = slot.runner, slot.target
        try:
            runner.step(self._measured, slot.command)
        except InputError as error:
            if not np.isfinite(runner.action).all():
                self._write(slot, measured_ns, np.nan)
            raise CheckFailedError(f"policy {int(target['policy'])} stops: {error}") from error
        self._write(slot, measured_ns, runner.target_rad)
        self.steps += 1
        took_ns = int(target["written_ns"]) - measured_ns
        if took_ns > slot.timeout_ns:
            raise CheckFailedError(
                f"policy {int(target['policy'])} stops: it answered {took_ns / 1e9:.3f} s after "
                f"the measurement; expected at most {slot.timeout_ns / 1e9:.3f} s; free the "
                "processor, or give this process one of its own (--cpu)"
            )

    def _write(self, slot: _Slot, measured_ns: int, target_rad: object) -> None:
        target, joints = slot.target, slot.runner.contract.action_dim
        target["time_ns"] = measured_ns
        target["state_tick"] = self._state.message["tick"]
        target["command"] = self._status.message["velocity_command"]
        target["target"][:joints] = target_rad
        target["action"][:joints] = slot.runner.action
        target["observation"][: slot.runner.contract.obs_dim] = slot.runner.observation
        target["sequence"] += 1
        target["written_ns"] = messages.now_ns()
        self._board.write_target(target)

    def _check_loop(self, now_ns: int) -> None:
        self._board.beat(Role.POLICY)
        pid, beat_ns = self._board.writer(Role.LOOP)
        age_s = (now_ns - beat_ns) / 1e9
        if pid == 0 or age_s > self._loop_limit_s:
            said = "has ended" if pid == 0 else f"gave its last sign of life {age_s:.1f} s ago"
            raise CheckFailedError(f"the loop {said}; the policies stop; start the loop again")

    def _watch_state(self, now_ns: int, wanted: bool) -> None:
        message = self._state.message
        tick = int(message["tick"])
        if tick != self._tick or not wanted:
            self._tick, self._tick_changed_ns = tick, now_ns
        if not wanted:
            self._wanted_ns = now_ns
            return
        age_ns = now_ns - max(int(message["time_ns"]), self._wanted_ns)
        if age_ns > self._state_limit_ns:
            raise CheckFailedError(
                f"the newest measurement is {age_ns / 1e9:.3f} s old; the policies stop; check the "
                "robot's connection and the loop"
            )
        still_ns = now_ns - self._tick_changed_ns
        if still_ns > self._frozen_limit_ns:
            raise CheckFailedError(
                f"the robot's counter stands at {tick} since {still_ns / 1e9:.3f} s; the policies "
                "stop; restart the robot's control board"
            )


def _slot(config: np.ndarray, number: int, runner: PolicyRunner, robot: RobotSpec) -> _Slot:
    contract, where = runner.contract, runner.policy.path
    core = messages.native()
    if number >= core.MAX_POLICIES or contract.obs_dim > core.MAX_OBSERVATION:
        raise InputError(
            f"{where}: policy {number} with {contract.obs_dim} observations; expected at most "
            f"{core.MAX_POLICIES} policies of at most {core.MAX_OBSERVATION} observations"
        )
    joints = int(config["joints"])
    names = [name.decode() for name in config["joint"]["name"][:joints].tolist()]
    tick_s = float(config["period_s"])
    runner.arm(robot, names, tick_s)
    known = config["policy"][number]
    gains = [known[name][:joints].tolist() for name in ("kp", "kd")]
    ours = [contract.joint_array(name).tolist() for name in ("kp", "kd")]
    if not known["present"] or known["period_s"] != contract.control_period_s or gains != ours:
        raise InputError(
            f"{where}: the loop was started with another policy in slot {number} (period "
            f"{float(known['period_s'])!r} s, expected {contract.control_period_s!r} s, and the "
            "same gains); start loop and policies with the same files in the same order"
        )
    target = messages.new(messages.TARGET)
    target["policy"], target["obs_size"] = number, contract.obs_dim
    return _Slot(
        runner=runner,
        target=target,
        command=np.zeros(len(contract.commands)),
        columns=command_columns(contract),
        period_ns=round(1e9 * contract.control_period_s),
        timeout_ns=round(1e9 * float(known["timeout_s"])),
    )
