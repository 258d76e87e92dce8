"""The keyboard of a terminal, which is given back as it was, whatever happens to this process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, List, Optional

from amp_sdk.errors import InputError
from amp_sdk.runtime.operator.keys import HELP, KeyboardInput
from amp_sdk.runtime.operator.source import CommandRange, SourceInput

# Waits until this process ends, in any way, then restores the terminal ($0: the settings). Signals
# of the terminal go to it too, and it is in the background when it restores.
_RESTORE = "trap '' INT QUIT TERM HUP TSTP TTOU; read -r _ <&3; exec stty \"$0\""


class TerminalSource:
    """Keys of the terminal ``fd``, at once and without echo; Ctrl-C interrupts as ever."""

    name = "keyboard"
    rank = 2

    def __init__(self, limits: CommandRange, fd: Optional[int] = None) -> None:
        """Take the terminal (default: standard input). Raises InputError where it is none."""
        self._fd = sys.stdin.fileno() if fd is None else fd
        if not os.isatty(self._fd):
            raise InputError(
                "the keyboard needs a terminal, and standard input is none; start from a terminal, "
                "or use a gamepad or the socket"
            )
        import termios  # not on every system

        self._termios = termios
        self._before: List[Any] = termios.tcgetattr(self._fd)
        self._input = KeyboardInput(limits)
        self._watcher, self._pipe = _start_watcher(self._fd)
        now = termios.tcgetattr(self._fd)
        now[0] &= ~(termios.IXON | termios.ICRNL)  # Ctrl-S would stop the output
        now[3] &= ~(termios.ICANON | termios.ECHO)
        now[6][termios.VMIN], now[6][termios.VTIME] = b"\x00", b"\x00"  # reads do not wait
        termios.tcsetattr(self._fd, termios.TCSADRAIN, now)

    def fileno(self) -> int:
        """Readable when a key was pressed."""
        return self._fd

    def poll(self, now_ns: int) -> SourceInput:
        """The wishes after the keys pressed since the last call."""
        import select

        try:
            ready = bool(select.select([self._fd], [], [], 0)[0])
            data = os.read(self._fd, 256) if ready else b""
        except OSError as error:
            return SourceInput(lost=f"the terminal is gone ({error.strerror})")
        if ready and not data:
            return SourceInput(lost="the terminal was closed")
        return self._input.feed(data, now_ns)

    def help(self) -> str:
        """The key map."""
        return HELP

    def close(self) -> None:
        """Restore the terminal; a second call does nothing."""
        if self._watcher is None:
            return
        try:
            self._termios.tcsetattr(self._fd, self._termios.TCSADRAIN, self._before)
        except (OSError, self._termios.error):
            pass  # no terminal any more
        os.close(self._pipe)
        self._watcher.wait()
        self._watcher = None


def _start_watcher(fd: int) -> Any:
    """The process that restores the terminal, and the pipe whose end tells it to."""
    try:
        settings = subprocess.run(["stty", "-g"], stdin=fd, stdout=subprocess.PIPE, check=True)
        text = settings.stdout.decode("ascii").strip()
        reading, writing = os.pipe()
        watcher = subprocess.Popen(
            ["/bin/sh", "-c", f"exec 3<&{reading}; {_RESTORE}", text],
            stdin=fd,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(reading,),
        )
        os.close(reading)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(
            f"the keyboard needs the programs stty and sh to restore the terminal: {error}; "
            "install coreutils"
        ) from error
    return watcher, writing
