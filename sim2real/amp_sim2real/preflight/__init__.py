"""What is looked at before a robot is commanded; each finding says what to do."""

from __future__ import annotations

from typing import Iterator

from amp_sdk.doctor._finding import Finding
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import LoopSettings
from amp_sdk.unitree import Wire
from amp_sim2real.link import Link
from amp_sim2real.preflight import body, machine, network, robot
from amp_sim2real.preflight.observed import observe


def preflight(
    wire: Wire, link: Link, spec: RobotSpec, policy: Policy, settings: LoopSettings
) -> Iterator[Finding]:
    """All findings, as they are made; about 3 s, or 10 s where no robot answers."""
    yield from network.interface(wire.interface, wire.domain)
    yield from machine.real_time(settings)
    yield from machine.clock(settings.period_s)
    yield from machine.inference(policy)
    observed = observe(link)
    yield from robot.line(observed, settings)
    if observed.states:
        yield from robot.variant(observed, wire, spec)
        yield from robot.commanders(observed)
        yield from body.body(observed, spec, policy.contract, settings)
