"""The running normaliser against NumPy, and its freezing."""

from __future__ import annotations

import numpy as np
import torch

from amp_training.networks import Actor, RunningNormalizer


def test_statistics_equal_those_of_all_samples() -> None:
    rng = np.random.default_rng(0)
    batches = [rng.normal(5.0, 3.0, (n, 2)).astype(np.float32) for n in (7, 100, 1, 33)]
    normalizer = RunningNormalizer(2)
    for batch in batches:
        normalizer.update(torch.from_numpy(batch))
    everything = np.concatenate(batches).astype(np.float64)
    np.testing.assert_allclose(normalizer.mean.numpy(), everything.mean(0), rtol=1e-5)
    np.testing.assert_allclose(normalizer.std.numpy(), everything.std(0), rtol=1e-5)
    np.testing.assert_allclose(
        normalizer(torch.from_numpy(batches[1])).numpy(),
        np.clip((batches[1] - everything.mean(0)) / everything.std(0), -10, 10),
        rtol=1e-4,
        atol=1e-5,
    )


def test_freezes_after_its_budget() -> None:
    normalizer = RunningNormalizer(1, freeze_after=10)
    normalizer.update(torch.full((10, 1), 2.0))
    frozen = {k: v.clone() for k, v in normalizer.state_dict().items()}
    normalizer.update(torch.full((10, 1), 100.0))
    for name, value in normalizer.state_dict().items():
        torch.testing.assert_close(value, frozen[name])


def test_constant_input_stays_finite() -> None:
    normalizer = RunningNormalizer(1)
    normalizer.update(torch.full((100, 1), 7.0))
    assert torch.isfinite(normalizer(torch.tensor([[7.0], [1e9]]))).all()


def test_normaliser_is_part_of_the_actor() -> None:
    actor = Actor(3, (8,), 2, 1.0)
    assert any(name.startswith("normalizer.") for name in actor.state_dict())
