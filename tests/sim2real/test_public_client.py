"""Unitree's public Python client on CycloneDDS 0.10.2: it commands our robot, our loop runs its.

``AMP_SDK_UNITREE_PYTHON`` names its Python (3.8 to 3.10), which has ``cyclonedds==0.10.2`` and,
with ``pip install --no-deps``, ``unitree_sdk2==1.0.1`` or a checkout of unitree_sdk2_python.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import stand_policy
from network import need_dds, run_there
from scenario import Scenario
from test_rehearsal import PATIENT

from amp_sdk import robots
from amp_sdk.unitree import wire

CLIENT = str(Path(__file__).with_name("unitree_client.py"))
ROBOTS = {"go2": "go2", "g1": "g1_29dof"}


@pytest.fixture(scope="module")
def python() -> str:
    need_dds()
    named = os.environ.get("AMP_SDK_UNITREE_PYTHON")
    if not named:
        pytest.skip("no AMP_SDK_UNITREE_PYTHON (cyclonedds 0.10.2 and unitree_sdk2py)")
    tried = subprocess.run([named, CLIENT, "--help"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"{named} cannot run the public client: {tried.stderr.strip()[-200:]}")
    return named


def pose(name: str) -> str:
    """The stand pose, by the vendor's motor numbers."""
    robot = robots.load(ROBOTS[name])
    slots = wire(robot, robot.joint_names, "lo", 1).slots
    angle = dict(zip(slots, robot.default_joint_pos_rad, strict=True))
    return ",".join(f"{angle[slot]:.6f}" for slot in range(len(slots)))


@pytest.mark.parametrize(("name", "kp"), [("go2", "60"), ("g1", "200")])
def test_it_reads_and_commands_our_simulated_robot(python: str, name: str, kp: str) -> None:
    robot = [sys.executable, "-m", "amp_sdk.simulate", "--robot", name, "--timeout-ms", "5000"]
    # the band of a gantry holds a G1 for as long as this takes
    robot += ["--gantry", "1000" if name == "g1" else "0"]
    commander = [python, CLIENT, "command", name, f"--pose={pose(name)}", "--kp", kp]
    both = json.dumps({"robot": robot, "commander": [*commander, "--held", "5"]})
    report = run_there("pair.py", both)
    simulated, client = report["robot"], report["commander"]
    commands = simulated["commands"]
    print(json.dumps(report))
    assert client["bad_crc"] == 0 and client["states"] > 100, client
    assert not [n for key, n in commands.items() if key.startswith("bad_") and n], commands
    assert commands["accepted"] > 0.5 * client["sent"] > 50
    assert simulated["stood"] and not simulated["fell"] and client["farthest_rad"] < 0.3
    assert client["mode_machine"] == (5 if name == "g1" else 0)


@pytest.mark.parametrize("name", ["go2", "g1"])
def test_our_loop_runs_a_robot_that_it_simulates(python: str, name: str, tmp_path: Path) -> None:
    policy = "go2_trot"
    if name == "g1":
        policy = str(tmp_path / "stand.onnx")
        stand_policy.write(tmp_path / "stand.onnx")
    peer = [python, CLIENT, "be", name, f"--pose={pose(name)}"]
    scenario = Scenario(name, policy, 600.0, PATIENT, velocity=[0.5, 0, 0], peer=peer)
    scenario = dataclasses.replace(scenario, action="end_simulation", after_s=3.0)
    result = run_there("scenario.py", json.dumps(dataclasses.asdict(scenario)))
    run, robot, lines = result["deploy"].get("run", {}), result["simulate"], result["lines"]
    print(json.dumps(robot))
    assert not result["error"] and not run["problem"], (result["error"], lines)
    assert run["modes"][:4] == ["stop", "damp", "stand", "policy"] and not run["faults"], lines
    assert robot["held"] and robot["commands"] > 20, robot
    assert robot["bad_crc"] == robot["bad_machine"] == 0
    assert robot["moved_rad"] > (0.02 if name == "go2" else 0.0), "a policy moves its motors"
