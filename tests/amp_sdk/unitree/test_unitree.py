"""Motors by name, options of the drivers, and what is said where the drivers are missing."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Sequence

import pytest

from amp_sdk import robots, unitree
from amp_sdk.errors import InputError

# of the vendor's documentation, by hand
GO2 = [
    f"{leg}_{part}_joint" for leg in ("FR", "FL", "RR", "RL") for part in ("hip", "thigh", "calf")
]
G1_KNEES = {"left_knee_joint": 3, "right_knee_joint": 9}


def slots_of(robot: robots.RobotSpec, names: Sequence[str]) -> dict[str, int]:
    return dict(zip(names, unitree.motor_slots(robot, names), strict=True))


@pytest.mark.parametrize("name", ["go2", "g1_29dof", "g1_23dof"])
def test_slots_follow_names_not_positions(name: str) -> None:
    robot = robots.load(name)
    forward = slots_of(robot, robot.joint_names)
    backward = robot.joint_names[::-1]
    assert slots_of(robot, backward) == forward
    assert len(set(forward.values())) == len(forward)


def test_slots_are_the_vendors() -> None:
    go2, g1 = robots.load("go2"), robots.load("g1_23dof")
    assert list(unitree.motor_slots(go2, GO2)) == list(range(12))
    slots = slots_of(g1, g1.joint_names)
    assert {name: slots[name] for name in G1_KNEES} == G1_KNEES
    # the waist's roll and pitch and the wrists' pitch and yaw are not there
    assert set(range(29)) - set(slots.values()) == {13, 14, 20, 21, 27, 28}


def test_another_set_of_joints_is_refused() -> None:
    go2 = robots.load("go2")
    for names in (GO2[:-1], [*GO2[:-1], GO2[0]], [*GO2, "tail_joint"]):
        with pytest.raises(InputError, match="expected its 12 joints"):
            unitree.motor_slots(go2, names)


def test_options_of_the_drivers() -> None:
    g1 = robots.load("g1_29dof")
    text = unitree.wire(g1, g1.joint_names, "eth0", 0, dry_run=True).options()
    fields = dict(item.split("=") for item in text.split())
    assert fields["family"] == "hg" and fields["net"] == "eth0" and fields["domain"] == "0"
    assert fields["mode_machine"] == "5" and fields["dry_run"] == "1"
    assert fields["slots"] == ",".join(map(str, range(29)))
    assert len(text) < 1000  # what the loop's configuration has room for


@pytest.mark.parametrize(
    ("robot", "net", "domain", "message"),
    [
        ("humanoid", "lo", 1, "cannot be reached over DDS"),
        ("g1_12dof", "lo", 1, "waist and arms limp"),
        ("go2", "", 1, "expected an interface"),
        ("go2", "lo dry_run=0", 1, "expected an interface"),
        ("go2", "lo", 233, "expected 0"),
    ],
)
def test_bad_wires_are_refused(robot: str, net: str, domain: int, message: str) -> None:
    spec = robots.load(robot)
    with pytest.raises(InputError, match=message):
        unitree.wire(spec, spec.joint_names, net, domain)


def test_where_the_drivers_are_missing_it_says_what_to_install(monkeypatch) -> None:
    def missing(name: str):
        raise ModuleNotFoundError(name=name)

    unitree.native.cache_clear()
    monkeypatch.setattr(importlib, "import_module", missing)
    try:
        with pytest.raises(InputError, match="apt install cyclonedds-dev cyclonedds-tools"):
            unitree.native()
    finally:
        monkeypatch.undo()
        unitree.native.cache_clear()


def test_every_robot_is_one_of_the_vendors() -> None:
    for name, other in itertools.combinations(sorted(unitree._ROBOTS), 2):
        family, machines = unitree._ROBOTS[name]
        assert family in unitree.MOTORS
        same = family == unitree._ROBOTS[other][0]
        assert not (same and set(machines) & set(unitree._ROBOTS[other][1])), (
            "told apart by variant"
        )
