"""Simulate and deploy as two processes over real DDS, in a network of their own.

Simulated time waits for the loop and the policy, and the time-outs are patient, so that a busy
machine does not matter; the same in real time, with figures, is the record that sim2real/README.md
tells how to make.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import stand_policy
from network import need_dds, run_there
from scenario import Scenario

from amp_sdk import robots
from amp_sdk.runtime.flight_log import FlightLog

pytest.importorskip("mujoco", reason="the simulated robot needs MuJoCo (extra 'sim')")

from amp_sim2sim.identify.chirp import read
from amp_sim2sim.identify.robot import fit

PATIENT = {
    "priority": 0,
    "lock_memory": False,
    "target_timeout_periods": 250.0,
    "stand_time_s": 1.0,
    "damp_time_s": 0.5,
    "safety": {
        "state_timeout_s": 5.0,
        "frozen_timeout_s": 5.0,
        "max_state_loss": 0.999,
        "state_loss_time_s": 10.0,
        "overrun_timeout_s": 10.0,
        "deadman_timeout_s": 10.0,
    },
}
# where a policy that hangs is to be noticed by the loop
ALERT = {**PATIENT, "target_timeout_periods": 100.0}
PATIENCE = ["--timeout-ms", "5000"]
GO2 = Scenario("go2", "go2_trot", 4.0, PATIENT, PATIENCE, [0.7, 0.0, 0.0])


def rehearse(scenario: Scenario) -> tuple[dict, dict, list[str]]:
    """deploy's run, simulate's report, and all lines."""
    need_dds()
    result = run_there("scenario.py", json.dumps(dataclasses.asdict(scenario)))
    lines = result["lines"]
    assert not result["error"], (result["error"], lines)
    assert result["simulate_status"] == 0, lines
    return result["deploy"].get("run", {}), result["simulate"], lines


def check_commands(simulated: dict) -> None:
    commands = simulated["commands"]
    assert commands["accepted"] > 1000
    assert not [n for name, n in commands.items() if name.startswith("bad_") and n], commands


def test_the_shipped_policy_walks_over_the_wire() -> None:
    run, simulated, lines = rehearse(GO2)
    assert run["modes"][:4] == ["stop", "damp", "stand", "policy"], lines
    assert not run["faults"] and not run["problem"] and run["rescues"] == 0
    assert simulated["stood"] and not simulated["fell"]
    assert simulated["held_s"] > 3.0 and simulated["timeouts"] == 0
    check_commands(simulated)


def test_a_g1_stands_on_its_own_after_its_gantry_lets_go(tmp_path: Path) -> None:
    stand_policy.write(tmp_path / "stand.onnx")
    g1 = Scenario("g1", str(tmp_path / "stand.onnx"), 9.0, PATIENT, PATIENCE)
    run, simulated, lines = rehearse(g1)
    assert "policy" in run["modes"] and not run["faults"], lines
    assert simulated["stood"] and not simulated["fell"]
    assert simulated["held_s"] > 8.5, "on its own for 2 s"
    check_commands(simulated)


def test_jitter_and_loss_do_not_matter() -> None:
    line = ["--jitter-ms", "5", "--loss", "0.02", "--seed", "3"]
    run, simulated, lines = rehearse(dataclasses.replace(GO2, simulate=[*GO2.simulate, *line]))
    assert not run["faults"] and simulated["stood"] and not simulated["fell"], lines
    assert simulated["states_lost"] > 0


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ("hang_policy", "target_stale"),
        ("estop", "estop"),
    ],
)
def test_what_goes_wrong_in_the_policy_damps(action: str, why: str) -> None:
    scenario = dataclasses.replace(GO2, config=ALERT, action=action, after_s=0.5, held_s=6.0)
    run, simulated, lines = rehearse(scenario)
    assert why in run["faults"], lines
    assert simulated["end"] in ("damped", "limp")


def test_a_pulled_cable_ends_damped_or_limp() -> None:
    # the operator's socket is on the same interface: who of both watchdogs is first does not matter
    run, simulated, lines = rehearse(
        dataclasses.replace(GO2, action="cable", after_s=0.5, held_s=6.0)
    )
    assert run["modes"][:5] == ["stop", "damp", "stand", "policy", "damp"], lines
    assert simulated["stood"] and simulated["end"] in ("damped", "limp")


def test_a_killed_policy_ends_the_run_damped() -> None:
    run, simulated, lines = rehearse(
        dataclasses.replace(GO2, action="kill_policy", after_s=0.5, held_s=6.0)
    )
    assert "policies" in run["problem"], lines
    assert simulated["end"] in ("damped", "limp")


def test_a_killed_loop_is_stood_in_for() -> None:
    run, simulated, lines = rehearse(
        dataclasses.replace(GO2, action="kill_loop", after_s=0.5, held_s=6.0)
    )
    assert run["rescues"] >= 1 and run["problem"], lines
    assert simulated["end"] in ("damped", "limp")


def test_a_killed_deploy_leaves_the_loop_damping() -> None:
    _, simulated, lines = rehearse(
        dataclasses.replace(GO2, action="kill_deploy", after_s=0.5, held_s=6.0)
    )
    assert simulated["stood"] and simulated["end"] in ("damped", "limp"), lines


def test_a_dry_run_sends_nothing() -> None:
    scenario = dataclasses.replace(GO2, dry_run=True, action="end_simulation")
    run, simulated, lines = rehearse(scenario)
    assert run["modes"][:3] == ["stop", "damp", "stand"], lines
    assert simulated["commands"]["senders"] == 0 and simulated["held_s"] == 0.0


def test_an_excitation_moves_joints_one_by_one_and_is_identified(tmp_path: Path) -> None:
    settings, record = tmp_path / "excite.yaml", tmp_path / "run.flight"
    settings.write_text("{seconds: 3.0, pause_s: 0.25, ramp_s: 0.5}")
    more = {"deploy": ["--excite", str(settings), "--record", str(record)], "held_s": 9.0}
    hung = dataclasses.replace(GO2, simulate=[*PATIENCE, "--lift", "0.4"], **more)
    run, simulated, lines = rehearse(hung)
    assert "policy" in run["modes"] and not run["faults"], lines
    check_commands(simulated)
    log = FlightLog(record)
    fits = fit(robots.load("go2"), read(log, log.header.joint_names))
    first = fits["FL_hip_joint"]
    assert abs(first.kp_ratio.value - 1.0) < 0.1 and first.residual < 0.5, first


def test_another_variant_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    stand_policy.write(tmp_path / "stand.onnx")
    g1 = Scenario("g1", str(tmp_path / "stand.onnx"), 60.0, PATIENT, ["--mode-machine", "4"])
    result = run_there("scenario.py", json.dumps(dataclasses.asdict(g1)))
    assert result["deploy"]["problems"] == 1, result["lines"]
    assert any("mode_machine 4" in line and "problem" in line for line in result["lines"])
