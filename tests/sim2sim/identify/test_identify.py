"""A simulated robot with drawn motors and joints, hung up: what was drawn is found again.

Of sensors with noise: gains within 3 %, armature within 10 %, damping within 0.03 N m s/rad, dry
friction within 0.04 N m, delay within 1 ms.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import hung_robot
import numpy as np
import pytest
import yaml
from hung_robot import GO2, Truth

from amp_sdk.config import from_mapping
from amp_sdk.errors import InputError
from amp_sim2real.excite import ExciteSettings, chirp_rad
from amp_sim2sim.identify import cli
from amp_sim2sim.identify.chirp import Chirps
from amp_sim2sim.identify.fit import JointFit
from amp_sim2sim.identify.robot import fit, longest_run
from amp_training.config.randomization import RandomizationConfig

SETTINGS = ExciteSettings(seconds=5.0)
JOINTS = [3, 5]  # FR hip and calf: one that moves the whole leg, one at its end
NOISE = 0.02  # rad/s; of the other sensors in proportion


@pytest.fixture(scope="module")
def hung() -> tuple[Truth, Chirps, dict[str, JointFit]]:
    truth = hung_robot.seeded(1, delay_ticks=2)
    chirps = hung_robot.hang(
        truth, JOINTS, lambda joint, t: chirp_rad(SETTINGS, 0.3, t), SETTINGS.seconds, NOISE
    )
    return truth, chirps, fit(GO2, chirps)


def test_only_joints_that_moved_are_fitted(hung: tuple) -> None:
    assert sorted(hung[2]) == sorted(GO2.joint_names[j] for j in JOINTS)


@pytest.mark.parametrize("joint", JOINTS)
def test_what_was_drawn_is_found_again(hung: tuple, joint: int) -> None:
    truth, _, fits = hung
    found: JointFit = fits[GO2.joint_names[joint]]
    assert found.kp_ratio.value == pytest.approx(truth.kp_ratio[joint], rel=0.03)
    assert found.kd_ratio.value == pytest.approx(truth.kd_ratio[joint], rel=0.03)
    assert found.armature.value == pytest.approx(truth.armature[joint], rel=0.1)
    assert found.damping.value == pytest.approx(truth.damping[joint], abs=0.03)
    assert found.friction.value == pytest.approx(truth.friction[joint], abs=0.04)
    assert found.delay_s.value == pytest.approx(truth.delay_s, abs=1e-3)
    assert found.residual < 0.3 and 0.0 < found.armature.error < 0.1 * found.armature.value


def test_the_bounds_for_a_training_hold_every_joint(hung: tuple, tmp_path: Path) -> None:
    truth, _, fits = hung
    values = yaml.safe_load(yaml.safe_dump(cli.bounds(GO2, fits)))
    config = from_mapping(RandomizationConfig, values, "fitted")
    lower, upper = config.gain_ratio
    assert lower < min(truth.kp_ratio[JOINTS]) + 0.03 and upper > max(truth.kp_ratio[JOINTS]) - 0.03
    assert config.delay_s[0] <= truth.delay_s + 1e-3 and config.delay_s[1] >= truth.delay_s - 1e-3


def test_a_fit_that_explains_little_is_left_out_of_the_bounds(hung: tuple) -> None:
    first, second = hung[2]
    doubtful = {**hung[2], first: replace(hung[2][first], residual=0.5)}
    assert cli.bounds(GO2, doubtful) == cli.bounds(GO2, {second: hung[2][second]})
    with pytest.raises(InputError, match="more than 30% of its torque unexplained"):
        cli.bounds(GO2, {first: doubtful[first]})


def test_a_joint_is_fitted_to_its_longest_run_without_pause_or_jump() -> None:
    time_s = np.arange(1000) * 0.002
    moved = np.zeros(1000, dtype=bool)
    moved[:100] = moved[400:500] = moved[520:900] = True  # a short rest is no pause
    assert longest_run(moved, time_s) == slice(400, 900)
    missing = np.where(np.arange(1000) < 600, time_s, time_s + 0.1)
    assert longest_run(moved, missing) == slice(600, 900)
    assert longest_run(np.zeros(1000, dtype=bool), time_s) == slice(0, 0)


def test_a_robot_at_rest_is_no_excitation(hung: tuple) -> None:
    still = {**vars(hung[1]), "vel": np.zeros_like(hung[1].vel)}
    with pytest.raises(InputError, match="no joint was moved"):
        fit(GO2, Chirps(**still))
