"""Export: torch and onnxruntime agree, and a file that does not is never written."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import amp_sdk
from amp_sdk.errors import CheckFailedError
from amp_training import export
from amp_training.checkpoint import Progress, save_checkpoint
from amp_training.session_contract import session_contract


@pytest.fixture
def trained(session):
    """A session after two iterations, so that its normaliser is not the identity."""
    session.learner.iterate(0)
    session.learner.iterate(48)
    return session


def test_policy_file_equals_the_actor(trained, tmp_path) -> None:
    save_checkpoint(tmp_path, trained, Progress(2, 96, 1.0))
    difference = export.export_run(tmp_path, tmp_path / "policy.onnx")
    assert difference <= 1e-5
    policy = amp_sdk.load_policy(tmp_path / "policy.onnx")
    observation = 3.0 * torch.randn(50, policy.contract.obs_dim)
    with torch.no_grad():
        expected = trained.learner.ppo.average(observation)
    np.testing.assert_allclose(policy.act(observation.numpy()), expected.numpy(), atol=1e-5)


def test_the_normaliser_and_its_clip_are_in_the_graph(trained, tmp_path) -> None:
    actor = trained.learner.ppo.average
    contract = session_contract(trained, 96)
    export.export_policy(actor, contract, tmp_path / "policy.onnx")
    policy = amp_sdk.load_policy(tmp_path / "policy.onnx")
    mean, std = actor.normalizer.mean, actor.normalizer.std
    far = (mean + 50.0 * std).unsqueeze(0)
    clipped = (mean + actor.normalizer.limit * std).unsqueeze(0)
    np.testing.assert_allclose(policy.act(far.numpy()), policy.act(clipped.numpy()), atol=1e-5)
    with torch.no_grad():
        raw = actor.mean(clipped)
    assert not np.allclose(policy.act(clipped.numpy()), raw.numpy(), atol=1e-3)


def test_the_contract_says_what_was_trained(trained) -> None:
    contract = session_contract(trained, 96)
    interface = trained.interface
    assert contract.joint_names == interface.robot.joint_names
    np.testing.assert_array_equal(contract.joint_array("kp"), interface.kp)
    np.testing.assert_array_equal(
        contract.joint_array("action_offset_rad"), interface.action_center
    )
    assert contract.provenance.samples == 96
    assert contract.provenance.recipe_sha256 == trained.recipe.sha256()
    assert type(contract).from_json(contract.to_json(), "test") == contract


def test_refuses_to_write_a_policy_that_differs(trained, tmp_path, monkeypatch) -> None:
    make = export.actor_model

    def damaged(actor, *sizes):
        with torch.no_grad():
            actor.mean[0].bias += 0.01
            model = make(actor, *sizes)
            actor.mean[0].bias -= 0.01
        return model

    monkeypatch.setattr(export, "actor_model", damaged)
    contract = session_contract(trained, 96)
    with pytest.raises(CheckFailedError, match="differ"):
        export.export_policy(trained.learner.ppo.average, contract, tmp_path / "policy.onnx")
    assert list(tmp_path.iterdir()) == []
