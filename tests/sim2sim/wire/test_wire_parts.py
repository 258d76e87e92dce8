"""The simulated robot's line, events and body, without DDS."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_sdk.unitree import wire
from amp_sim2sim.wire import events
from amp_sim2sim.wire.line import Line, LineSettings
from amp_sim2sim.wire.robot import WireBody, band_share

seconds = st.floats(0.0, 0.05)


@given(seconds, seconds, st.floats(0.0, 0.9), st.integers(0, 3))
def test_a_line_keeps_order_and_its_delays(
    latency: float, jitter: float, loss: float, seed: int
) -> None:
    line: Line[int] = Line(LineSettings(latency, jitter, loss), np.random.default_rng(seed))
    arrived: list[tuple[float, int]] = []
    for i in range(200):
        now = 0.002 * i
        arrived += [(now, message) for message in line.take(now)]
        line.put(now, i)
    arrived += [(math.inf, message) for message in line.take(math.inf)]
    numbers = [message for _, message in arrived]
    assert numbers == sorted(set(numbers)) and len(numbers) + line.lost == 200
    for now, message in arrived:
        if now < math.inf:
            assert now >= 0.002 * message + latency - 1e-12
            assert now <= 0.002 * message + latency + jitter + 0.002 + 1e-9
    assert (line.lost == 0) if loss == 0.0 else True


def test_loss_is_the_share_asked_for() -> None:
    line: Line[int] = Line(LineSettings(loss=0.25), np.random.default_rng(0))
    for i in range(4000):
        line.put(0.0, i)
    assert abs(line.lost / 4000 - 0.25) < 0.03


@pytest.mark.parametrize("values", [(-0.1, 0, 0), (0, 2.0, 0), (0, 0, 1.0)])
def test_impossible_lines_are_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(InputError):
        LineSettings(*values)


def test_events() -> None:
    event = events.parse("hot@2.5:0.5=95")
    assert event == events.Event("hot", 2.5, 0.5, 95.0)
    assert events.parse("gyro@1").value == 20.0 and events.parse("silent@0").duration_s == math.inf
    schedule = events.Schedule([event])
    held = [schedule.value("hot", t) for t in (2.4, 2.5, 2.9, 3.0)]
    assert held == [None, 95.0, 95.0, None] and not schedule.holds("tilt", 2.6)
    for text in ("hot", "hot@", "melt@1", "hot@1;2", "hot@-1"):
        with pytest.raises(InputError, match="--inject"):
            events.parse(text)


def test_a_gantry_lets_go_slowly() -> None:
    shares = [band_share(t, 5.0) for t in (0.0, 5.0, 5.5, 6.0, 100.0)]
    assert shares == [1.0, 1.0, 0.5, 0.0, 0.0] and band_share(0.0, 0.0) == 0.0


@pytest.fixture(scope="module")
def body() -> WireBody:
    robot = robots.load("go2")
    return WireBody(robot, wire(robot, robot.joint_names, "lo", 1), 0.001)


def test_motors_do_pd_in_every_step_up_to_their_effort(body: WireBody) -> None:
    robot = robots.load("go2")
    slots = list(wire(robot, robot.joint_names, "lo", 1).slots)
    body.sim.stand(robot.default_joint_pos_rad, 0.0)
    targets = np.zeros((6, 20))
    targets[:, slots] = np.array([[0.3, 0.1, 0.5, 7.0, 0.4, 1.0]]).T
    targets[0, slots[3]] = 1e4  # beyond what the motor can do
    targets[5, slots[4]] = 0.0  # not enabled
    body.command(targets)
    for _ in range(3):
        pos, vel = body.sim.joint_pos, body.sim.joint_vel
        body.step()
        torque = body.measure()[0][3, slots]
        expected = 0.5 + 7.0 * (0.3 - pos) + 0.4 * (0.1 - vel)
        expected[3], expected[4] = robot.effort_limit_nm[3], 0.0
        assert np.allclose(torque, expected, atol=1e-12)
    body.command(None)
    body.step()
    assert not body.measure()[0][3].any() and not body.stiff and not body.enabled


def test_measurements_are_in_motor_order_and_an_imu_at_rest_feels_gravity(body: WireBody) -> None:
    robot = robots.load("go2")
    body.command(None)
    body.settle(0.0)
    motors, imu = body.measure()
    assert np.allclose(
        motors[0, list(robot.wire_slots)], body.sim.joint_pos[robot.joint_index(robot.wire_names)]
    )
    assert not motors[:4, 12:].any()
    assert abs(np.linalg.norm(imu[:4]) - 1.0) < 1e-9
    assert abs(np.linalg.norm(imu[7:]) - 9.81) < 0.2
