"""The robot itself: its line, its variant, who commands it, and its body."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Iterator, List, Tuple

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.doctor._finding import NOTE, OK, PROBLEM, Finding
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import LoopSettings, messages
from amp_sdk.unitree import Wire
from amp_sim2real.link import Link, LinkStatus

_DISCOVERY_S, _WATCH_S = 10.0, 1.5
_GOOD_HZ = 450.0
_BATTERY_PERCENT = 20.0  # the vendor's own limit
_WARM_C = 60.0
_FAR_RAD = 0.6
_LEVEL_RAD = 0.5


@dataclass
class Observed:
    """What was heard of a robot. ``state`` is the last one, ``rate_hz`` of good states."""

    seconds: float = 0.0
    states: int = 0
    rate_hz: float = 0.0
    longest_gap_s: float = 0.0
    before: LinkStatus = field(default_factory=lambda: _NOTHING)
    after: LinkStatus = field(default_factory=lambda: _NOTHING)
    state: np.ndarray = field(default_factory=lambda: np.zeros(()))
    state_types: Tuple[str, ...] = ()
    command_types: Tuple[str, ...] = ()


_NOTHING = LinkStatus(0, 0, 0, 0, 0, 0, 0, 0, 0, (0.0, 0.0, 0.0, 0.0))


def observe(link: Link) -> Observed:
    """Listen for a while, once the first state has come."""
    end = time.monotonic() + _DISCOVERY_S
    while not link.poll() and time.monotonic() < end:
        time.sleep(0.01)
    seen = Observed(before=link.status())
    begin = last = time.monotonic()
    while time.monotonic() - begin < _WATCH_S:
        if link.poll():
            now = time.monotonic()
            seen.longest_gap_s, last = max(seen.longest_gap_s, now - last), now
        time.sleep(0.0005)
    seen.seconds = time.monotonic() - begin
    seen.after = link.status()
    seen.states = seen.after.received - seen.before.received
    seen.rate_hz = seen.states / seen.seconds
    seen.state = link.state
    seen.state_types, seen.command_types = link.state_types(), link.command_types()
    return seen


def line(seen: Observed, settings: LoopSettings) -> Iterator[Finding]:
    """States: do they come, how often, unbroken, from one robot only."""
    if not seen.states:
        crc = seen.after.crc_errors
        found = f"{crc} states, all with a wrong check sum" if crc else "no state of a robot"
        yield Finding(
            "state",
            found + (f"; types there: {', '.join(seen.state_types)}" if seen.state_types else ""),
            PROBLEM,
            "states on rt/lowstate",
            "switch the robot on, check cable, --net, --domain and --robot; the domain of a real "
            "robot is 0, of a simulated one 1",
        )
        return
    rate, safety = seen.rate_hz, settings.safety
    # with fewer, the loop itself would damp
    least = (1.0 - safety.max_state_loss) / (safety.state_period_s or settings.period_s)
    yield Finding(
        "state rate",
        f"{rate:.0f} Hz",
        OK if rate >= _GOOD_HZ else NOTE if rate >= least else PROBLEM,
        f"{_GOOD_HZ:.0f} Hz or more; the loop damps below {least:.0f} Hz",
        "use a cable, not wireless; end other programs that fill the network",
    )
    yield Finding(
        "state age",
        f"at most {1e3 * seen.longest_gap_s:.1f} ms",
        OK if seen.longest_gap_s < 0.02 else NOTE,
        "below 20 ms",
        "use a cable; end other programs on this computer",
    )
    errors = seen.after.crc_errors
    level = OK if errors == 0 else PROBLEM
    advice = "update robot and amp-sdk; another program may publish states with a layout of its own"
    yield Finding("state check sums", f"{errors} wrong", level, "none", advice)
    if seen.after.plain:
        yield Finding(
            "simulator",
            "its states have no check sum",
            NOTE,
            "a robot, or a simulator that counts and seals its states",
            "python -m amp_sdk.simulate is one; what the states lack is not watched over",
        )
    if len(seen.state_types) > 1 or seen.after.restarts:
        found = f"{len(seen.state_types)} of them, {seen.after.restarts} changes"
        advice = "only one robot or simulator may be in this domain; choose another --domain"
        yield Finding("publishers of states", found, PROBLEM, "one robot", advice)


def variant(seen: Observed, wire: Wire, spec: RobotSpec) -> Iterator[Finding]:
    """mode_machine of a G1: joints and gears must be the policy's."""
    if not wire.mode_machine:
        return
    machine = seen.after.mode_machine
    fits = machine in wire.mode_machine or (machine == 0 and seen.after.plain > 0)
    yield Finding(
        "variant",
        f"mode_machine {machine}",
        OK if fits else PROBLEM,
        f"{' or '.join(map(str, wire.mode_machine))} ({spec.variant})",
        "use a policy that was trained for this variant; other revisions have other gears",
    )


def commanders(seen: Observed) -> Iterator[Finding]:
    """Nobody else may command the motors."""
    sent = seen.after.foreign_commands - seen.before.foreign_commands
    silent = bool(seen.command_types) and not sent
    release = (
        "end the other program; on a robot, leave its own motion control (Go2: the app's service "
        "switch, G1: L2+R2 on the remote)"
    )
    if sent:
        found = f"{sent} commands in {seen.seconds:.1f} s by somebody else"
        yield Finding("other commanders", found, PROBLEM, "none", release)
    elif silent:
        found = f"{len(seen.command_types)} publisher(s) of commands, silent so far"
        yield Finding("other commanders", found, NOTE, "none", release)
    else:
        yield Finding("other commanders", "none")


def body(
    seen: Observed, spec: RobotSpec, contract: PolicyContract, settings: LoopSettings
) -> Iterator[Finding]:
    """Temperatures, battery, attitude and joints."""
    core, state, joints = messages.native(), seen.state, len(spec.joint_names)
    flags = int(state["flags"])
    if flags & core.HAS_TEMPERATURE:
        yield _temperature(state["motor_temperature_c"][:joints], spec, settings)
    if flags & core.HAS_BATTERY:
        percent = float(state["battery_percent"])
        low = PROBLEM if percent < settings.safety.min_battery_percent else NOTE
        level = OK if percent >= _BATTERY_PERCENT else low
        expected = f"{_BATTERY_PERCENT:.0f} % or more"
        yield Finding("battery", f"{percent:.0f} %", level, expected, "charge it, or change it")
    w, x, y, z = (float(v) for v in state["quat_wxyz"])
    tilt = 2.0 * float(np.arctan2(np.hypot(x, y), np.hypot(w, z)))
    yield Finding(
        "attitude",
        f"tilted by {tilt:.2f} rad",
        OK if tilt < _LEVEL_RAD else PROBLEM,
        f"below {_LEVEL_RAD:g} rad",
        "put the robot upright (G1: hang it up straight); restart it where it is",
    )
    yield from _joints(state["joint_pos"][:joints], spec, contract)


def _temperature(celsius: np.ndarray, spec: RobotSpec, settings: LoopSettings) -> Finding:
    hottest = int(np.argmax(celsius))
    limit = settings.safety.max_temperature_c
    level = OK if celsius[hottest] < _WARM_C else NOTE
    return Finding(
        "motor temperature",
        f"at most {celsius[hottest]:.0f} C ({spec.joint_names[hottest]})",
        PROBLEM if celsius[hottest] >= limit else level,
        f"below {_WARM_C:.0f} C before a start; the loop damps at {limit:.0f} C",
        "let it cool down",
    )


def _joints(pos: np.ndarray, spec: RobotSpec, contract: PolicyContract) -> Iterator[Finding]:
    beyond = np.maximum(spec.joint_lower_rad - pos, pos - spec.joint_upper_rad)
    names: List[str] = [spec.joint_names[i] for i in np.flatnonzero(~(beyond < 0.1))]
    if names:
        yield Finding(
            "joint ranges",
            f"outside: {', '.join(names)}",
            PROBLEM,
            "every joint within its range, and 0.1 rad",
            "calibrate the robot's joints; check that the policy is for this variant",
        )
    else:
        yield Finding("joint ranges", "all joints within")
    off = np.abs(pos - contract.joint_array("default_pos_rad"))
    worst = int(np.argmax(off))
    yield Finding(
        "stand pose",
        f"{spec.joint_names[worst]} is {off[worst]:.2f} rad away, the farthest",
        OK if off[worst] < _FAR_RAD else NOTE,
        f"below {_FAR_RAD:g} rad, unless the robot lies or hangs",
        "see that all limbs are free to move there slowly",
    )
