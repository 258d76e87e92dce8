"""Settings, the remote and the preflight's judgement, without DDS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from amp_sdk import robots
from amp_sdk.doctor._finding import NOTE, OK, PROBLEM
from amp_sdk.errors import InputError
from amp_sdk.policy import load_policy
from amp_sdk.runtime import LoopSettings, messages
from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator import CommandRange
from amp_sdk.unitree import Wire, wire
from amp_sim2real.link import LinkStatus
from amp_sim2real.preflight import body, machine, network, robot
from amp_sim2real.preflight.observed import Observed
from amp_sim2real.remote import RemoteSource
from amp_sim2real.settings import loop_settings, robot_of

GO2, G1 = robots.load("go2"), robots.load("g1_29dof")
WIRE = wire(GO2, GO2.joint_names, "lo", 1)
POLICY = load_policy("go2_trot")
QUIET = LinkStatus(0, 0, 0, 0, 0, 0, 0, 0, 0, (0.0, 0.0, 0.0, 0.0))


@pytest.mark.parametrize("name", ["go2", "g1"])
def test_the_limits_of_each_robot_are_settings_of_the_loop(name: str) -> None:
    settings = loop_settings(name, WIRE, None)
    assert settings.driver == "dds" and settings.driver_options == WIRE.options()
    assert settings.safety.deadman_timeout_s > 0.0 and settings.safety.max_tilt_rad <= 1.0


def test_own_limits_go_over_them_key_by_key(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("stand_time_s: 9\nsafety: {max_tilt_rad: 0.5}\n")
    mine, shipped = loop_settings("go2", WIRE, file), loop_settings("go2", WIRE, None)
    safety = replace(shipped.safety, max_tilt_rad=0.5)
    assert mine == replace(shipped, stand_time_s=9.0, safety=safety)
    for text, message in (
        ("safety: {max_tild_rad: 1}", "max_tilt_rad"),
        ("driver: mock", "driver"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=message):
            loop_settings("go2", WIRE, file)


def test_a_policy_of_another_robot_is_refused() -> None:
    assert robot_of("go2", POLICY.contract) is GO2
    with pytest.raises(InputError, match="--robot g1"):
        robot_of("g1", POLICY.contract)


class FakeLink:
    """A link whose status a test sets."""

    def __init__(self) -> None:
        self.state, self.fresh, self.now = messages.new(messages.STATE), True, QUIET

    def poll(self) -> bool:
        return self.fresh

    def status(self) -> LinkStatus:
        return self.now


L1, START, L2, F1, A, B = 1 << 1, 1 << 2, 1 << 5, 1 << 6, 1 << 8, 1 << 9


def test_the_remote() -> None:
    link = FakeLink()
    source = RemoteSource(link, CommandRange((-1.0, -1.0, -2.0), (1.0, 0.5, 2.0)))  # type: ignore[arg-type]
    second = 1_000_000_000

    def press(buttons: int, sticks=(0.0, 0.0, 0.0, 0.0), at_s: float = 1.0):
        link.now = replace(QUIET, buttons=buttons, sticks=sticks)
        return source.poll(round(at_s * second))

    assert not press(L1).held, "held since before the start: not seen open yet"
    press(0)
    held = press(L1, (0.0, 0.5, -1.0, 0.0))
    assert held.held and held.velocity == (0.5, 0.0, 2.0)
    assert press(L1 | A).modes == (Mode.STAND,)
    assert press(L1 | A).modes == (), "a press counts once"
    assert press(L1 | START).modes == (Mode.POLICY,)
    assert not press(0, (0.0, 1.0, 0.0, 0.0)).held and press(0).velocity == (0.0, 0.0, 0.0)
    assert press(L2 | B).stop and not press(L2).stop and not press(B).stop
    assert press(F1).clear and not press(F1).clear
    link.fresh = False
    assert press(L1, at_s=1.1).held and not press(L1, at_s=1.3).held, "the robot is silent"


def observed(**changes) -> Observed:
    state = messages.new(messages.STATE)
    core = messages.native()
    state["flags"] = core.HAS_TEMPERATURE | core.HAS_BATTERY
    state["joint_pos"][:12] = POLICY.contract.joint_array("default_pos_rad")
    state["motor_temperature_c"], state["battery_percent"] = 30.0, 80.0
    after = replace(QUIET, received=750, mode_machine=5)
    good = Observed(
        1.5, 750, 500.0, 0.004, QUIET, after, state, ("unitree_go::msg::dds_::LowState_",)
    )
    return replace(good, **changes)


def judge(seen: Observed, on: Wire = WIRE) -> dict[str, str]:
    settings = LoopSettings()
    findings = [*robot.line(seen, settings), *robot.commanders(seen), *robot.variant(seen, on, G1)]
    findings += body.body(seen, GO2, POLICY.contract, settings)
    for finding in findings:
        assert finding.level == OK or (finding.expected and finding.advice), finding
    return {finding.what: finding.level for finding in findings}


def test_a_healthy_robot_passes() -> None:
    assert set(judge(observed()).values()) == {OK}


def test_what_is_wrong_with_the_line_is_found() -> None:
    seen = observed()
    assert judge(observed(rate_hz=400.0))["state rate"] == NOTE
    assert judge(observed(rate_hz=100.0))["state rate"] == PROBLEM
    assert judge(observed(longest_gap_s=0.1))["state age"] == NOTE
    bad = replace(seen.after, crc_errors=3)
    assert judge(observed(after=bad))["state check sums"] == PROBLEM
    assert judge(observed(state_types=("a", "b")))["publishers of states"] == PROBLEM
    silent = list(robot.line(observed(states=0), LoopSettings()))
    assert [finding.level for finding in silent] == [PROBLEM] and "--domain" in silent[0].advice


def test_somebody_else_who_commands_is_found() -> None:
    after = replace(observed().after, foreign_commands=7)
    assert judge(observed(after=after))["other commanders"] == PROBLEM
    assert judge(observed(command_types=("x",)))["other commanders"] == NOTE


def test_another_variant_is_found() -> None:
    g1 = wire(G1, G1.joint_names, "lo", 1)
    assert judge(observed(), g1)["variant"] == OK
    other = replace(observed().after, mode_machine=4)
    assert judge(observed(after=other), g1)["variant"] == PROBLEM


@pytest.mark.parametrize(
    ("field", "value", "what", "level"),
    [
        ("motor_temperature_c", 70.0, "motor temperature", NOTE),
        ("motor_temperature_c", 90.0, "motor temperature", PROBLEM),
        ("battery_percent", 15.0, "battery", NOTE),
        ("battery_percent", 2.0, "battery", PROBLEM),
        ("quat_wxyz", (0.8, 0.6, 0.0, 0.0), "attitude", PROBLEM),
        ("quat_wxyz", np.nan, "attitude", PROBLEM),
        ("joint_pos", 5.0, "joint ranges", PROBLEM),
        ("joint_pos", np.nan, "joint ranges", PROBLEM),
    ],
)
def test_what_is_wrong_with_the_body_is_found(field, value, what: str, level: str) -> None:
    seen = observed()
    seen.state[field] = value
    assert judge(seen)[what] == level


def test_the_network_and_the_machine_are_looked_at() -> None:
    assert [f.level for f in network.interface("nosuch0", 1)] == [PROBLEM]
    found = {f.what: f.level for f in network.interface("lo", 1)}
    assert set(found) == {"network", "address", "multicast"}
    names = {f.what for f in [*machine.clock(0.002), *machine.inference(POLICY)]}
    assert {"clock", "golden vectors", "inference"} <= names
    settings = SimpleNamespace(priority=80, lock_memory=True)
    assert len(list(machine.real_time(settings))) == 2  # type: ignore[arg-type]
