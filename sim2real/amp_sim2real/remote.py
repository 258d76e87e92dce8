"""The robot's own remote as a source of operator input."""

from __future__ import annotations

from typing import List, Sequence

from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator import CommandRange, SourceInput
from amp_sdk.runtime.operator.source import STANDSTILL, Velocity
from amp_sim2real.link import Link

DEAD_ZONE = 0.1
SILENCE_S = 0.2
HELP = """robot's remote
  L2 + B            EMERGENCY STOP (the loop itself sees it too, without this program)
  L1 (hold)         dead-man's switch: hold it to be in charge, let go to damp
  Select, A, Start  damp, stand, policy
  down              limp
  left stick        forward and sideways
  right stick       turn
  R1                next policy
  F1                clear faults and the emergency stop"""

_R1, _L1, _START, _SELECT, _L2 = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 5
_F1, _A, _B, _DOWN = 1 << 6, 1 << 8, 1 << 9, 1 << 14
_MODES = ((_DOWN, Mode.STOP), (_SELECT, Mode.DAMP), (_A, Mode.STAND), (_START, Mode.POLICY))


class RemoteSource:
    """Decodes the remote's bytes, which come with every state of the robot."""

    name = "remote"
    rank = 4

    def __init__(self, link: Link, limits: CommandRange) -> None:
        self._link, self._limits = link, limits
        self._buttons = 0
        self._seen_ns = 0
        # a switch that is held at the start counts once it was seen open
        self._ready = False

    def fileno(self) -> int:
        """There is nothing to wait for: it is asked every 20 ms."""
        return -1

    def poll(self, now_ns: int) -> SourceInput:
        """The wishes since the last call; a robot silent for 0.2 s has let the switch go."""
        if self._link.poll():
            self._seen_ns = now_ns
        status = self._link.status()
        pressed, self._buttons = status.buttons & ~self._buttons, status.buttons
        self._ready = self._ready or not self._buttons & _L1
        heard = self._seen_ns > 0 and (now_ns - self._seen_ns) * 1e-9 < SILENCE_S
        held = heard and self._ready and bool(self._buttons & _L1)
        modes: List[Mode] = [mode for button, mode in _MODES if pressed & button]
        return SourceInput(
            held=held,
            stop=bool(self._buttons & _L2 and self._buttons & _B),
            velocity=self._velocity(status.sticks) if held else STANDSTILL,
            modes=tuple(modes),
            next_policy=int(bool(pressed & _R1)),
            clear=bool(pressed & _F1),
        )

    def _velocity(self, sticks: Sequence[float]) -> Velocity:
        lx, ly, rx, _ = (0.0 if abs(value) < DEAD_ZONE else value for value in sticks)
        return self._limits.from_sticks((ly, -lx, -rx))

    def help(self) -> str:
        """The map of buttons."""
        return HELP

    def close(self) -> None:
        """The link belongs to who made it."""
