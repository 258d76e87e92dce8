"""Checkpoint to policy: the graph with its normaliser, the contract, and proof that they agree."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Dict, Optional

import numpy as np
import onnxruntime
import torch

from amp_sdk._files import atomic_write
from amp_sdk.contract import METADATA_PROPERTY, PolicyContract
from amp_sdk.errors import CheckFailedError
from amp_training.checkpoint import contract_of, load_policy_checkpoint, recipe_of
from amp_training.networks import Actor
from amp_training.onnx_graph import actor_model
from amp_training.torchscript import export_torchscript

TOLERANCE = 1e-5
_RANDOM_SAMPLES = 256


def export_run(
    run: Path, output: Path, best: bool = False, torchscript: Optional[Path] = None
) -> float:
    """Export the last checkpoint of ``run``, or its best one, to ``output``; see ``export_policy``.

    With ``torchscript`` the network is also written there (``torchscript.py``).
    """
    content = load_policy_checkpoint(run, best)
    where = str(run)
    actor, contract = actor_of(content, where), contract_of(content, where)
    difference = export_policy(actor, contract, output)
    if torchscript is not None:
        difference = max(difference, export_torchscript(actor, torchscript))
    return difference


def actor_of(content: Dict[str, Any], where: str) -> Actor:
    """The actor of a checkpoint's content, with averaged weights."""
    recipe, contract = recipe_of(content, where), contract_of(content, where)
    actor = Actor(contract.obs_dim, recipe.ppo.actor_hidden, contract.action_dim, 1.0)
    actor.load_state_dict(content["average"])
    return actor


def export_policy(actor: Actor, contract: PolicyContract, output: Path) -> float:
    """Write ``output`` if onnxruntime and torch agree within 1e-5; the largest difference.

    Compared on the golden observations and on random ones around the normaliser's statistics
    (differences relative for actions above 1). Raises CheckFailedError, and writes nothing.
    """
    actor = copy.deepcopy(actor).cpu()
    model = actor_model(actor, contract.obs_dim, contract.action_dim)
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_PROPERTY, contract.to_json()
    data = model.SerializeToString()
    difference = _largest_difference(actor, contract, data)
    if not difference <= TOLERANCE:
        raise CheckFailedError(
            f"onnxruntime and torch differ by {difference:.2e}, more than {TOLERANCE:.0e}; "
            f"{output} was not written"
        )
    with atomic_write(output) as file:
        file.write(data)
    return difference


def _largest_difference(actor: Actor, contract: PolicyContract, data: bytes) -> float:
    generator = torch.Generator().manual_seed(0)
    normalizer = actor.normalizer
    noise = torch.randn(_RANDOM_SAMPLES, contract.obs_dim, generator=generator)
    random = normalizer.mean + 2.0 * normalizer.std * noise
    golden = torch.tensor(contract.golden.obs, dtype=torch.float32)
    observation = torch.cat((golden, random))
    with torch.no_grad():
        expected = actor(observation).numpy()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    found = np.asarray(session.run(None, {"obs": observation.numpy()})[0])
    return float((np.abs(found - expected) / np.maximum(1.0, np.abs(expected))).max())
