"""The devices themselves: a pseudo-terminal, a socket, and a virtual pad where there is uinput."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from amp_sdk.errors import InputError
from amp_sdk.runtime.operator import CommandRange, GamepadSource, SocketSource, TerminalSource
from amp_sdk.runtime.operator import gamepad as gamepad_module

termios = pytest.importorskip("termios")
LIMITS = CommandRange()


def eventually(condition, what: str) -> None:
    deadline = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@pytest.fixture
def terminal():
    """A pseudo-terminal: (the person's end, the program's end)."""
    person, program = os.openpty()
    yield person, program
    for fd in (person, program):
        try:
            os.close(fd)
        except OSError:
            pass


def test_keys_come_at_once_and_the_terminal_is_given_back(terminal) -> None:
    person, program = terminal
    before = termios.tcgetattr(program)
    source = TerminalSource(LIMITS, program)
    try:
        assert source.poll(0) == source.poll(0)
        os.write(person, b"\rw ")
        wish = source.poll(0)
        eventually(lambda: wish.stop or source.poll(0).stop, "the keys never came")
        assert termios.tcgetattr(program) != before
    finally:
        source.close()
    assert termios.tcgetattr(program) == before
    source.close()


def test_a_terminal_that_is_closed_is_lost(terminal) -> None:
    person, program = terminal
    source = TerminalSource(LIMITS, program)
    os.close(person)
    assert source.poll(0).lost
    source.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_terminal_is_given_back_when_the_process_is_killed(terminal, how) -> None:
    _, program = terminal
    before = termios.tcgetattr(program)
    code = (
        "import sys, time\n"
        "from amp_sdk.runtime.operator import CommandRange, TerminalSource\n"
        "source = TerminalSource(CommandRange())\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=program, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    assert termios.tcgetattr(program) != before
    child.send_signal(how)
    child.wait()
    child.stdout.close()
    eventually(lambda: termios.tcgetattr(program) == before, "the terminal stayed raw")


def test_no_terminal_is_one_error() -> None:
    with open(os.devnull, "rb") as null, pytest.raises(InputError, match="terminal"):
        TerminalSource(LIMITS, null.fileno())


def test_messages_through_the_socket() -> None:
    source = SocketSource(LIMITS, port=0)
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(30.0)
    client.connect(("127.0.0.1", source.port))
    try:
        client.send(json.dumps({"seq": 1, "deadman": True, "velocity": [0.2, 0, 0]}).encode())
        wish = source.poll(0)
        eventually(lambda: wish.held or source.poll(0).held, "the message never came")
        assert json.loads(client.recv(2048)) == {"ok": True, "seq": 1}
        client.send(b"x" * 4000)
        eventually(lambda: bool(source.poll(0)) and _readable(client), "no answer")
        assert "bytes" in json.loads(client.recv(2048))["error"]
        with pytest.raises(InputError, match="another operator runs"):
            SocketSource(LIMITS, source.port)
    finally:
        client.close()
        source.close()


def _readable(client: socket.socket) -> bool:
    import select

    return bool(select.select([client], [], [], 0)[0])


def test_the_socket_is_on_loopback_only() -> None:
    source = SocketSource(LIMITS, port=0)
    assert source._socket.getsockname()[0] == "127.0.0.1"
    source.close()
    with pytest.raises(InputError, match="port"):
        SocketSource(LIMITS, port=70000)


def test_finding_gamepads(tmp_path: Path) -> None:
    def device(name: str, keys: str, axes: str, title: str) -> None:
        folder = tmp_path / name / "device"
        (folder / "capabilities").mkdir(parents=True)
        (folder / "capabilities/key").write_text(keys)
        (folder / "capabilities/abs").write_text(axes)
        (folder / "name").write_text(title + "\n")

    if struct.calcsize("l") != 8:
        pytest.skip("the words of this test are those of a 64-bit kernel")
    device("event3", "1f0000 0 0 0 0", "0", "Mouse")
    device("event11", "7cdb000000000000 0 0 0 0", "3003f", "Pad")
    device("event7", "not hexadecimal", "3003f", "Broken")
    assert gamepad_module.find(tmp_path) == [(Path("/dev/input/event11"), "Pad")]


def test_no_gamepad_is_one_error(tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("evdev is Linux'")
    with pytest.raises(InputError, match="plugged in"):
        GamepadSource(LIMITS, tmp_path / "event0")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="no input device"):
        GamepadSource(LIMITS, tmp_path / "file")


@pytest.fixture
def virtual_pad():
    """(file of /dev/uinput, the pad's device) of a pad that is plugged in for the test."""
    try:
        # not by mode "w", which makes a file where there is no such device
        file = open(os.open("/dev/uinput", os.O_WRONLY), "wb", buffering=0)
    except OSError as error:
        pytest.skip(f"no virtual input devices here: {error}")
    for bit in (1, 3):  # UI_SET_EVBIT
        fcntl.ioctl(file, 0x40045564, bit)
    for key in (0x130, 0x131, 0x136, 0x137, 0x13A, 0x13B, 0x13E):  # UI_SET_KEYBIT
        fcntl.ioctl(file, 0x40045565, key)
    highest, lowest = [0] * 64, [0] * 64
    for axis in (0, 1, 3, 4):  # UI_SET_ABSBIT
        fcntl.ioctl(file, 0x40045567, axis)
        highest[axis], lowest[axis] = 32767, -32768
    title = b"amp-sdk test pad"
    zeros = [0] * 64
    file.write(struct.pack("80sHHHHI256i", title, 3, 1, 1, 1, 0, *highest, *lowest, *zeros, *zeros))
    fcntl.ioctl(file, 0x5501)  # UI_DEV_CREATE
    eventually(lambda: any(n == title.decode() for _, n in gamepad_module.find()), "no pad")
    yield file, next(p for p, n in gamepad_module.find() if n == title.decode())
    file.close()


def test_a_virtual_pad(virtual_pad) -> None:
    from amp_sdk.runtime.operator import evdev

    file, device = virtual_pad
    source = GamepadSource(LIMITS, device)
    for event in ((1, evdev.BTN_TL, 1), (3, 1, -32768), (0, 0, 0)):
        file.write(evdev.EVENT.pack(0, 0, *event))
    wish = source.poll(0)
    eventually(lambda: wish.held or source.poll(0).held, "the press never came")
    assert source.poll(0).velocity[0] == LIMITS.upper[0]
    fcntl.ioctl(file, 0x5502)  # UI_DEV_DESTROY: unplugged
    eventually(lambda: bool(source.poll(0).lost), "the loss was not noticed")
    source.close()
