"""A robot's line, its variant, and who commands it."""

from __future__ import annotations

from typing import Iterator

from amp_sdk.doctor._finding import NOTE, OK, PROBLEM, Finding
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import LoopSettings
from amp_sdk.unitree import Wire
from amp_sim2real.preflight.observed import Observed

_GOOD_HZ = 450.0


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
