"""The JSON command protocol for other programs. Pure: datagrams in, answers and wishes out.

One datagram is one JSON object of at most 1024 bytes, for instance::

    {"seq": 17, "deadman": true, "velocity": [0.5, 0.0, 0.1], "mode": "policy"}

``seq`` is a whole number that grows with every message; all other keys may be absent:

- ``deadman``: true while the program wants to be in charge; it must come at least every 0.25 s
  (``deploy``: within the loop's ``deadman_timeout_s``).
- ``velocity``: forward m/s, left m/s, turn rad/s; without it, standstill.
- ``mode``: ``stop`` (limp), ``damp``, ``stand`` or ``policy``; ``policy``: slot, 0 to 3.
- ``estop``: true is the emergency stop, ``clear``: true clears faults.

Every datagram is answered by one: ``{"ok": true, "seq": 17}`` or ``{"ok": false, "error": "..."}``.
One program at a time: others are refused until it was silent for so long. An emergency
stop is obeyed from every program, with every ``seq`` and beside keys that are refused.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from amp_sdk.errors import InputError, closest
from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator.source import STANDSTILL, CommandRange, SourceInput, Velocity

MAX_BYTES = 1024
TIMEOUT_S = 0.25
_MODES = {mode.name.lower(): mode for mode in Mode}
_FLAGS = ("deadman", "estop", "clear")
_KEYS = ("seq", "velocity", "mode", "policy") + _FLAGS
_MAX_SEQ = 2**53 - 1  # what every JSON reader holds exactly


@dataclass(frozen=True)
class Message:
    """One checked message."""

    seq: int
    deadman: bool = False
    estop: bool = False
    clear: bool = False
    velocity: Velocity = STANDSTILL
    mode: Optional[Mode] = None
    policy: Optional[int] = None


def parse(data: bytes) -> Message:
    """The message in a datagram. Raises InputError with one line that says what is wrong."""
    return _checked(_object(data))


def _checked(values: Dict[str, Any]) -> Message:
    for key in values:
        if key not in _KEYS:
            raise InputError(f"unknown key {_short(key)}; {closest(key[:32], _KEYS)}")
    if not _whole(values.get("seq"), _MAX_SEQ):
        raise InputError(f"seq is {_short(values.get('seq'))}; expected a whole number from 0")
    for key in _FLAGS:
        if not isinstance(values.get(key, False), bool):
            raise InputError(f"{key} is {_short(values[key])}; expected true or false")
    if "mode" in values and values["mode"] not in list(_MODES):
        raise InputError(f"mode is {_short(values['mode'])}; expected one of {', '.join(_MODES)}")
    if "policy" in values and not _whole(values["policy"], 3):
        raise InputError(f"policy is {_short(values['policy'])}; expected a slot from 0 to 3")
    return Message(
        seq=values["seq"],
        deadman=values.get("deadman", False),
        estop=values.get("estop", False),
        clear=values.get("clear", False),
        velocity=_velocity(values.get("velocity", STANDSTILL)),
        mode=_MODES[values["mode"]] if "mode" in values else None,
        policy=values.get("policy"),
    )


class MessageInput:
    """What the programs' messages so far mean. ``sender`` is any value that tells them apart; one
    that was silent for ``silence_s`` has let the switch go."""

    def __init__(self, limits: CommandRange, silence_s: float = TIMEOUT_S) -> None:
        self._limits, self.silence_s = limits, silence_s
        self._sender: Any = None
        self._last = Message(seq=-1)
        self._last_ns = 0
        self._stop = self._clear = False
        self._modes: List[Mode] = []
        self._policy: Optional[int] = None

    def handle(self, data: bytes, sender: Any, now_ns: int) -> bytes:
        """Take one datagram; returns the answer, one line of JSON."""
        try:
            values = _object(data)
            # whatever else is wrong with the message
            self._stop = self._stop or values.get("estop") is True
            message = _checked(values)
            self._accept(message, sender, now_ns)
        except InputError as error:
            return _answer({"ok": False, "error": str(error)})
        return _answer({"ok": True, "seq": message.seq})

    def take(self, now_ns: int) -> SourceInput:
        """The wishes since the last call."""
        if not self._alive(now_ns):
            self._last = Message(seq=self._last.seq)
        last = self._last
        wish = SourceInput(
            held=last.deadman,
            stop=self._stop or last.estop,
            velocity=self._limits.clip(last.velocity) if last.deadman else STANDSTILL,
            modes=tuple(self._modes),
            policy=self._policy,
            clear=self._clear,
        )
        self._stop = self._clear = False
        self._modes, self._policy = [], None
        return wish

    def _accept(self, message: Message, sender: Any, now_ns: int) -> None:
        if self._alive(now_ns):
            if sender != self._sender:
                raise InputError(f"another program ({self._sender}) is in command; try again later")
            if message.seq <= self._last.seq:
                raise InputError(
                    f"seq is {message.seq}; expected more than {self._last.seq}, the last one"
                )
        self._sender, self._last, self._last_ns = sender, message, now_ns
        self._clear = self._clear or message.clear
        if message.mode is not None:
            self._modes.append(message.mode)
        if message.policy is not None:
            self._policy = message.policy

    def _alive(self, now_ns: int) -> bool:
        return self._sender is not None and (now_ns - self._last_ns) * 1e-9 < self.silence_s


def _object(data: bytes) -> Dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise InputError(f"message of {len(data)} bytes; expected at most {MAX_BYTES}")
    try:
        values = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"a JSON {type(values).__name__}; expected an object such as {{'seq': 1}}")
    return values


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key appears twice")
    return values


def _whole(value: Any, largest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest


def _velocity(value: Any) -> Velocity:
    numbers = isinstance(value, (list, tuple)) and len(value) == 3
    if numbers and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value):
        # beyond any robot; also keeps whole numbers of hundreds of digits from float()
        if all(abs(v) <= 100.0 and math.isfinite(v) for v in value):
            return (float(value[0]), float(value[1]), float(value[2]))
    raise InputError(
        f"velocity is {_short(value)}; expected [forward m/s, left m/s, turn rad/s], each at most "
        "100"
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _answer(values: Dict[str, Any]) -> bytes:
    return json.dumps(values).encode("ascii") + b"\n"
