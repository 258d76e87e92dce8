"""The UDP socket on loopback through which other programs command the robot."""

from __future__ import annotations

import errno
import socket

from amp_sdk.errors import InputError
from amp_sdk.runtime.operator.messages import MAX_BYTES, TIMEOUT_S, MessageInput
from amp_sdk.runtime.operator.source import CommandRange, SourceInput

DEFAULT_PORT = 47300
_PER_POLL = 64  # datagrams; a flood must not keep the operator from the other sources


class SocketSource:
    """Listens on 127.0.0.1 only, so that nobody on the network can command the robot."""

    name = "socket"
    rank = 1

    def __init__(
        self, limits: CommandRange, port: int = DEFAULT_PORT, silence_s: float = TIMEOUT_S
    ) -> None:
        """Open the socket; port 0 takes a free one. Raises InputError where that fails."""
        self._input = MessageInput(limits, silence_s)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            busy = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            advice = "another operator runs; end it" if busy else "expected a port from 1024"
            raise InputError(
                f"cannot listen on UDP port {port} of 127.0.0.1: {error}; {advice}, or choose "
                "another port"
            ) from error

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._socket.getsockname()[1]

    def fileno(self) -> int:
        """Readable when a message came."""
        return self._socket.fileno()

    def poll(self, now_ns: int) -> SourceInput:
        """Answer the messages that came."""
        for _ in range(_PER_POLL):
            try:
                data, sender = self._socket.recvfrom(MAX_BYTES + 1)
            except OSError:  # nothing there (or an answer that reached nobody, reported late)
                break
            answer = self._input.handle(data, f"port {sender[1]}", now_ns)
            try:
                self._socket.sendto(answer, sender)
            except OSError:
                pass  # the sender has gone, or does not read: its matter
        return self._input.take(now_ns)

    def help(self) -> str:
        """One line on the protocol."""
        return (
            f"socket: JSON messages to UDP 127.0.0.1:{self.port}, such as "
            '{"seq": 1, "deadman": true, "velocity": [0.5, 0, 0], "mode": "policy"}\n'
            f"  at least every {self._input.silence_s:g} s; each is answered"
        )

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
