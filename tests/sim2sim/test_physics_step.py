"""Physics steps fill the control period, and are short enough for what damps the joints."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from small_policy import robot_contract, write_policy

import amp_sdk
from amp_sdk import robots
from amp_sim2sim.episode import run_episode, steps_per_period
from amp_sim2sim.physics_step import damping_rate, fitting_step
from amp_sim2sim.scene import build_model


@pytest.mark.parametrize("period_s", [0.02, 1 / 30, 1 / 60, 0.005, 0.001, 0.0201])
def test_it_is_fitted_to_the_control_period(go2, period_s: float) -> None:
    contract = dataclasses.replace(robot_contract(go2), control_period_s=period_s)
    step_s = fitting_step(contract, go2, 0.002)
    assert 0.0 < step_s <= 0.002
    assert steps_per_period(contract, step_s) == math.ceil(period_s / 0.002 - 1e-9)
    assert step_s == 0.002 or period_s != 0.02


@pytest.mark.parametrize("name", ["go2", "g1_29dof", "g1_23dof", "g1_12dof", "pi_plus"])
def test_motors_need_no_shorter_steps(name: str) -> None:
    robot = robots.load(name)
    assert fitting_step(robot_contract(robot), robot, 0.002) == 0.002


def test_the_rate_is_that_of_the_joints_own_damping(go2) -> None:
    contract = robot_contract(go2)
    doubled = tuple(dataclasses.replace(j, kd=2.0 * j.kd) for j in contract.joints)
    undamped = tuple(dataclasses.replace(j, kd=0.0) for j in contract.joints)
    rate = damping_rate(contract, go2)
    assert damping_rate(dataclasses.replace(contract, joints=doubled), go2) == pytest.approx(
        2.0 * rate
    )
    assert damping_rate(dataclasses.replace(contract, joints=undamped), go2) == 0.0
    # a calf alone swings about its knee faster than the rotor lets it, and slower than massless
    calf = next(j for j in contract.joints if "calf" in j.name)
    assert calf.kd / 0.1 < rate < calf.kd / 0.005


@pytest.mark.parametrize("name", ["humanoid", "smpl"])
def test_ideal_drives_of_a_character_do_not_shake(name: str, tmp_path) -> None:
    robot = robots.load(name)
    contract = robot_contract(robot)
    write_policy(tmp_path / "stand.onnx", contract)
    policy = amp_sdk.load_policy(tmp_path / "stand.onnx")

    def saturated(step_s: float) -> float:
        """Share of torques at their limits while the default pose is held."""
        log = run_episode(build_model(robot, step_s), robot, policy, 0, 0, 2.0)
        assert log.fine is not None
        limit = contract.joint_array("effort_limit_nm").astype(np.float32)
        return float(np.mean(np.abs(log.fine.torque_nm) >= limit))

    assert saturated(fitting_step(contract, robot, 0.002)) < 0.01
    assert saturated(0.002) > 0.1
