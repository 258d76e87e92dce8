"""Each measure against a case whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from amp_sdk import rotations
from amp_sim2sim import metrics


def random_quats(n: int = 50) -> np.ndarray:
    return rotations.normalize(np.random.default_rng(0).normal(size=(n, 4)))


def test_tilt_is_the_angle_to_the_vertical_whatever_the_yaw():
    for angle in (0.0, 0.3, 1.2, 3.0):
        tilted = rotations.from_axis_angle(np.array([0.6, 0.8, 0.0]), angle)
        for yaw in (-2.0, 0.0, 1.0):
            quat = rotations.multiply(rotations.from_heading(yaw), tilted)
            assert metrics.tilt_rad(quat) == pytest.approx(angle, abs=1e-7)


def test_heading_velocity_turns_with_the_robot():
    yaw = np.linspace(-3, 3, 20)
    quat = rotations.from_heading(yaw)
    body = np.tile([0.8, -0.1, 0.0], (20, 1))
    velocity = metrics.heading_velocity(rotations.rotate(quat, body), quat)
    np.testing.assert_allclose(velocity, body[:, :2], atol=1e-12)


def test_yaw_rate_is_vertical_even_when_tilted():
    quat = random_quats()
    about_vertical = np.tile([0.0, 0.0, 0.7], (len(quat), 1))
    rate = metrics.yaw_rate(rotations.rotate_inverse(quat, about_vertical), quat)
    np.testing.assert_allclose(rate, 0.7)


def test_torque_measures():
    torque = np.array([[3.0, 10.0], [-3.0, -10.0], [3.0, 2.0], [-3.0, 0.0]], dtype=np.float32)
    np.testing.assert_allclose(metrics.torque_rms_nm(torque), [3.0, np.sqrt(204 / 4)])
    limit = np.array([5.0, 10.0])
    np.testing.assert_array_equal(metrics.saturation_share(torque, limit), [0.0, 0.5])


def test_roughness_is_zero_for_ramps_and_known_for_a_zigzag():
    ramp = np.outer(np.arange(10.0), [1.0, -2.0])
    assert metrics.action_roughness(ramp) == pytest.approx(0.0, abs=1e-20)
    zigzag = np.array([[0.0], [1.0], [0.0], [1.0]])
    assert metrics.action_roughness(zigzag) == 4.0
    assert metrics.action_roughness(zigzag[:2]) == 0.0


def test_limit_excess():
    excess = metrics.limit_excess_rad(
        np.array([[-1.2, 0.0, 0.9]]), np.full(3, -1.0), np.full(3, 0.5)
    )
    np.testing.assert_allclose(excess, [[0.2, 0.0, 0.4]])


def test_cost_of_transport_of_constant_power():
    torque, velocity = np.full((1000, 2), 5.0), np.tile([2.0, -2.0], (1000, 1))
    cost = metrics.cost_of_transport(torque, velocity, 0.002, mass_kg=10.0, distance_m=2.0)
    assert cost == pytest.approx(20.0 * 2.0 / (10.0 * 9.81 * 2.0))  # 20 W over 2 s
    assert metrics.cost_of_transport(torque, velocity, 0.002, 10.0, 0.1) is None


def test_path_length_ignores_height():
    path = np.array([[0.0, 0.0, 0.0], [3.0, 4.0, 9.0], [3.0, 5.0, 0.0]])
    assert metrics.path_length_m(path) == pytest.approx(6.0)
