"""Buttons and sticks of a gamepad to operator input. Pure: reports in, wishes out."""

from __future__ import annotations

from typing import Dict, Iterable, List, Set

from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator import evdev
from amp_sdk.runtime.operator.evdev import Axis, Event
from amp_sdk.runtime.operator.source import STANDSTILL, CommandRange, SourceInput, Velocity

DEAD_ZONE = 0.1
HELP = """gamepad (names of an Xbox pad; buttons of other pads are at the same places)
  B (right)         EMERGENCY STOP (damps the robot, from any source, at once)
  LB (left, hold)   dead-man's switch: hold it to be in charge, let go to damp
  Back, A, Start    damp, stand, policy
  D-pad down        limp
  left stick        forward and sideways
  right stick       turn
  RB                next policy
  right stick click clear faults and the emergency stop"""

_MODES = {
    evdev.BTN_SELECT: Mode.DAMP,
    evdev.BTN_SOUTH: Mode.STAND,
    evdev.BTN_START: Mode.POLICY,
}


class GamepadInput:
    """What a pad's buttons and sticks mean. ``axes``: its absolute axes by code."""

    def __init__(self, axes: Dict[int, Axis], limits: CommandRange) -> None:
        self._axes = axes
        self._limits = limits
        self._positions = evdev.rest_positions(axes)
        self._down: Set[int] = set()
        # pads without RX have their right stick on Z
        self._turn = evdev.ABS_RX if evdev.ABS_RX in axes else evdev.ABS_Z
        # a switch that is held at the start counts once it was seen open
        self._ready = False

    def resync(self, down: Iterable[int], positions: Dict[int, int]) -> None:
        """Take over the device's whole state, at the start and after lost events."""
        self._down = set(down)
        self._positions.update(positions)
        self._ready = self._ready or evdev.BTN_TL not in self._down

    def feed(self, reports: Iterable[List[Event]]) -> SourceInput:
        """The wishes after ``reports``; every press counts, also one let go since."""
        hits: List[int] = []
        modes: List[Mode] = []
        let_go = False
        for event in (event for report in reports for event in report):
            if event.type == evdev.EV_ABS:
                hat = event.code == evdev.ABS_HAT0Y
                if hat and event.value > 0 >= self._positions.get(event.code, 0):
                    modes.append(Mode.STOP)
                self._positions[event.code] = event.value
            elif event.type == evdev.EV_KEY and event.value == 1:
                self._down.add(event.code)
                hits.append(event.code)
                if event.code in _MODES:
                    modes.append(_MODES[event.code])
            elif event.type == evdev.EV_KEY and event.value == 0:
                self._down.discard(event.code)
                let_go = let_go or event.code == evdev.BTN_TL
        self._ready = self._ready or evdev.BTN_TL not in self._down or let_go
        held = self._ready and evdev.BTN_TL in self._down and not let_go
        return SourceInput(
            held=held,
            stop=evdev.BTN_EAST in self._down or evdev.BTN_EAST in hits,
            velocity=self._velocity() if held else STANDSTILL,
            modes=tuple(modes),
            next_policy=hits.count(evdev.BTN_TR),
            clear=evdev.BTN_THUMBR in hits,
        )

    def _velocity(self) -> Velocity:
        # sticks point down and to the right, the base's axes forward and to the left
        sticks = [-self._stick(code) for code in (evdev.ABS_Y, evdev.ABS_X, self._turn)]
        return self._limits.from_sticks((sticks[0], sticks[1], sticks[2]))

    def _stick(self, code: int) -> float:
        axis = self._axes.get(code)
        return 0.0 if axis is None else axis.normalized(self._positions[code], DEAD_ZONE)
