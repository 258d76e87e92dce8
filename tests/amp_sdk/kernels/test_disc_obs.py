"""``disc_obs`` against the float64 reference, and its properties."""

from __future__ import annotations

import itertools

import kernel_reference as reference
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from kernel_inputs import Windows, relative_error, windows

from amp_sdk import kernels

OPTIONS = [
    {"heading_invariant": heading, "root_height": height}
    for heading, height in itertools.product((False, True), repeat=2)
]
SHAPES = [
    (1, 1, 0, 0, 0),
    (1, 10, 30, 29, 5),
    (3, 2, 1, 1, 0),
    (64, 10, 13, 12, 4),
    (2, 1, 7, 3, 1),
]


def turned(inputs: Windows, yaw: float, shift=(0.0, 0.0, 0.0)) -> Windows:
    """The same motion, turned by ``yaw`` about z and moved by ``shift``, in float64."""
    turn = reference.yaw_matrix(np.float64(yaw))
    half = np.array([np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)])
    w, x, y, z = np.moveaxis(inputs.root_quat.astype(np.float64), -1, 0)
    c, s = half[0], half[3]
    quat = np.stack([c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w], -1)
    return inputs._replace(
        root_pos=(inputs.root_pos @ turn.T + shift).astype(np.float32),
        root_quat=quat.astype(np.float32),
        root_lin_vel=(inputs.root_lin_vel @ turn.T).astype(np.float32),
        root_ang_vel=(inputs.root_ang_vel @ turn.T).astype(np.float32),
        key_pos=(inputs.key_pos @ turn.T + shift).astype(np.float32),
    )


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_with_the_reference(shape, options):
    inputs = windows(*shape)
    found = kernels.disc_obs(*inputs, **options)
    assert found.dtype == np.float32
    assert relative_error(found, reference.disc_obs(*inputs, **options)) < 1e-5


@given(
    st.tuples(*[st.integers(1, 6)] * 2, *[st.integers(0, 9)] * 3),
    st.sampled_from(OPTIONS),
    st.integers(0, 1000),
)
def test_agrees_for_any_shape(shape, options, seed):
    inputs = windows(*shape, seed=seed)
    found = kernels.disc_obs(*inputs, **options)
    assert relative_error(found, reference.disc_obs(*inputs, **options)) < 1e-5


def test_the_order_of_the_features():
    one, half = np.float32(1.0), np.float32(np.sqrt(0.5))
    inputs = Windows(
        root_pos=np.array([[[1, 2, 3], [2, 4, 6]]], np.float32),
        # faces y at the end
        root_quat=np.array([[[one, 0, 0, 0], [half, 0, 0, half]]], np.float32),
        root_lin_vel=np.array([[[10, 20, 30], [0, 0, 0]]], np.float32),
        root_ang_vel=np.array([[[40, 50, 60], [0, 0, 0]]], np.float32),
        joint_rot=np.array([[[[0, 1, 0, 0]], [[1, 0, 0, 0]]]], np.float32),
        joint_vel=np.array([[[70, 80], [0, 0]]], np.float32),
        key_pos=np.array([[[[2, 2, 4]], [[0, 0, 0]]]], np.float32),
    )
    first = kernels.disc_obs(*inputs, heading_invariant=True, root_height=True).reshape(2, -1)[0]
    position, rotation = [-2, 1, 3], [0, -1, 0, 0, 0, 1]
    joint, key, velocity = [1, 0, 0, 0, 0, -1], [0, -1, 1], [20, -10, 30, 50, -40, 60]
    expected = [*position, *rotation, *joint, *key, *velocity, 70, 80]
    np.testing.assert_allclose(first, expected, atol=1e-5)
    world = kernels.disc_obs(*inputs, heading_invariant=False, root_height=False).reshape(2, -1)[0]
    expected = [-1, -2, 1, 0, 0, 0, 0, 1, *joint, 1, 0, 1, 10, 20, 30, 40, 50, 60, 70, 80]
    np.testing.assert_allclose(world, expected, atol=1e-5)


@given(st.floats(-10, 10), st.floats(-50, 50), st.floats(-50, 50), st.integers(0, 1000))
def test_invariant_to_yaw_and_to_place(yaw, x, y, seed):
    inputs = windows(3, 4, 2, 1, 2, seed=seed)
    moved = turned(inputs, yaw, (x, y, 0.0))
    options = {"heading_invariant": True, "root_height": True}
    first = kernels.disc_obs(*inputs, **options)
    second = kernels.disc_obs(*moved, **options)
    # a root that points up has an ill-conditioned heading: rounding the moved quaternion turns it
    forward = reference.matrices(inputs.root_quat)[:, -1, :2, 0]
    steepness = 1.0 / np.linalg.norm(forward, axis=-1, keepdims=True)
    assert np.all(np.abs(first - second) < 3e-5 * steepness)


def test_world_axes_are_kept_without_heading_invariance():
    inputs = windows(4, 3, 2, 1, 2)
    options = {"heading_invariant": False, "root_height": True}
    first = kernels.disc_obs(*inputs, **options)
    assert np.abs(first - kernels.disc_obs(*turned(inputs, 0.5), **options)).max() > 0.1
    moved = kernels.disc_obs(*turned(inputs, 0.0, (3.0, -2.0, 0.0)), **options)
    np.testing.assert_allclose(first, moved, atol=1e-5)


def test_height_is_absolute_and_can_be_dropped():
    inputs = windows(4, 3, 2, 1, 2)
    kept = kernels.disc_obs(*inputs, heading_invariant=True, root_height=True)
    dropped = kernels.disc_obs(*inputs, heading_invariant=True, root_height=False)
    kept = kept.reshape(4, 3, -1)
    np.testing.assert_array_equal(kept[..., 2], inputs.root_pos[..., 2])
    np.testing.assert_array_equal(np.delete(kept, 2, -1).reshape(4, -1), dropped)


def test_windows_do_not_see_each_other():
    inputs = windows(9, 5, 4, 3, 2)
    options = {"heading_invariant": True, "root_height": True}
    together = kernels.disc_obs(*inputs, **options)
    for i in range(9):
        alone = kernels.disc_obs(*(a[i : i + 1] for a in inputs), **options)
        np.testing.assert_array_equal(together[i], alone[0])


def test_steep_roots_keep_their_heading():
    tilt = np.float64(np.pi / 2) - np.array([1e-3, 1e-4, 3e-5, -3e-5])
    half = -tilt / 2  # pitch up: the x axis nearly along z
    quat = np.stack([np.cos(half), 0 * half, np.sin(half), 0 * half], -1).astype(np.float32)
    inputs = windows(4, 1, 2, 1, 2)._replace(root_quat=quat[:, None])
    options = {"heading_invariant": True, "root_height": True}
    found = kernels.disc_obs(*inputs, **options)
    assert relative_error(found, reference.disc_obs(*inputs, **options)) < 1e-5


def test_denormal_numbers():
    inputs = windows(2, 2, 3, 2, 2)
    tiny = Windows(*(np.where(np.abs(a) < 0.5, np.float32(1e-41), a) for a in inputs))
    quat = np.full((2, 2, 4), 1e-41, np.float32)
    quat[..., 0] = 1.0
    tiny = tiny._replace(root_quat=quat)
    for options in OPTIONS:
        found = kernels.disc_obs(*tiny, **options)
        assert relative_error(found, reference_of_raw(tiny, options)) < 1e-5


def reference_of_raw(inputs: Windows, options: dict) -> np.ndarray:
    """The reference, which normalises, on joint rotations that are not of unit length."""
    rotations = inputs.joint_rot.astype(np.float64)
    w, x, y, z = np.moveaxis(rotations, -1, 0)
    axes = [
        1 - 2 * (y * y + z * z),
        2 * (x * y + w * z),
        2 * (x * z - w * y),
        2 * (x * z + w * y),
        2 * (y * z - w * x),
        1 - 2 * (x * x + y * y),
    ]
    result = reference.disc_obs(*inputs, **options).reshape(*inputs.root_pos.shape[:2], -1)
    start = (3 if options["root_height"] else 2) + 6
    size = 6 * rotations.shape[2]
    result[..., start : start + size] = np.stack(axes, -1).reshape(*result.shape[:2], size)
    return result.reshape(len(result), -1)


def test_every_kind_of_array_gives_the_same_bits():
    inputs = windows(70, 10, 13, 12, 4)
    options = {"heading_invariant": True, "root_height": True}
    expected = kernels.disc_obs(*inputs, **options)
    found = kernels.disc_obs(*map(torch.from_numpy, inputs), **options)
    assert isinstance(found, torch.Tensor)
    np.testing.assert_array_equal(found.numpy(), expected)


def test_fills_and_returns_the_users_buffer():
    inputs = windows(3, 2, 4, 1, 2)
    options = {"heading_invariant": True, "root_height": False}
    expected = kernels.disc_obs(*inputs, **options)
    out = np.full_like(expected, 7)
    assert kernels.disc_obs(*inputs, **options, out=out) is out
    np.testing.assert_array_equal(out, expected)
