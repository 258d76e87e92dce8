"""Faults over real DDS: the robot is damped, and no motor holds a position any more."""

from __future__ import annotations

from typing import Any

import pytest
from network import run_there

# fault: what the loop must name (the first of them, where one follows from another)
EXPECTED = {
    "estop": "estop",
    "remote_stop": "estop",
    "operator_gone": "deadman",
    "state_silent": "state_stale",
    "state_frozen": "state_frozen",
    "state_corrupt": "state_stale",
    "state_nan": "state_not_finite",
    "imu_dead": "imu",
    "tilt": "tilt",
    "gyro": "gyro",
    "joint_limit": "joint_limit",
    "joint_velocity": "joint_velocity",
    "joint_torque": "joint_torque",
    "temperature": "temperature",
    "battery": "battery",
    "restart": "robot_restart",
    "policy_silent": "target_stale",
    "policy_late": "target_stale",
    "policy_nan": "target_not_finite",
    "policy_inf": "target_not_finite",
    "policy_range": "action_range",
    "second_publisher": "second_publisher",
}


@pytest.fixture(scope="module")
def outcome() -> Any:
    return run_there("wire_faults.py")


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_fault_damps(outcome: Any, fault: str) -> None:
    result = outcome["results"][fault]
    assert result.get("damped"), result
    assert result["held_before"] == 12 and result["enabled"] == 0
    assert EXPECTED[fault] in result["faults"]


def test_a_killed_loop_is_stood_in_for(outcome: Any) -> None:
    assert outcome["results"]["loop_killed"] == {"rescued": True, "damping": True, "stiff": False}


def test_every_command_was_good(outcome: Any) -> None:
    refused = {name: n for name, n in outcome["commands"].items() if name.startswith("bad_")}
    assert not any(refused.values()) and outcome["commands"]["accepted"] > 1000
