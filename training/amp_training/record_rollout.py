"""A rollout as a record that a program without the trainer can compare itself with."""

from __future__ import annotations

from typing import Callable, Dict, List, Optional

import numpy as np
import torch
from torch import Tensor

from amp_sdk.contract import PolicyContract
from amp_sdk.rollout_record import Normalizer, RecordedPhysics, RolloutRecord
from amp_training.build import Session
from amp_training.evaluate import FULLY_GROWN
from amp_training.networks import RunningNormalizer

STEPS = 100
_ROBOTS = 8


@torch.no_grad()
def record_rollout(
    session: Session,
    act: Callable[[Tensor], Tensor],
    contract: PolicyContract,
    normalizer: Optional[Normalizer] = None,
    steps: int = STEPS,
) -> RolloutRecord:
    """``steps`` control steps of ``act(observation [N, O]) -> action [N, A]`` from new starts.

    It is that of a grown policy: no harness, episodes and commands in full. The first eight robots
    are recorded. Whoever evaluates afterwards restarts them anyway.
    """
    environment = session.environment
    environment.schedule(FULLY_GROWN)
    environment.restart_all()
    fresh = torch.ones(environment.num_envs, dtype=torch.bool, device=environment.backend.device)
    rows: List[Dict[str, Tensor]] = []
    for _ in range(steps):
        row = {
            "start": fresh,
            "command": environment.task.command.clone(),
            "state": _flat(session, environment.backend.state.flat),
            "observation": environment.observation.clone(),
            "action": act(environment.observation),
        }
        result = environment.step(row["action"])
        fresh = result.failed | result.timed_out
        ended = _flat(session, result.state)
        rows.append({**row, "target": environment.target, "next_state": ended})
    arrays = {name: np.stack([_numpy(row[name][:_ROBOTS]) for row in rows]) for name in rows[0]}
    return RolloutRecord(
        contract=contract,
        physics=_physics(session),
        normalizer=normalizer,
        **arrays,
    )


def recorded_normalizer(normalizer: RunningNormalizer) -> Normalizer:
    """An actor's normaliser as a record holds it."""
    return Normalizer(_numpy(normalizer.mean), _numpy(normalizer.std), float(normalizer.limit))


def _flat(session: Session, flat: Tensor) -> Tensor:
    """[N, 13 + 2J]: the state without what follows from the joints (a copy)."""
    return flat[:, : 13 + 2 * session.environment.action_dim].clone()


def _physics(session: Session) -> RecordedPhysics:
    simulation = session.recipe.simulation
    engine = simulation.backend
    if engine == "mujoco":
        import mujoco

        engine = f"MuJoCo {mujoco.__version__}"
    return RecordedPhysics(
        simulation.backend, simulation.physics_dt_s, simulation.friction_loss, engine
    )


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
