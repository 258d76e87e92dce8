"""A checkpoint of another trainer to a policy file with a contract."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Dict, Optional, Type

import torch
from torch import Tensor, nn

from amp_sdk._network import Network, open_session
from amp_sdk.adapters import adapt
from amp_sdk.contract import PolicyContract
from amp_sdk.contract._onnx import read_outline
from amp_sdk.errors import InputError, closest
from amp_training.export import export_policy
from amp_training.foreign_checkpoint import ForeignActor, read_actor
from amp_training.networks import Actor
from amp_training.onnx_graph import actor_model

ACTIVATIONS: Dict[str, Type[nn.Module]] = {"elu": nn.ELU, "relu": nn.ReLU, "tanh": nn.Tanh}


def import_policy(
    checkpoint: Path, output: Path, activation: Optional[str], complete: Optional[Path]
) -> float:
    """Write the actor of ``checkpoint`` to ``output`` as a policy in the robot's own joint order.

    Args:
        checkpoint: of rl_games, rsl_rl or MimicKit.
        output: the policy file.
        activation: between the layers, a key of ``ACTIVATIONS``.
        complete: YAML file with what the checkpoint does not hold (``amp_sdk.adapters``).

    Returns the largest difference of onnxruntime and torch. Raises InputError that names everything
    that is missing.
    """
    foreign = read_actor(checkpoint)
    if activation is None:
        raise InputError(
            f"{checkpoint}: a checkpoint of {foreign.format} does not hold the activation between "
            f"its layers; give it with --activation ({', '.join(ACTIVATIONS)})"
        )
    if activation not in ACTIVATIONS:
        raise InputError(f"unknown activation {activation!r}; {closest(activation, ACTIVATIONS)}")
    actor = actor_of(foreign, ACTIVATIONS[activation])
    contract, network = _adapted(actor, checkpoint, complete)
    return export_policy(_in_order(actor, network), contract, output)


def actor_of(foreign: ForeignActor, activation: Type[nn.Module]) -> Actor:
    """The network and its normaliser, in its own order of observations and actions."""
    observations, actions = len(foreign.mean), len(foreign.layers[-1][1])
    actor = Actor(observations, (), actions, 1.0)
    modules = []
    for weight, bias in foreign.layers:
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        linear.weight.data.copy_(weight)
        linear.bias.data.copy_(bias)
        modules += [linear, activation()]
    actor.mean = nn.Sequential(*modules[:-1])
    actor.normalizer.mean.copy_(foreign.mean)
    actor.normalizer.std.copy_(foreign.std)
    # ONNX's Clip takes finite numbers; beyond this a float32 observation says nothing any more
    actor.normalizer.limit = min(foreign.limit, 1e30)
    return actor


def _adapted(
    actor: Actor, checkpoint: Path, complete: Optional[Path]
) -> tuple[PolicyContract, Network]:
    """The contract that the user's file gives, and where the network's columns belong."""
    sizes = actor.normalizer.mean.numel(), actor.log_std.numel()
    data, where = actor_model(actor, *sizes).SerializeToString(), str(checkpoint)
    sha256 = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    adapted = adapt(read_outline(data), open_session(data, where, 1), where, sha256, complete)
    return adapted.contract, adapted.network


def _in_order(actor: Actor, network: Network) -> Actor:
    """The same network with the contract's columns and joints exchanged in its weights."""
    columns, to_robot = (
        torch.as_tensor(part).long() for part in (network.columns, network.actions)
    )

    def exchanged(values: Tensor) -> Tensor:
        result = torch.empty_like(values)
        result[..., columns] = values
        return result

    first, last = actor.mean[0], actor.mean[-1]
    assert isinstance(first, nn.Linear) and isinstance(last, nn.Linear)
    normalizer = actor.normalizer
    normalizer.mean.copy_(exchanged(normalizer.mean))
    normalizer.std.copy_(exchanged(normalizer.std))
    first.weight.data.copy_(exchanged(first.weight.data))
    last.weight.data.copy_(last.weight.data[to_robot])
    last.bias.data.copy_(last.bias.data[to_robot])
    return actor
