"""Properties of the quaternion helpers, near the identity and half a turn as well."""

from __future__ import annotations

import numpy as np
import pytest

from amp_sdk import rotations as r

RNG = np.random.default_rng(0)
Q = r.normalize(RNG.normal(size=(200, 4)))
P = r.normalize(RNG.normal(size=(200, 4)))
V = RNG.normal(size=(200, 3))
IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])


def same_rotation(a, b, atol=1e-12):
    sign = np.sign(np.sum(np.asarray(a) * b, axis=-1, keepdims=True))
    np.testing.assert_allclose(a, sign * b, atol=atol, rtol=0)


def test_multiply_applies_the_right_factor_first():
    np.testing.assert_allclose(
        r.rotate(r.multiply(Q, P), V), r.rotate(Q, r.rotate(P, V)), atol=1e-12
    )


def test_known_turns():
    quarter = r.from_axis_angle([0.0, 0.0, 1.0], np.pi / 2)
    np.testing.assert_allclose(quarter, np.sqrt([0.5, 0, 0, 0.5]), atol=1e-15)
    np.testing.assert_allclose(r.rotate(quarter, [1.0, 0, 0]), [0, 1, 0], atol=1e-15)
    np.testing.assert_allclose(r.rotate_inverse(quarter, [0.0, 1, 0]), [1, 0, 0], atol=1e-15)
    i, j, k = np.eye(4)[1:]
    np.testing.assert_array_equal(r.multiply(i, j), k)
    np.testing.assert_array_equal(r.multiply(j, i), -k)


def test_conjugate_undoes():
    same_rotation(r.multiply(Q, r.conjugate(Q)), np.broadcast_to(IDENTITY, Q.shape))
    np.testing.assert_allclose(r.rotate_inverse(Q, r.rotate(Q, V)), V, atol=1e-12)


def test_rotation_keeps_lengths_angles_and_handedness():
    a, b = r.rotate(Q, V), r.rotate(Q, V[::-1])
    np.testing.assert_allclose(np.sum(a * b, -1), np.sum(V * V[::-1], -1), atol=1e-12)
    np.testing.assert_allclose(np.cross(a, b), r.rotate(Q, np.cross(V, V[::-1])), atol=1e-12)


@pytest.mark.parametrize("size", [0.0, 1e-300, 1e-160, 1e-12, 1e-6, 1e-3, 1.0, 3.0, np.pi - 1e-9])
def test_exp_map_round_trip(size):
    v = V / np.linalg.norm(V, axis=-1, keepdims=True) * size
    q = r.from_exp_map(v)
    np.testing.assert_allclose(np.linalg.norm(q, axis=-1), 1, atol=1e-15)
    np.testing.assert_allclose(r.to_exp_map(q), v, rtol=1e-8, atol=1e-12 * size)
    np.testing.assert_allclose(r.to_exp_map(-q), v, rtol=1e-8, atol=1e-12 * size)
    same_rotation(q, r.from_axis_angle(V / np.linalg.norm(V, axis=-1, keepdims=True), size))


def test_exp_map_is_the_shorter_way_and_smooth_at_zero():
    assert np.all(np.linalg.norm(r.to_exp_map(Q), axis=-1) <= np.pi + 1e-12)
    long_way = r.to_exp_map(r.from_axis_angle([0.0, 0.0, 1.0], 1.5 * np.pi))
    np.testing.assert_allclose(long_way, [0, 0, -0.5 * np.pi], atol=1e-12)
    step = 1e-6
    gradient = (r.from_exp_map(step * np.eye(3)) - r.from_exp_map(-step * np.eye(3))) / (2 * step)
    np.testing.assert_allclose(gradient[:, 1:], np.eye(3) / 2, atol=1e-9)


def test_slerp_ends_and_constant_rate():
    same_rotation(r.slerp(Q, P, 0.0), Q)
    same_rotation(r.slerp(Q, P, 1.0), P)
    same_rotation(r.slerp(Q, -P, 0.3), r.slerp(Q, P, 0.3))
    whole = r.angle_between(Q, P)
    for fraction in (0.1, 0.5, 0.9):
        part = r.slerp(Q, P, fraction)
        np.testing.assert_allclose(r.angle_between(Q, part), fraction * whole, atol=1e-7)
        np.testing.assert_allclose(r.angle_between(part, P), (1 - fraction) * whole, atol=1e-7)


def test_slerp_of_equal_and_close_rotations():
    same_rotation(r.slerp(Q, Q, 0.5), Q, atol=1e-15)
    close = r.multiply(Q, r.from_exp_map([1e-9, 0.0, 0.0]))
    rate = r.to_exp_map(r.multiply(r.conjugate(Q), r.slerp(Q, close, 0.25)))
    np.testing.assert_allclose(rate, np.broadcast_to([2.5e-10, 0, 0], rate.shape), atol=1e-15)


def test_slerp_fraction_per_rotation():
    fraction = np.linspace(0, 1, len(Q))
    one_by_one = [r.slerp(Q[i], P[i], fraction[i]) for i in range(len(Q))]
    np.testing.assert_allclose(r.slerp(Q, P, fraction), one_by_one, atol=1e-15)


def test_difference_is_the_angular_velocity_in_the_world():
    """q' = (0, w) q / 2 for w in the world frame."""
    omega, dt = np.array([0.3, -2.0, 0.7]), 1e-4
    after = r.multiply(r.from_exp_map(omega * dt), Q)
    np.testing.assert_allclose(r.difference_w(Q, after) / dt, np.tile(omega, (200, 1)), atol=1e-9)
    rate = (after - r.multiply(r.from_exp_map(-omega * dt), Q)) / (2 * dt)
    expected = r.multiply(np.concatenate([[0.0], omega]), Q) / 2
    np.testing.assert_allclose(rate, expected, atol=1e-6)


def test_heading():
    angle = np.linspace(-3.1, 3.1, 50)
    np.testing.assert_allclose(r.heading(r.from_heading(angle)), angle, atol=1e-12)
    x_axis = r.rotate(Q, [1.0, 0, 0])
    np.testing.assert_allclose(r.heading(Q), np.arctan2(x_axis[:, 1], x_axis[:, 0]), atol=1e-12)
    turned = r.multiply(r.from_heading(0.5), Q)
    difference = r.heading(turned) - r.heading(Q) - 0.5
    np.testing.assert_allclose(np.sin(difference / 2), 0, atol=1e-12)
    level = r.without_heading(Q)
    np.testing.assert_allclose(r.heading(level), 0, atol=1e-12)


def test_matrix_round_trip():
    m = r.to_matrix(Q)
    np.testing.assert_allclose(np.einsum("nij,nj->ni", m, V), r.rotate(Q, V), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(m), 1, atol=1e-12)
    same_rotation(r.from_matrix(m), Q)
    assert np.all(r.from_matrix(m)[:, 0] >= 0)


@pytest.mark.parametrize("axis", [*np.eye(3), [0.6, 0.0, 0.8], [-0.6, 0.8, 0.0]])
@pytest.mark.parametrize("angle", [0.0, 1e-9, np.pi - 1e-9, np.pi])
def test_matrix_round_trip_at_the_edges(axis, angle):
    q = r.from_axis_angle(np.array(axis), angle)
    same_rotation(r.from_matrix(r.to_matrix(q)), q)


def test_continuous_only_changes_signs_and_never_flips():
    t = np.linspace(0, 20, 300)[:, None, None]
    smooth = r.from_exp_map(t * np.array([[0.3, 0.2, -0.9], [1.0, 0.0, 0.0]]))
    flipped = smooth * np.where(RNG.random((300, 2, 1)) < 0.5, -1, 1)
    out = r.continuous(flipped)
    np.testing.assert_array_equal(np.abs(out), np.abs(smooth))
    assert np.all(np.sum(out[1:] * out[:-1], axis=-1) > 0)
    np.testing.assert_array_equal(out[0], flipped[0])
    assert r.continuous(smooth[:1]).shape == (1, 2, 4)


def test_order_of_other_libraries():
    np.testing.assert_array_equal(r.from_xyzw([1.0, 2, 3, 4]), [4, 1, 2, 3])
    np.testing.assert_array_equal(r.to_xyzw(r.from_xyzw(Q)), Q)


def test_normalize():
    np.testing.assert_allclose(r.normalize(5 * Q), Q, atol=1e-15)
    assert np.all(np.isnan(r.normalize(np.zeros(4))))


@pytest.mark.parametrize(
    "call",
    [
        lambda q, v: r.multiply(q, q),
        lambda q, v: r.conjugate(q),
        lambda q, v: r.rotate(q, v),
        lambda q, v: r.rotate(q, [0.0, 0.0, -1.0]),
        lambda q, v: r.from_exp_map(v),
        lambda q, v: r.from_exp_map(v * 0),
        lambda q, v: r.to_exp_map(q),
        lambda q, v: r.to_exp_map(np.array([[1, 0, 0, 0]], dtype=q.dtype)),
        lambda q, v: r.slerp(q, q[::-1], 0.5),
        lambda q, v: r.slerp(q, q[::-1], v[:, 0]),
        lambda q, v: r.from_axis_angle([0, 0, 1], v[:, 0]),
        lambda q, v: r.difference_w(q, q[::-1]),
        lambda q, v: r.angle_between(q, q[::-1]),
        lambda q, v: r.heading(q),
        lambda q, v: r.heading_quat(q),
        lambda q, v: r.to_matrix(q),
        lambda q, v: r.from_matrix(r.to_matrix(q)),
        lambda q, v: r.continuous(q),
        lambda q, v: r.normalize(q),
    ],
)
def test_precision_is_kept(call):
    wide = call(Q, V)
    narrow = call(Q.astype(np.float32), V.astype(np.float32))
    assert wide.dtype == np.float64 and narrow.dtype == np.float32
    assert wide.shape == narrow.shape
    np.testing.assert_allclose(narrow, wide, atol=5e-6)


def test_whole_numbers_and_lists_are_computed_in_double_precision():
    assert r.rotate([1, 0, 0, 0], [1, 2, 3]).dtype == np.float64
    assert r.multiply(Q.astype(np.float32), P).dtype == np.float64


def test_single_precision_near_the_identity():
    """acos of w would lose everything below 3e-4 rad."""
    v = np.array([1e-5, -2e-5, 3e-5], dtype=np.float32)
    np.testing.assert_allclose(r.to_exp_map(r.from_exp_map(v)), v, rtol=1e-5)


def test_equals_mujoco():
    mujoco = pytest.importorskip("mujoco", reason="needs MuJoCo")
    quat, vector, matrix = np.empty(4), np.empty(3), np.empty(9)
    for q, p, v in zip(Q, P, V, strict=True):
        mujoco.mju_mulQuat(quat, q, p)
        np.testing.assert_allclose(r.multiply(q, p), quat, atol=1e-14)
        mujoco.mju_rotVecQuat(vector, v, q)
        np.testing.assert_allclose(r.rotate(q, v), vector, atol=1e-14)
        mujoco.mju_quat2Mat(matrix, q)
        np.testing.assert_allclose(r.to_matrix(q).ravel(), matrix, atol=1e-14)
