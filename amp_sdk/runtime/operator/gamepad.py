"""A gamepad through Linux' evdev, ``/dev/input/event*``, with nothing to install."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Dict, List, Optional, Set, Tuple

from amp_sdk.errors import InputError
from amp_sdk.runtime.operator import evdev
from amp_sdk.runtime.operator.buttons import HELP, GamepadInput
from amp_sdk.runtime.operator.evdev import Axis
from amp_sdk.runtime.operator.source import CommandRange, SourceInput

_SYS = Path("/sys/class/input")
_KEY_BYTES = 96  # KEY_MAX is 0x2ff
_READ = 2 << 30  # direction bits of an ioctl number; size from bit 16; "E" is evdev's letter


def find(folder: Path = _SYS) -> List[Tuple[Path, str]]:
    """``(device, name)`` of every gamepad that the kernel knows."""
    found = []
    for entry in sorted(folder.glob("event*"), key=lambda p: int(p.name[5:] or 0)):
        try:
            info = entry / "device"
            keys = evdev.capabilities((info / "capabilities/key").read_text())
            axes = evdev.capabilities((info / "capabilities/abs").read_text())
            name = (info / "name").read_text().strip()
        except (OSError, ValueError):
            continue  # went away meanwhile
        if evdev.is_gamepad(keys, axes):
            found.append((Path("/dev/input") / entry.name, name))
    return found


class GamepadSource:
    """One gamepad. Unplugged, or out of its radio's reach, it is lost."""

    name = "gamepad"
    rank = 3

    def __init__(self, limits: CommandRange, device: Optional[Path] = None) -> None:
        """Open ``device``, or the first gamepad there is. Raises InputError where there is none."""
        if not sys.platform.startswith("linux"):
            raise InputError(f"gamepads are read through Linux' evdev; this is {sys.platform}")
        self._device = device or _first()
        try:
            self._fd = os.open(self._device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise InputError(
                f"cannot open {self._device}: {error.strerror}; see that it is plugged in, and "
                "that you may read it (group 'input': sudo usermod -aG input $USER, then log in "
                "again)"
            ) from error
        try:
            axes = _axes(self._fd)
        except OSError as error:
            os.close(self._fd)
            raise InputError(
                f"{self._device} is no input device ({error.strerror}); expected one such as "
                "/dev/input/event3"
            ) from error
        self._decoder = evdev.EventDecoder()
        self._input = GamepadInput(axes, limits)
        self._axis_codes = tuple(axes)
        self._resync()

    def fileno(self) -> int:
        """Readable when something was pressed or moved."""
        return self._fd

    def poll(self, now_ns: int) -> SourceInput:
        """The wishes after all events since the last call."""
        reports = []
        try:
            while True:
                data = os.read(self._fd, 64 * evdev.EVENT.size)
                if not data:
                    return SourceInput(lost=f"{self._device} was closed")
                reports += self._decoder.feed(data)
        except BlockingIOError:
            pass
        except OSError as error:
            return SourceInput(lost=f"{self._device}: {error.strerror}")
        wish = self._input.feed(reports)
        if self._decoder.dropped:
            self._decoder.dropped = False
            self._resync()
            # what was pressed in between is not known: let go of the switch for a moment
            return SourceInput(stop=wish.stop)
        return wish

    def help(self) -> str:
        """The map of buttons, and the device."""
        return f"{HELP}\n  ({self._device})"

    def close(self) -> None:
        """Close the device."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _resync(self) -> None:
        try:
            down = _down(self._fd)
            positions = {code: _absinfo(self._fd, code)[0] for code in self._axis_codes}
        except OSError:
            return  # the next read says that it is gone
        self._input.resync(down, positions)


def _first() -> Path:
    pads = find()
    if not pads:
        raise InputError(
            "no gamepad found; plug one in (it must have buttons A, B and LB and a stick), or name "
            "its device, such as /dev/input/event3"
        )
    return pads[0][0]


def _ioctl(fd: int, number: int, size: int) -> bytes:
    import fcntl

    buffer = bytearray(size)
    fcntl.ioctl(fd, _READ | size << 16 | ord("E") << 8 | number, buffer)
    return bytes(buffer)


def _down(fd: int) -> Set[int]:
    """EVIOCGKEY: the buttons that are down."""
    return evdev.pressed(_ioctl(fd, 0x18, _KEY_BYTES))


def _absinfo(fd: int, code: int) -> Tuple[int, ...]:
    """EVIOCGABS: position and range of an axis."""
    return evdev.ABSINFO.unpack(_ioctl(fd, 0x40 + code, evdev.ABSINFO.size))


def _axes(fd: int) -> Dict[int, Axis]:
    """EVIOCGBIT of EV_ABS, and the range of each axis."""
    axes: Dict[int, Axis] = {}
    for code in sorted(evdev.pressed(_ioctl(fd, 0x20 + evdev.EV_ABS, 8))):
        info = _absinfo(fd, code)
        axes[code] = Axis(info[1], info[2], info[4])
    return axes
