"""The network interface to the robot."""

from __future__ import annotations

import fcntl
import socket
import struct
from typing import Iterator, Optional

from amp_sdk.doctor._finding import NOTE, PROBLEM, Finding

_SIOCGIFFLAGS, _SIOCGIFADDR = 0x8913, 0x8915
_UP, _RUNNING, _MULTICAST = 0x1, 0x40, 0x1000
ROBOT_NETWORK = "192.168.123."
"""Where a real robot's computers are."""


def interface(name: str, domain: int) -> Iterator[Finding]:
    """Up, with an address, and multicast, by which DDS finds its peers."""
    answer = _ask(name, _SIOCGIFFLAGS)
    if answer is None:
        yield Finding(
            "network", f"no interface {name!r}", PROBLEM, "one of this machine", "ip -br addr"
        )
        return
    flags = struct.unpack("H", answer[16:18])[0]
    if not flags & _UP or not flags & _RUNNING:
        advice = f"check the cable; sudo ip link set {name} up"
        yield Finding("network", f"{name} is down", PROBLEM, "an interface that is up", advice)
    else:
        yield Finding("network", f"{name} is up")
    yield _address(name, domain)
    if flags & _MULTICAST:
        yield Finding("multicast", f"on for {name}")
    else:
        yield Finding(
            "multicast",
            f"off for {name}: only programs of this package find each other",
            NOTE if name == "lo" else PROBLEM,
            "on, by which DDS finds its peers",
            f"sudo ip link set {name} multicast on",
        )


def _address(name: str, domain: int) -> Finding:
    address = _ipv4(name)
    if address is None:
        advice = f"sudo ip addr add {ROBOT_NETWORK}222/24 dev {name}"
        return Finding("address", "none", PROBLEM, f"an IPv4 address on {name}", advice)
    if domain == 0 and not address.startswith(ROBOT_NETWORK):
        return Finding(
            "address",
            address,
            NOTE,
            f"{ROBOT_NETWORK}x, the network of a real robot (domain 0)",
            f"sudo ip addr add {ROBOT_NETWORK}222/24 dev {name}, or choose another --net",
        )
    return Finding("address", address)


def _ipv4(name: str) -> Optional[str]:
    answer = _ask(name, _SIOCGIFADDR)
    return None if answer is None else socket.inet_ntoa(answer[20:24])


def _ask(name: str, request: int) -> Optional[bytes]:
    """An ioctl about an interface (netdevice(7)); None where it has no such thing.

    Not read from /sys, which in a network namespace may still show another one.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            packed = struct.pack("256s", name.encode()[:15])
            return fcntl.ioctl(any_socket.fileno(), request, packed)
        except OSError:
            return None
