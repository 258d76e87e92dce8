"""``gae`` against the float64 reference, and its properties."""

from __future__ import annotations

import kernel_reference as reference
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from kernel_inputs import relative_error, rollout

from amp_sdk import kernels

GAMMA, LAM = 0.99, 0.95
SIZES = [(1, 1), (1, 5), (7, 1), (2, 3), (24, 512), (32, 4097)]


@pytest.mark.parametrize(("steps", "columns"), SIZES)
@pytest.mark.parametrize("done", [0.0, 0.1, 1.0])
def test_agrees_with_the_reference(steps, columns, done):
    inputs = rollout(steps, columns, done=done)
    expected = reference.gae(*inputs, GAMMA, LAM)
    for found, want in zip(kernels.gae(*inputs, GAMMA, LAM), expected, strict=True):
        assert found.dtype == np.float32
        assert relative_error(found, want) < 1e-5


@given(
    st.integers(1, 12),
    st.integers(1, 20),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 1000),
)
def test_agrees_for_any_discount_and_ends(steps, columns, gamma, lam, done, seed):
    inputs = rollout(steps, columns, seed, done)
    expected = reference.gae(*inputs, gamma, lam)
    for found, want in zip(kernels.gae(*inputs, gamma, lam), expected, strict=True):
        assert relative_error(found, want) < 1e-5


def test_all_failed():
    inputs = rollout(6, 9, done=1.0)._replace(failed=np.ones((6, 9), bool))
    advantages, returns = kernels.gae(*inputs, GAMMA, LAM)
    np.testing.assert_allclose(advantages, inputs.rewards - inputs.values, rtol=1e-6)
    np.testing.assert_allclose(returns, inputs.rewards, rtol=1e-5, atol=1e-6)


def test_denormal_numbers_are_kept():
    tiny = np.float32(1e-41)
    arrays = [np.full((3, 2), tiny) for _ in range(3)]
    none = np.zeros((3, 2), bool)
    expected = reference.gae(*arrays, none, none, GAMMA, LAM)
    found = kernels.gae(*arrays, none, none, GAMMA, LAM)
    assert np.all(found[0] > 0.0)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-44)


def test_a_time_out_bootstraps_and_a_failure_does_not():
    one = np.ones((1, 2), np.float32)
    failed = np.array([[False, True]])
    advantages, _ = kernels.gae(one, one, 10 * one, failed, np.array([[True, True]]), 0.5, LAM)
    np.testing.assert_array_equal(advantages, [[1 + 0.5 * 10 - 1, 1 - 1]])


@given(st.integers(2, 10), st.integers(0, 8), st.integers(0, 1000), st.booleans())
def test_nothing_leaks_back_across_an_end(steps, at, seed, failure):
    at = min(at, steps - 2)
    inputs = rollout(steps, 3, seed, done=0.0)
    inputs.done[at] = True
    inputs.failed[at] = failure
    before, _ = kernels.gae(*inputs, GAMMA, LAM)
    for array in (inputs.rewards, inputs.values, inputs.next_values):
        array[at + 1 :] = np.nan
    after, _ = kernels.gae(*inputs, GAMMA, LAM)
    np.testing.assert_array_equal(before[: at + 1], after[: at + 1])


def test_what_a_mask_hides_is_not_read():
    inputs = rollout(4, 5, done=0.0)
    inputs.failed[2] = inputs.done[2] = True
    inputs.next_values[2] = np.nan
    advantages, returns = kernels.gae(*inputs, GAMMA, LAM)
    assert np.isfinite(advantages).all() and np.isfinite(returns).all()


@given(st.integers(1, 8), st.integers(1, 8), st.floats(0.1, 8), st.integers(0, 1000))
def test_scales_with_rewards_and_values(steps, columns, factor, seed):
    inputs = rollout(steps, columns, seed)
    scale = np.float32(factor)
    scaled = inputs._replace(
        rewards=scale * inputs.rewards,
        values=scale * inputs.values,
        next_values=scale * inputs.next_values,
    )
    first, _ = kernels.gae(*inputs, GAMMA, LAM)
    second, _ = kernels.gae(*scaled, GAMMA, LAM)
    np.testing.assert_allclose(second, factor * first, rtol=1e-4, atol=1e-4 * factor)


def test_lambda_one_gives_discounted_returns():
    inputs = rollout(20, 4, done=0.0)
    inputs.failed[-1] = inputs.done[-1] = True
    inputs.next_values[:-1] = inputs.values[1:]
    _, returns = kernels.gae(*inputs, GAMMA, 1.0)
    discounts = GAMMA ** np.arange(20)[:, None]
    np.testing.assert_allclose(returns[0], (discounts * inputs.rewards).sum(0), rtol=1e-4)


@pytest.mark.parametrize("flag", [np.bool_, np.uint8, np.float32])
@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_every_kind_of_array_gives_the_same_bits(flag, kind):
    inputs = rollout(17, 1029)
    expected = kernels.gae(*inputs, GAMMA, LAM)
    converted = [kind(a) for a in inputs[:3]] + [kind(a.astype(flag)) for a in inputs[3:]]
    for found, want in zip(kernels.gae(*converted, GAMMA, LAM), expected, strict=True):
        assert type(found) is type(converted[0])
        np.testing.assert_array_equal(np.asarray(found), want)


def test_fills_and_returns_the_users_buffers():
    inputs = rollout(5, 6)
    expected = kernels.gae(*inputs, GAMMA, LAM)
    out = (np.full((5, 6), 7, np.float32), np.full((5, 6), 7, np.float32))
    found = kernels.gae(*inputs, GAMMA, LAM, out=out)
    assert found[0] is out[0] and found[1] is out[1]
    np.testing.assert_array_equal(out, expected)
