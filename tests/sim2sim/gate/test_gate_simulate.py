"""The batch simulation: the same as an episode, and every condition does what it says."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
from small_policy import CommandTerm, make_contract, robot_contract, write_policy

from amp_sdk import rotations
from amp_sdk.observation import RobotState
from amp_sdk.policy import Policy, load_policy
from amp_sim2sim.episode import pd_torque
from amp_sim2sim.gate.actuation import Motors, answers_known
from amp_sim2sim.gate.conditions import Conditions
from amp_sim2sim.gate.loops import ticks_of
from amp_sim2sim.gate.measure import counted_spans
from amp_sim2sim.gate.model import build_batch_model, slope_quaternion
from amp_sim2sim.gate.plan import Run
from amp_sim2sim.gate.sensing import Sensing
from amp_sim2sim.gate.simulate import Simulation
from amp_sim2sim.gate.terrain import TREAD_M, Floors, make_terrain


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


def servo(contract, target, pos) -> SimpleNamespace:
    """A command to hold ``target`` with the contract's gains."""
    kp, kd = (contract.joint_array(name) + 0.0 * pos for name in ("kp", "kd"))
    zero = np.zeros_like(pos)
    return SimpleNamespace(target_pos=target, target_vel=zero, feed_forward=zero, kp=kp, kd=kd)


def test_motors_are_explicit_pd(go2) -> None:
    contract = robot_contract(go2)
    rng = np.random.default_rng(0)
    target, pos, vel = rng.normal(size=(3, 2, contract.action_dim))
    all_of = [Conditions(), Conditions(strength=0.5, kp_ratio=1.0)]
    motors = Motors(contract, all_of, go2.velocity_limit_rad_s, np.zeros_like(pos))
    command = servo(contract, target, pos)
    asked, torque = motors.torque(command, pos, vel)
    for i, ratio in enumerate((1.0, 0.5)):
        expected = pd_torque(contract, target[i], pos[i], vel[i])
        np.testing.assert_allclose(asked[i], expected, rtol=1e-12)
        np.testing.assert_allclose(torque[i], ratio * expected, rtol=1e-12)


def test_a_motor_at_top_speed_only_brakes(go2) -> None:
    contract, top = robot_contract(go2), go2.velocity_limit_rad_s
    motors = Motors(contract, [Conditions(torque_speed=True)], top, np.zeros((1, 12)))
    pos = np.zeros((1, 12))
    assert (motors.torque(servo(contract, pos + 10.0, pos), pos, top[None])[1] == 0.0).all()
    assert (motors.torque(servo(contract, pos - 10.0, pos), pos, top[None])[1] < 0.0).all()


def test_answers_take_a_tick_and_keep_their_order() -> None:
    all_of = [Conditions(), Conditions(jitter_s=0.05)]
    rngs = [np.random.default_rng(i) for i in range(2)]
    table = answers_known(all_of, rngs, 20, 10, 0.002)
    ticks = np.arange(200)
    assert (table[1:, 0] == ticks[:-1] // 10 + 1).all() and (table[0] == 1).all()
    assert (np.diff(table[:, 1]) >= 0).all() and (table[:, 1] <= table[:, 0]).all()


@pytest.mark.parametrize(
    ("step_s", "expected"), [(0.001, (10, 2)), (0.002, (10, 1)), (0.005, (4, 1))]
)
def test_a_loop_ticks_at_its_own_period_where_the_physics_allow_it(step_s, expected) -> None:
    assert ticks_of(0.02, step_s) == expected


def measured(all_of, ticks: int):
    """What ``Sensing`` gives for random truths: the truths and the states, of every tick."""
    rngs = [np.random.default_rng(i) for i in range(len(all_of))]
    rng, count, states = np.random.default_rng(3), len(all_of), []
    seen = RobotState(*(np.zeros((count, width)) for width in (3, 4, 12, 12)))
    sensing = Sensing(all_of, rngs, ticks, 0.002, seen)
    for tick in range(ticks):
        quat = rotations.from_exp_map(rng.normal(size=(count, 3)))
        truth = (quat, *(rng.normal(size=(count, n)) for n in (3, 12, 12)))
        fresh = sensing.measure(tick, *truth)
        states.append((truth, {f: v.copy() for f, v in vars(sensing.state).items()}, fresh))
    return states


def test_sensing_is_the_truth_without_errors() -> None:
    for (quat, gyro, pos, vel), seen, fresh in measured([Conditions()], 4):
        assert fresh.all()
        np.testing.assert_array_equal(seen["quat_w"], quat)
        np.testing.assert_array_equal(seen["ang_vel_b"], gyro)
        np.testing.assert_array_equal(seen["joint_pos"], pos)
        np.testing.assert_array_equal(seen["joint_vel"], vel)


def test_lost_measurements_are_the_last_ones_again() -> None:
    states = measured([Conditions(drop_share=1.0), Conditions(), Conditions(gap_s=0.01)], 1300)
    first, lost = states[0], np.array([~fresh for _, _, fresh in states])
    assert not lost[0].any() and lost[1:, 0].all() and not lost[:, 1].any()
    assert lost[:, 2].sum() == 5 * 2, "a gap of five ticks, once in a second"
    np.testing.assert_array_equal(states[-1][1]["joint_pos"][0], first[0][2][0])


def test_latency_shows_what_was() -> None:
    states = measured([Conditions(latency_s=0.006), Conditions()], 8)
    for tick, (truth, seen, _) in enumerate(states):
        before = states[max(0, tick - 3)][0]
        np.testing.assert_array_equal(seen["quat_w"][0], before[0][0])
        np.testing.assert_array_equal(seen["joint_vel"][0], before[3][0])
        np.testing.assert_array_equal(seen["joint_vel"][1], truth[3][1])


def test_calibration_and_biases_are_constant() -> None:
    errors = [Conditions(joint_offset_rad=0.03), Conditions(gyro_bias_rad_s=0.2)]
    states = measured([*errors, Conditions(attitude_bias_rad=0.1)], 3)
    for truth, seen, _ in states:
        np.testing.assert_allclose(np.abs(seen["joint_pos"][0] - truth[2][0]), 0.03)
        assert np.linalg.norm(seen["ang_vel_b"][1] - truth[1][1]) == pytest.approx(0.2)
        between = rotations.multiply(rotations.conjugate(truth[0][2]), seen["quat_w"][2])
        assert 2.0 * np.arccos(np.clip(abs(between[0]), 0.0, 1.0)) == pytest.approx(0.1)


def test_the_robots_own_loop_ends_a_run_and_says_why(go2, stand) -> None:
    late = Conditions(jitter_s=0.2)
    log = run(go2, stand, [Conditions(), late], duration_s=1.5)[1]
    assert log.falls[0] is None and log.falls[1] is not None
    assert log.falls[1].reason == "controller: target_stale"
    assert 0.04 < log.falls[1].time_s < 1.5


def test_a_policy_never_sees_its_command_jump(go2, stand) -> None:
    contract = dataclasses.replace(
        stand.contract, commands=(CommandTerm("lin_vel_x", -0.5, 1.0, 1.0),)
    )
    policy = Policy(contract, stand._network, stand.sources)
    log = run(go2, policy, [Conditions()], duration_s=2.4)[1]
    command = log.command[:, 0, 0]
    assert command[0] == 0.0 and command[-1] == 1.0
    assert np.diff(command).max() == pytest.approx(0.02)  # 1 m/s^2, each 20 ms
    (span,) = counted_spans(log, 0)
    assert span.start >= 50 + 50 and (command[span] == 1.0).all()


def test_a_policy_without_commands_runs_as_well(go2, tmp_path) -> None:
    contract = make_contract(robot_contract(go2).joints, commands=())
    contract = dataclasses.replace(contract, robot=go2.name, variant=go2.variant)
    write_policy(tmp_path / "still.onnx", contract)
    log = run(go2, load_policy(tmp_path / "still.onnx"), [Conditions()])[1]
    assert log.falls == (None,) and log.command.shape == (20, 1, 0)


@pytest.mark.parametrize("kind", ["rough", "steps"])
def test_a_floor_is_the_same_alone_and_in_company(go2, stand, kind) -> None:
    mine = Conditions(terrain=kind, terrain_height_m=0.02, start_drop_m=0.02)
    others = [Conditions(terrain="steps", terrain_height_m=0.1), mine]
    rough = Conditions(terrain="rough", terrain_height_m=0.04)
    both = run(go2, stand, [*others, rough])[1]
    alone = run(go2, stand, [mine])[1]
    assert np.array_equal(both.course.joint_pos[:, 1], alone.course.joint_pos[:, 0])


def test_terrain_is_level_at_the_start_and_steps_rise_by_their_height() -> None:
    steps, rough = make_terrain("steps", 0.05, 0), make_terrain("rough", 0.04, 0)
    origin = np.zeros(1)
    assert steps.height(origin, origin) == 0.0 and rough.height(origin, origin) == 0.0
    x = 0.8 + TREAD_M * np.array([0.5, 1.5, 2.5])
    np.testing.assert_allclose(steps.height(x, np.zeros(3)), [0.05, 0.10, 0.15])
    assert rough.heights_m is not None and 0.03 < rough.heights_m.max() <= 0.04


@pytest.mark.parametrize("kind", ["flat", "rough", "steps"])
def test_the_floor_weighs_nothing(go2, kind) -> None:
    model = build_batch_model(go2, 0.002, Floors([(kind, 0.02)], 0))
    robot = mujoco.MjModel.from_xml_path(str(go2.mjcf_path))
    assert model.body_mass.sum() == pytest.approx(robot.body_mass.sum())


def test_slopes_rise_in_their_direction() -> None:
    quat = slope_quaternion(np.array([0.2]), np.array([0.7]))
    forward = np.array([[np.cos(0.7), np.sin(0.7), 0.0]])
    assert rotations.rotate(quat, forward)[0, 2] == pytest.approx(np.sin(0.2))
