"""TorchScript with its statistics beside it equals the actor."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from amp_sdk.errors import CheckFailedError
from amp_training import torchscript
from amp_training.networks import Actor
from amp_training.torchscript import export_torchscript

# torch recommends its newer export formats; programs on robots read this one
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")


def actor() -> Actor:
    torch.manual_seed(0)
    made = Actor(5, (8,), 3, 1.0)
    made.mean[-1].weight.data.normal_()
    made.normalizer.update(3.0 + 2.0 * torch.randn(500, 5))
    return made


def test_a_program_that_normalises_outside_gets_the_same_actions(tmp_path) -> None:
    made = actor()
    assert export_torchscript(made, tmp_path / "policy.pt") < 1e-5
    network = torch.jit.load(str(tmp_path / "policy.pt"))
    with np.load(tmp_path / "obs_norm.npz") as statistics:
        mean, std, limit = (statistics[name] for name in ("mean", "std", "limit"))
    observation = 3.0 + 40.0 * torch.randn(64, 5)  # some beyond the limit
    outside = np.clip((observation.numpy() - mean) / std, -limit, limit)
    with torch.no_grad():
        torch.testing.assert_close(network(torch.from_numpy(outside)), made(observation))


def test_nothing_is_written_where_they_differ(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(torchscript, "_difference", lambda *_: 1e-3)
    with pytest.raises(CheckFailedError):
        export_torchscript(actor(), tmp_path / "policy.pt")
    assert list(tmp_path.iterdir()) == []
