"""Keys of a terminal to operator input. Pure: bytes and times in, wishes out."""

from __future__ import annotations

from typing import List

from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator.source import STANDSTILL, CommandRange, SourceInput, Velocity

STEP = (0.1, 0.1, 0.2)
"""What one press adds: m/s, m/s, rad/s."""
IDLE_STANDSTILL_S = 3.0
IDLE_RELEASE_S = 15.0

HELP = f"""keyboard
  SPACE            EMERGENCY STOP (damps the robot, from any source, at once)
  Enter            hold the dead-man's switch and take charge
  1 2 3 0          damp, stand, policy, limp
  w s / up down    {STEP[0]:g} m/s faster forward, backward
  a d              {STEP[1]:g} m/s faster to the left, right
  q e / left right {STEP[2]:g} rad/s faster turning left, right
  x                stand still
  p                next policy
  c                clear faults and the emergency stop
  .                nothing: shows that you are there
  backspace        let go of the dead-man's switch
  ?                this list; Ctrl-C ends
A terminal does not tell when a key is let go. So, without any key for {IDLE_STANDSTILL_S:g} s the \
command
becomes zero, and for {IDLE_RELEASE_S:g} s the dead-man's switch is let go."""

_ARROWS = {b"A": "w", b"B": "s", b"C": "e", b"D": "q"}
_MODES = {"0": Mode.STOP, "1": Mode.DAMP, "2": Mode.STAND, "3": Mode.POLICY}
_MOVES = {
    "w": (0, 1.0),
    "s": (0, -1.0),
    "a": (1, 1.0),
    "d": (1, -1.0),
    "q": (2, 1.0),
    "e": (2, -1.0),
}


class KeyDecoder:
    """Bytes of a terminal to single keys; arrows become the letters that do the same.

    Escape sequences may come in pieces; those of other keys, and bytes that are no ASCII, are
    left out.
    """

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> List[str]:
        """The keys pressed, in order, letters in lower case."""
        keys: List[str] = []
        for byte in data:
            one = bytes([byte])
            if one == b"\x1b":
                self._pending = one
            elif not self._pending:
                keys += [one.decode().lower()] if byte < 128 else []
            elif len(self._pending) == 1:
                self._pending = self._pending + one if one in b"[O" else b""
            elif 0x40 <= byte <= 0x7E:  # the last byte of a control sequence
                keys += [_ARROWS[one]] if len(self._pending) == 2 and one in _ARROWS else []
                self._pending = b""
            else:
                self._pending = (self._pending + one)[:16]
        return keys


class KeyboardInput:
    """What the keys pressed so far mean."""

    def __init__(self, limits: CommandRange) -> None:
        self._limits = limits
        self._decoder = KeyDecoder()
        self._velocity: Velocity = STANDSTILL
        self._held = False
        self._last_ns = 0

    def feed(self, data: bytes, now_ns: int) -> SourceInput:
        """The wishes after ``data`` (may be empty) at ``now_ns``."""
        keys = self._decoder.feed(data)
        idle_s = (now_ns - self._last_ns) * 1e-9
        if idle_s >= IDLE_STANDSTILL_S:  # also when a key ends the pause
            self._velocity = STANDSTILL
        if idle_s >= IDLE_RELEASE_S:
            self._held = False
        if keys:
            self._last_ns = now_ns
        for key in keys:
            self._press(key)
        return SourceInput(
            held=self._held,
            stop=" " in keys,
            velocity=self._velocity,
            modes=tuple(_MODES[key] for key in keys if key in _MODES),
            next_policy=keys.count("p"),
            clear="c" in keys,
        )

    def _press(self, key: str) -> None:
        if key in "\r\n":
            self._held = True
        elif key in "\x7f\x08 ":
            self._held = False
            self._velocity = STANDSTILL
        elif key == "x":
            self._velocity = STANDSTILL
        elif key in _MOVES:
            axis, sign = _MOVES[key]
            moved = list(self._velocity)
            # whole steps: pressing forth and back ends at exactly 0
            moved[axis] = round(moved[axis] / STEP[axis] + sign) * STEP[axis]
            self._velocity = self._limits.clip((moved[0], moved[1], moved[2]))
