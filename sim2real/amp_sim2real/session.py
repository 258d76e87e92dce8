"""One run on a robot: the processes, what is said of them, and how they end."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Optional, Type

from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import LoopSettings, fault_names, start_loop
from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.timing import Distribution
from amp_sdk.unitree import Wire, guarded_native

_POLICY_PATIENCE_S = 5.0


@dataclass
class Outcome:
    """How a run went. ``modes`` in the order they were entered, ``faults`` that damped the robot;
    ``rescues``: how often this process had to damp in place of the loop's."""

    modes: List[str] = field(default_factory=list)
    faults: List[str] = field(default_factory=list)
    rescues: int = 0
    loop_status: Optional[int] = None
    problem: str = ""
    notes: List[str] = field(default_factory=list)
    timing: Dict[str, Any] = field(default_factory=dict)


class Session:
    """Loop, rescue and policy process of one robot.

    Entering starts them, with the motors idle; leaving damps the robot, lets it go limp and ends
    them, whatever happened. ``watch`` says what changes and whether to go on.
    """

    def __init__(
        self,
        robot: RobotSpec,
        policy: Policy,
        wire: Wire,
        settings: LoopSettings,
        record: Optional[Path],
        board: Optional[str] = None,
        excite: Optional[str] = None,
    ) -> None:
        """``board`` names a new one; ``excite``: joints are moved one by one in place of the
        policy, by the settings in that file (or "")."""
        self._robot, self._policy, self._wire = robot, policy, wire
        self._settings, self._record, self._board_name = settings, record, board
        self._excite = excite
        self._policies: Optional[subprocess.Popen[bytes]] = None
        self._rescue: Any = None
        self._shown = (-1, 0)
        self.outcome = Outcome()
        self.timing: List[Distribution] = []

    def __enter__(self) -> Session:
        self._loop = start_loop(
            self._robot, [self._policy], self._settings, self._board_name, self._record
        )
        try:
            self.board = self._loop.board
            if not self._wire.dry_run:
                self._rescue = guarded_native("Rescue", self._wire.options(), self.board.name)
            self.outcome.notes = list(self.board.notes)
            self._policies = self._start_policies()
        except BaseException:
            self._end()
            raise
        return self

    def _start_policies(self) -> subprocess.Popen[bytes]:
        module = "amp_sdk.runtime.policy_process"
        if self._excite is not None:
            module = "amp_sim2real.excite"
        command = [sys.executable, "-m", module, self.board.name, self._policy.path]
        command += ["--robot", self._robot.name]
        if self._excite:
            command += ["--settings", self._excite]
        # a session of its own: Ctrl-C in a terminal is for this process, which ends the other
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def watch(self) -> bool:
        """Print what has changed; False where the run is over: its loop or policies have ended."""
        self._say_changes()
        if not self._loop.alive:
            self.outcome.problem = "the loop's process has ended; this one damps the robot"
        elif self._policies is not None and self._policies.poll() is not None:
            self.outcome.problem = "the policies' process has ended"
        if self.outcome.problem:
            print(self.outcome.problem, flush=True)
        return not self.outcome.problem

    def _say_changes(self) -> None:
        status = self._loop.status()
        mode, faults = int(status["mode"]), int(status["first_faults"]) * bool(status["faults"])
        if (mode, faults) == self._shown:
            return
        names = [name for name in fault_names(faults) if name not in fault_names(self._shown[1])]
        if mode != self._shown[0]:
            self.outcome.modes.append(Mode(mode).name.lower())
        if names and int(status["fault_tick"]):
            self.outcome.faults += names
        self._shown = (mode, faults)
        why = f" because of {', '.join(fault_names(faults))}" if faults else ""
        print(f"robot: {Mode(mode).name.lower()}{why}", flush=True)

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._end()

    def _end(self) -> None:
        outcome = self.outcome
        if not self._loop.alive:  # the rescue damps, until the robot is down
            time.sleep(self._settings.damp_time_s)
        try:
            self._damp()
            self._end_policies()
            outcome.loop_status = self._loop.stop()
            self.timing = self._loop.timing()
        finally:
            if self._rescue is not None:
                outcome.rescues = self._rescue.count
                self._rescue = None

    def _damp(self) -> None:
        """From here on the loop heeds nobody; wait until its policies are not needed any more."""
        self.board.native.quit()
        end = time.monotonic() + 1.0
        while self._loop.alive and self._loop.status()["mode"] > Mode.DAMP:
            if time.monotonic() > end:
                break
            time.sleep(0.005)

    def _end_policies(self) -> None:
        if self._policies is None:
            return
        self._policies.terminate()
        try:
            self._policies.wait(_POLICY_PATIENCE_S)
        except subprocess.TimeoutExpired:  # stopped, or hanging
            self._policies.kill()
            self._policies.wait()
