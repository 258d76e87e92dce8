"""Starting the loop as a process of its own, and ending it."""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from pathlib import Path
from types import TracebackType
from typing import List, Optional, Sequence, Type, Union

import numpy as np

from amp_sdk._cli import write_json
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime._native import loop_program
from amp_sdk.runtime.board import Board, Role
from amp_sdk.runtime.configuration import loop_config
from amp_sdk.runtime.flight_start import begin_record, record_path
from amp_sdk.runtime.settings import LoopSettings
from amp_sdk.runtime.timing import Distribution, board_timing, report_mapping
from amp_sdk.runtime.timing_picture import write_svg

_START_TIMEOUT_S = 20.0


class LoopProcess:
    """A running loop. Leaving the ``with`` block, or ``stop``, damps the robot and ends the loop.

    The loop outlives this Python where that is killed: it damps the robot, and ends itself after
    ``orphan_time_s``.
    """

    def __init__(
        self,
        board: Board,
        process: subprocess.Popen[bytes],
        stop_time_s: float,
        record: Optional[Path] = None,
    ) -> None:
        self.board = board
        self.record = record
        self._process = process
        self._stop_time_s = stop_time_s
        self._status = board.status()

    @property
    def pid(self) -> int:
        """The process number of the loop."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the loop's process runs."""
        return self._process.poll() is None

    def status(self) -> np.ndarray:
        """The newest ``LoopStatus``."""
        self._status.poll()
        return self._status.message

    def timing(self) -> List[Distribution]:
        """Period, lateness, computing time and policy latency of the run so far."""
        return board_timing(self.board)

    def stop(self, timeout_s: Optional[float] = None) -> int:
        """Damp the robot, let it go limp, end the loop; returns the exit status of its process.

        After ``timeout_s`` (None: the damping time and 10 s) the process is asked again by a
        signal, and where that does not help either, it is killed: its motors then keep the last
        command, so expect a driver's own time-out on a robot.
        """
        self.board.native.quit()
        timeout = self._stop_time_s + 10.0 if timeout_s is None else timeout_s
        for insist in (self._process.terminate, self._process.kill, None):
            try:
                status = self._process.wait(timeout)
                self.board.release(Role.OWNER)
                self.board.unlink()
                self._write_report()
                return status
            except subprocess.TimeoutExpired:
                if insist is not None:
                    insist()
        raise InputError(f"the loop, process {self.pid}, cannot be ended; end it by hand")

    def _write_report(self) -> None:
        """The timing beside the flight record: ``NAME.timing.svg`` and ``NAME.timing.json``."""
        if self._process.stderr is not None and not self._process.stderr.closed:
            for line in self._process.stderr:  # why the recorder stopped, for one
                print(line.decode(errors="replace"), end="", file=sys.stderr)
            self._process.stderr.close()
        if self.record is None:
            return
        timing = self.timing()
        try:
            write_svg(self.record.with_suffix(".timing.svg"), timing, self.record.name)
            write_json(self.record.with_suffix(".timing.json"), report_mapping(timing))
        except InputError as error:  # the robot is safe; a full disk must not hide that
            warnings.warn(str(error), RuntimeWarning, stacklevel=3)

    def __enter__(self) -> LoopProcess:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()


def start_loop(
    robot: RobotSpec,
    policies: Sequence[Union[Policy, PolicyContract]] = (),
    settings: Optional[LoopSettings] = None,
    name: Optional[str] = None,
    record: Optional[Union[str, Path]] = None,
) -> LoopProcess:
    """Start the loop for ``robot``; ``policies[i]`` gets slot ``i``.

    ``record`` names a new file for the flight record, beside which ``stop`` writes the timing; a
    replay finds the policies again where they are given as ``Policy``.

    The loop starts in mode stop: the motors are idle until an operator asks for more. What it could
    not have, real-time priority for one, is in ``board.notes``. Raises InputError where a policy
    does not fit the robot or the loop cannot start.
    """
    settings = LoopSettings() if settings is None else settings
    contracts = [p if isinstance(p, PolicyContract) else p.contract for p in policies]
    config = loop_config(robot, contracts, settings)
    file = None if record is None else Path(record).resolve()
    if file is not None:
        config["record_path"] = record_path(file)
        begin_record(file, robot, policies, settings.period_s)
    board = Board.create(config, name)
    try:
        board.claim(Role.OWNER)
        # a session of its own: Ctrl-C in a terminal is for Python, which then stops the loop
        process = subprocess.Popen(
            [str(loop_program(settings.driver)), board.name],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        _wait_until_running(board, process)
    except BaseException:
        board.native.quit()
        board.unlink()
        raise
    return LoopProcess(board, process, settings.damp_time_s, file)


def _wait_until_running(board: Board, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_TIMEOUT_S
    status = board.status()
    while not status.poll():
        code = process.poll()
        if code is not None or time.monotonic() > end:
            process.kill()
            lines = process.communicate()[1].decode(errors="replace").strip()
            said = lines.replace("error: ", "") or f"exit status {code}"
            raise InputError(f"the loop did not start: {said}")
        time.sleep(0.005)
