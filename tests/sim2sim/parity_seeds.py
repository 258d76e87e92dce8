"""A small training with its policy file and its record, and the same with a mistake in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import torch
from small_session import small_recipe

from amp_sdk.policy import load_policy
from amp_sdk.rollout_record import RolloutRecord
from amp_training.build import Session, build_session
from amp_training.export import export_policy
from amp_training.record_rollout import record_rollout, recorded_normalizer
from amp_training.session_contract import session_contract

Act = Callable[[torch.Tensor], torch.Tensor]


def make_session(history: int) -> Session:
    """Two iterations of training, so that the normaliser is not the identity, and a policy that
    moves its joints by what it sees."""
    recipe = small_recipe(f"observation.history={history}", "randomization.enabled=false")
    session = build_session(recipe)
    for iteration in range(2):
        session.learner.iterate(48 * iteration)
    actor = session.learner.ppo.average
    with torch.no_grad():
        for tensor in (actor.mean[-1].weight, actor.mean[-1].bias):
            tensor *= 60.0
    return session


class Training:
    """A session with what is written of it: the contract, the policy file and the record."""

    def __init__(self, folder: Path, history: int) -> None:
        self.session = make_session(history)
        self.contract = session_contract(self.session, 96)
        self.file = folder / f"policy_{history}.onnx"
        export_policy(self.session.learner.ppo.average, self.contract, self.file)
        self.policy = load_policy(self.file)
        self._clean = self.session.environment.snapshot()
        self.record = self.roll()

    def roll(self, act: Act | None = None) -> RolloutRecord:
        """Forty steps of four robots, every time from the same state of the session."""
        actor = self.session.learner.ppo.average
        self.session.environment.resume(self._clean)
        record = record_rollout(
            self.session,
            act or actor,
            self.contract,
            recorded_normalizer(actor.normalizer),
            steps=40,
        )
        arrays = {
            name: getattr(record, name)[:, :4]
            for name in ("start", "command", "state", "next_state")
            + ("observation", "action", "target")
        }
        return dataclasses.replace(record, **arrays)
