"""The batch simulation: the same as an episode, and every condition does what it says."""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np
import pytest
from small_policy import robot_contract

from amp_sdk import rotations
from amp_sim2sim.episode import pd_torque
from amp_sim2sim.gate.actuation import Motors, targets_in_force
from amp_sim2sim.gate.conditions import Conditions
from amp_sim2sim.gate.model import build_batch_model, slope_quaternion
from amp_sim2sim.gate.plan import Run
from amp_sim2sim.gate.sensing import Sensing
from amp_sim2sim.gate.simulate import Simulation
from amp_sim2sim.gate.terrain import TREAD_M, make_terrain


def run(go2, policy, all_of, threads=1, duration_s=0.4, seed=0):
    runs = [Run("x", None, None, 0, c) for c in all_of]
    simulation = Simulation(policy, go2, runs, duration_s, seed, threads)
    return simulation, simulation.run()


def same(a, b) -> bool:
    arrays = [f.name for f in dataclasses.fields(a.course)]
    return all(np.array_equal(getattr(a.course, n), getattr(b.course, n)) for n in arrays)


def test_threads_and_company_do_not_matter(go2, stand) -> None:
    mixed = [
        Conditions(sensor_noise=1.0, jitter_s=0.01, drop_share=0.1),
        Conditions(friction=0.4),
        Conditions(slope_deg=5.0),
    ]
    one, two = run(go2, stand, mixed)[1], run(go2, stand, mixed, threads=2)[1]
    assert same(one, two) and np.array_equal(one.sums.work_j, two.sums.work_j)
    alone = run(go2, stand, mixed[1:2])[1]
    assert np.array_equal(one.course.joint_pos[:, 1], alone.course.joint_pos[:, 0])
    other = run(go2, stand, mixed, seed=1)[1]
    assert not np.array_equal(one.course.joint_pos, other.course.joint_pos)


def test_standing_robots_stand_and_touch_the_floor_without_sliding(go2, stand) -> None:
    slope = Conditions(slope_deg=8.0, slope_direction_deg=90.0)
    log = run(go2, stand, [Conditions(), slope], duration_s=1.0)[1]
    assert log.falls == (None, None)
    assert log.course.foot_contact[-10:].all()
    slip = log.course.slip_m_s[-10:]
    # MuJoCo's soft contacts creep under a load along the floor
    assert slip[:, 0].max() < 0.02 and slip[:, 1].max() < 0.08


def test_a_slope_is_felt(go2, stand) -> None:
    log = run(go2, stand, [Conditions(), Conditions(slope_deg=10.0)])[1]
    gravity = -log.course.torque_nm[-1]
    assert np.abs(gravity[0] - gravity[1]).max() > 1.0  # the load moves to the lower legs


def test_a_steep_slope_and_a_fall_are_seen(go2, fall) -> None:
    log = run(go2, fall, [Conditions()], duration_s=2.0)[1]
    assert log.falls[0] is not None
    assert log.course.length[0] == round(log.falls[0].time_s / log.period_s)


def test_a_push_gives_its_impulse(go2, stand) -> None:
    all_of = [Conditions(), Conditions(push_m_s=0.5, push_direction_deg=90.0)]
    log = run(go2, stand, all_of, duration_s=3.8)[1]
    pushed = np.flatnonzero(log.pushing[:, 1])
    assert len(pushed) == 5 and not log.pushing[:, 0].any()  # 0.1 s
    course, before = log.course, pushed[0]
    left = rotations.rotate(course.base_quat_w[before, 1], np.array([0.0, 1.0, 0.0]))
    gained = course.lin_vel_w[before + 3, 1] - course.lin_vel_w[before, 1]
    # the feet hold against it, so the base gains less than the push alone would give
    assert 0.05 < gained @ left < 0.5


def test_motors_are_explicit_pd(go2) -> None:
    contract = robot_contract(go2)
    rng = np.random.default_rng(0)
    target, pos, vel = rng.normal(size=(3, 2, contract.action_dim))
    all_of = [Conditions(), Conditions(strength=0.5, kp_ratio=1.0)]
    motors = Motors(contract, all_of, go2.velocity_limit_rad_s, np.zeros_like(pos))
    asked, torque = motors.torque(target, pos, vel)
    for i, ratio in enumerate((1.0, 0.5)):
        expected = pd_torque(contract, target[i], pos[i], vel[i])
        np.testing.assert_array_equal(asked[i], expected)
        np.testing.assert_array_equal(torque[i], ratio * expected)


def test_a_motor_at_top_speed_only_brakes(go2) -> None:
    contract, top = robot_contract(go2), go2.velocity_limit_rad_s
    motors = Motors(contract, [Conditions(torque_speed=True)], top, np.zeros((1, 12)))
    pos = np.zeros((1, 12))
    assert (motors.torque(pos + 10.0, pos, top[None])[1] == 0.0).all()
    assert (motors.torque(pos - 10.0, pos, top[None])[1] < 0.0).all()


def test_latency_delays_and_keeps_the_order() -> None:
    all_of = [Conditions(), Conditions(latency_s=0.01), Conditions(latency_s=0.0, jitter_s=0.05)]
    rngs = [np.random.default_rng(i) for i in range(3)]
    table = targets_in_force(all_of, rngs, 20, 10, 0.002)
    assert (table[:, 0] == np.arange(200) // 10 + 1).all()
    assert (table[5:, 1] == table[:-5, 0]).all() and (table[:5, 1] == 0).all()
    assert (np.diff(table[:, 2]) >= 0).all() and (table[:, 2] <= table[:, 0]).all()


def test_sensing_is_the_truth_without_errors_and_repeats_lost_samples() -> None:
    all_of = [Conditions(), Conditions(drop_share=1.0), Conditions(joint_offset_rad=0.03)]
    sensing = Sensing(all_of, [np.random.default_rng(i) for i in range(3)], 5, 12)
    rng = np.random.default_rng(3)
    states = []
    for period in range(2):
        truth = (np.eye(4)[[0, 0, 0]], *(rng.normal(size=(3, n)) for n in (3, 12, 12)))
        states.append((truth, sensing.measure(period, *truth)))
    (first, seen), (second, later) = states
    np.testing.assert_array_equal(later.joint_pos[0], second[2][0])
    np.testing.assert_array_equal(later.joint_pos[1], seen.joint_pos[1])
    np.testing.assert_allclose(np.abs(later.joint_pos[2] - second[2][2]), 0.03)
    np.testing.assert_array_equal(later.quat_w[0], second[0][0])


def test_terrain_is_level_at_the_start_and_steps_rise_by_their_height() -> None:
    steps, rough = make_terrain("steps", 0.05, 0), make_terrain("rough", 0.04, 0)
    origin = np.zeros(1)
    assert steps.height(origin, origin) == 0.0 and rough.height(origin, origin) == 0.0
    x = 0.8 + TREAD_M * np.array([0.5, 1.5, 2.5])
    np.testing.assert_allclose(steps.height(x, np.zeros(3)), [0.05, 0.10, 0.15])
    assert rough.heights_m is not None and 0.03 < rough.heights_m.max() <= 0.04


@pytest.mark.parametrize("kind", ["flat", "rough", "steps"])
def test_the_floor_weighs_nothing(go2, kind) -> None:
    model = build_batch_model(go2, 0.002, make_terrain(kind, 0.02, 0))
    robot = mujoco.MjModel.from_xml_path(str(go2.mjcf_path))
    assert model.body_mass.sum() == pytest.approx(robot.body_mass.sum())


def test_slopes_rise_in_their_direction() -> None:
    quat = slope_quaternion(np.array([0.2]), np.array([0.7]))
    forward = np.array([[np.cos(0.7), np.sin(0.7), 0.0]])
    assert rotations.rotate(quat, forward)[0, 2] == pytest.approx(np.sin(0.2))
