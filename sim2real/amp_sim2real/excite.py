"""``python -m amp_sim2real.excite BOARD POLICY``: moves one joint at a time, in place of a policy.

``deploy --excite`` starts it. It answers the loop's measurements as a policy would, with the stand
pose and a chirp on one joint after the other, so that every limit and watchdog of the loop holds.
Robot hung up, feet off the ground. ``amp_sdk.identify`` fits the motors to the flight record.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Sequence

import numpy as np

from amp_sdk import robots
from amp_sdk._cli import guarded
from amp_sdk.config import from_mapping, load_yaml
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.policy import load_policy
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import messages
from amp_sdk.runtime.board import Board, Role
from amp_sdk.runtime.modes import Mode

_WAIT_S = 0.0003
_MARGIN_RAD = 0.1
_HIGHEST_HZ = 20.0


@dataclass(frozen=True)
class ExciteSettings:
    """Every joint's chirp lasts ``seconds``, from ``start_hz`` to ``end_hz`` (logarithmic), with
    ``ramp_s`` to swell and to fade, and ``pause_s`` after it. Its amplitude is at most
    ``amplitude_rad``, what the joint's range leaves, and what ``velocity_rad_s`` allows."""

    amplitude_rad: float = 0.2
    velocity_rad_s: float = 3.0
    start_hz: float = 0.3
    end_hz: float = 5.0
    seconds: float = 8.0
    ramp_s: float = 1.0
    pause_s: float = 0.5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0.0:
                raise InputError(f"excitation: {name} is {value!r}; expected more than 0")
        if not self.start_hz < self.end_hz <= _HIGHEST_HZ:
            raise InputError(
                f"excitation: {self.start_hz:g} to {self.end_hz:g} Hz; expected rising frequencies "
                f"up to {_HIGHEST_HZ:g} Hz"
            )
        if self.amplitude_rad > 0.5 or self.velocity_rad_s > 10.0:
            raise InputError(
                f"excitation: {self.amplitude_rad:g} rad, {self.velocity_rad_s:g} rad/s; expected "
                "at most 0.5 rad and 10 rad/s"
            )
        if 2.0 * self.ramp_s > self.seconds:
            raise InputError(f"excitation: ramps of {self.ramp_s:g} s in {self.seconds:g} s")


def load_settings(path: Optional[str]) -> ExciteSettings:
    """Of a YAML file; the defaults without one."""
    if not path:
        return ExciteSettings()
    return from_mapping(ExciteSettings, load_yaml(Path(path)), path)


def chirp_rad(s: ExciteSettings, room_rad: float, time_s: float) -> float:
    """The offset of a joint with ``room_rad`` to both sides, ``time_s`` into its chirp."""
    if not 0.0 < time_s < s.seconds:
        return 0.0
    growth = np.log(s.end_hz / s.start_hz) / s.seconds
    hz = s.start_hz * np.exp(growth * time_s)
    phase = 2.0 * np.pi * (hz - s.start_hz) / growth
    limit = min(s.amplitude_rad, max(0.0, room_rad), s.velocity_rad_s / (2.0 * np.pi * hz))
    share = min(1.0, time_s / s.ramp_s, (s.seconds - time_s) / s.ramp_s)
    return float(limit * share * np.sin(phase))


class Excitation:
    """The joint targets of a whole run, in the order of the contract's joints."""

    def __init__(
        self, robot: RobotSpec, contract: PolicyContract, settings: ExciteSettings
    ) -> None:
        names = [joint.name for joint in contract.joints]
        index = [robot.joint_names.index(name) for name in names]
        self._rest = contract.joint_array("default_pos_rad")
        lower, upper = robot.joint_lower_rad[index], robot.joint_upper_rad[index]
        self._room = np.minimum(self._rest - lower, upper - self._rest) - _MARGIN_RAD
        self._settings = settings
        self.names = tuple(names)
        self.slot_s = settings.seconds + settings.pause_s

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.slot_s * len(self.names)

    def targets(self, time_s: float) -> np.ndarray:
        """Target angles ``[J]``; the stand pose before and after."""
        targets = self._rest.copy()
        joint = int(time_s // self.slot_s)
        if 0 <= joint < len(targets):
            offset = chirp_rad(self._settings, self._room[joint], time_s - joint * self.slot_s)
            targets[joint] += offset
        return targets


class Exciter:
    """Answers a loop's measurements; starts anew each time the loop begins to want it."""

    def __init__(self, board: Board, excitation: Excitation, period_s: float) -> None:
        self._board, self._excitation = board, excitation
        self._state, self._status = board.state(), board.status()
        self._target = messages.new(messages.TARGET)
        self._target["policy"] = 0
        self._begin: Optional[int] = None
        self._settle_ms = round(1e3 * period_s)
        self.time_s = 0.0

    def poll(self) -> None:
        """Answer the newest measurement where there is a new one, and the loop wants it."""
        self._board.beat(Role.POLICY)
        self._status.poll()
        status = self._status.message
        if not int(status["wanted_policies"]) & 1:
            self._begin = None
        if not self._state.poll() or not int(status["wanted_policies"]) & 1:
            return
        measured_ns = int(self._state.message["time_ns"])
        tick = int(self._state.message["tick"])  # the robot's own clock, ms
        moving = int(status["mode"]) == Mode.POLICY and float(status["blend"]) >= 1.0
        if self._begin is None and moving:
            self._begin = tick + self._settle_ms
        self.time_s = -1.0 if self._begin is None else 1e-3 * (tick - self._begin)
        target = self._target
        target["time_ns"], target["state_tick"] = measured_ns, tick
        targets = self._excitation.targets(self.time_s)
        target["target"][: len(targets)] = targets
        target["sequence"] += 1
        target["written_ns"] = messages.now_ns()
        self._board.write_target(target)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Excite until SIGTERM. Raises InputError."""
    parser = argparse.ArgumentParser(prog="python -m amp_sim2real.excite", description=__doc__)
    parser.add_argument("board", metavar="BOARD")
    parser.add_argument("policy", metavar="POLICY", help="whose joints, gains and pose are used")
    parser.add_argument("--robot", required=True)
    parser.add_argument("--settings", metavar="FILE", help="YAML of ExciteSettings")
    args = parser.parse_args(argv)
    contract = load_policy(args.policy).contract
    excitation = Excitation(robots.load(args.robot), contract, load_settings(args.settings))
    board = Board.attach(args.board)
    board.claim(Role.POLICY)
    signal.signal(signal.SIGTERM, _end)
    try:
        _run(Exciter(board, excitation, contract.control_period_s), excitation)
    except SystemExit:
        pass
    finally:
        board.release(Role.POLICY)
    return 0


def _run(exciter: Exciter, excitation: Excitation) -> None:
    print(f"excitation of {len(excitation.names)} joints: {excitation.seconds:.0f} s", flush=True)
    names, shown = excitation.names, -1
    while True:
        exciter.poll()
        joint = min(int(exciter.time_s // excitation.slot_s), len(names))
        if joint != shown and joint >= 0:
            done = joint == len(names)
            print("excitation done" if done else f"excites {names[joint]}", flush=True)
        shown = joint
        time.sleep(_WAIT_S)


def _end(*_: Any) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(guarded(main))
