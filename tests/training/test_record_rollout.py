"""The recorded rollout is what the environment did."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_session import small_recipe

from amp_sdk.rollout_record import read_record
from amp_training import quality
from amp_training.build import build_session
from amp_training.checkpoint import Progress, save_checkpoint
from amp_training.cli import test as test_command
from amp_training.config import HarnessConfig, Recipe
from amp_training.onnx_graph import actor_model, normalizer_of
from amp_training.record_rollout import record_rollout, recorded_normalizer
from amp_training.session_contract import session_contract


def still(observation: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(observation), 12)


def test_steps_follow_one_another_up_to_a_restart() -> None:
    session = build_session(small_recipe("episode.length_s=1.0"))
    actor = session.learner.ppo.average
    record = record_rollout(session, actor, session_contract(session, 0), None, 70)
    assert record.start[0].all() and record.start[1:].any()
    goes_on = ~record.start[1:]
    np.testing.assert_array_equal(record.state[1:][goes_on], record.next_state[:-1][goes_on])
    assert not (record.state[1:] == record.next_state[:-1])[record.start[1:]].all()
    with torch.no_grad():
        action = actor(torch.from_numpy(record.observation)).numpy()
    np.testing.assert_allclose(record.action, action, atol=1e-6)
    contract = record.contract
    target = contract.joint_target_rad(contract.applied_action(record.action))
    np.testing.assert_allclose(record.target, target, atol=1e-6)


def test_a_harness_and_young_commands_are_not_in_it() -> None:
    young = ["episode.first_length_s=0.1", "episode.growth_samples=1000000"]
    rollouts = []
    for overrides in ([], ["harness.enabled=true", *young]):
        made = build_session(small_recipe(*overrides))
        rollouts.append(record_rollout(made, still, session_contract(made, 0), None, 40))
    for name in ("start", "command", "state", "observation", "target", "next_state"):
        np.testing.assert_array_equal(*(getattr(rollout, name) for rollout in rollouts), name)


def test_who_measures_builds_no_harness(tmp_path, monkeypatch) -> None:
    trained = build_session(small_recipe("harness.enabled=true"))
    save_checkpoint(tmp_path, trained, Progress(1, 48, 1.0))
    built: list[Recipe] = []

    def seen(recipe: Recipe, device: object) -> None:
        built.append(recipe)
        raise KeyboardInterrupt

    monkeypatch.setattr(test_command, "build_session", seen)
    monkeypatch.setattr(quality, "build_session", seen)
    with pytest.raises(KeyboardInterrupt):
        test_command.main([str(tmp_path), "--backend", "mujoco_warp"])
    with pytest.raises(KeyboardInterrupt):
        quality.Evaluator(trained.recipe)
    assert [recipe.harness for recipe in built] == [HarnessConfig(enabled=False)] * 2


def test_the_command_writes_one(session, tmp_path, capsys) -> None:
    (tmp_path / "run").mkdir()
    save_checkpoint(tmp_path / "run", session, Progress(1, 48, 1.0))
    path = tmp_path / "rollout.npz"
    few = ["--episodes", "1", "--num-envs", "2"]
    assert test_command.main([str(tmp_path / "run"), *few, "--record", str(path)]) == 0
    record = read_record(path)
    assert record.start.shape == (100, 2)
    assert record.contract.provenance.samples == 48
    assert record.normalizer.limit == 10.0 and f"record: {path}" in capsys.readouterr().out


def test_a_policy_file_and_its_checkpoint_have_one_normaliser(session) -> None:
    session.learner.iterate(0)
    actor = session.learner.ppo.average
    contract = session_contract(session, 48)
    model = actor_model(actor, contract.obs_dim, contract.action_dim)
    found, expected = normalizer_of(model), recorded_normalizer(actor.normalizer)
    np.testing.assert_array_equal(found.mean, expected.mean)
    np.testing.assert_array_equal(found.std, expected.std)
    assert found.limit == expected.limit
    seen = expected.mean + 2.0 * expected.std
    with torch.no_grad():
        inside = actor.normalizer(torch.from_numpy(seen)).numpy()
    np.testing.assert_allclose(expected.apply(seen), inside, atol=1e-6)
    np.testing.assert_allclose(expected.undo(inside), seen, atol=1e-5)
    for tensor in model.graph.initializer:
        tensor.name = f"their_{tensor.name}"
    assert normalizer_of(model) is None
