"""Events of Linux input devices (``struct input_event`` of ``linux/input.h``). Pure.

The numbers of codes and types are those of ``linux/input-event-codes.h``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Dict, List, Set

EVENT = struct.Struct("llHHi")  # seconds, microseconds, type, code, value; native sizes
ABSINFO = struct.Struct("6i")  # value, minimum, maximum, fuzz, flat, resolution

EV_SYN, EV_KEY, EV_ABS = 0x00, 0x01, 0x03
SYN_REPORT, SYN_DROPPED = 0, 3
ABS_X, ABS_Y, ABS_Z, ABS_RX, ABS_HAT0X, ABS_HAT0Y = 0x00, 0x01, 0x02, 0x03, 0x10, 0x11
BTN_SOUTH, BTN_EAST, BTN_TL, BTN_TR = 0x130, 0x131, 0x136, 0x137
BTN_SELECT, BTN_START, BTN_THUMBR = 0x13A, 0x13B, 0x13E


@dataclass(frozen=True)
class Event:
    """One event: ``type`` and ``code`` as in the header, ``value`` 0 or 1 for buttons."""

    type: int
    code: int
    value: int


@dataclass(frozen=True)
class Axis:
    """Range of an absolute axis; within ``flat`` of its middle it counts as at rest."""

    minimum: int
    maximum: int
    flat: int = 0

    def normalized(self, value: int, dead_zone: float) -> float:
        """The position from -1 to 1, 0 within the dead zone, and continuous at its edge."""
        half = (self.maximum - self.minimum) / 2.0
        if half <= 0.0:
            return 0.0
        position = (value - self.minimum) / half - 1.0
        zone = min(0.9, max(dead_zone, self.flat / half))
        size = min(1.0, max(0.0, (abs(position) - zone) / (1.0 - zone)))
        return size if position > 0.0 else -size


class EventDecoder:
    """Bytes of ``/dev/input/event*`` to reports: what changed together.

    A report is complete at SYN_REPORT. After SYN_DROPPED (the kernel's buffer ran over) everything
    up to the next SYN_REPORT is left out, and ``dropped`` is true until the caller, who must read
    the device's whole state again, sets it to false.
    """

    def __init__(self) -> None:
        self._bytes = b""
        self._report: List[Event] = []
        self._skipping = False
        self.dropped = False

    def feed(self, data: bytes) -> List[List[Event]]:
        """The reports that ``data`` completes; a rest of an event waits for the next call."""
        data = self._bytes + data
        whole = len(data) - len(data) % EVENT.size
        self._bytes = data[whole:]
        reports: List[List[Event]] = []
        for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind != EV_SYN:
                self._report.append(Event(kind, code, value))
            elif code == SYN_DROPPED:
                self._skipping = self.dropped = True
            elif code == SYN_REPORT:
                if not self._skipping:
                    reports.append(self._report)
                self._report, self._skipping = [], False
        return reports


def pressed(bits: bytes) -> Set[int]:
    """Numbers of the bits that are set in a bit field of the kernel (EVIOCGKEY)."""
    return {8 * i + j for i, byte in enumerate(bits) for j in range(8) if byte >> j & 1}


def capabilities(text: str) -> Set[int]:
    """Codes in a ``capabilities`` file of sysfs: hexadecimal words, the highest first."""
    words = text.split()
    bits = 8 * struct.calcsize("l")
    found: Set[int] = set()
    for i, word in enumerate(reversed(words)):
        number = int(word, 16)
        found |= {i * bits + j for j in range(bits) if number >> j & 1}
    return found


def is_gamepad(keys: Set[int], axes: Set[int]) -> bool:
    """Whether a device with these buttons and axes is one that the gamepad's map fits."""
    return {BTN_SOUTH, BTN_EAST, BTN_TL} <= keys and {ABS_X, ABS_Y} <= axes


def rest_positions(axes: Dict[int, Axis]) -> Dict[int, int]:
    """The middle of every axis."""
    return {code: (axis.minimum + axis.maximum) // 2 for code, axis in axes.items()}
