"""Actors in checkpoints of rl_games, rsl_rl and MimicKit, read without running what they name."""

from __future__ import annotations

import contextlib
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ContextManager, Dict, List, Mapping, Optional, Tuple

import numpy as np
import torch
from torch import Tensor

from amp_sdk.errors import InputError

Layer = Tuple[Tensor, Tensor]
"""Weight [out, in] and bias [out]."""


@dataclass(frozen=True)
class ForeignActor:
    """Layers from the observation to the mean action, and the normaliser before them.

    The input is ``clip((obs - mean) / std, -limit, limit)``. The activation between the layers is
    in none of the formats.
    """

    format: str
    layers: Tuple[Layer, ...]
    mean: Tensor
    std: Tensor
    limit: float


def read_actor(path: Path) -> ForeignActor:
    """The actor of a checkpoint. Raises InputError for a file that is none of the three formats."""
    content = _load(path)
    for found in (_rl_games(content), _rsl_rl(content), _mimickit(content)):
        if found is not None:
            _check(found, path)
            return found
    keys = ", ".join(sorted(map(str, content))[:8])
    raise InputError(
        f"{path}: no checkpoint of rl_games (model: a2c_network.actor_mlp), rsl_rl "
        f"(model_state_dict: actor) or MimicKit (_model._actor_layers) was found in it; it holds: "
        f"{keys}"
    )


def _load(path: Path) -> Mapping[str, Any]:
    try:
        with _numpy_scalars():
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path} cannot be read safely as a checkpoint: {reason}") from error
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: expected a checkpoint, found {type(content).__name__}")
    return content


def _numpy_scalars() -> ContextManager[Any]:
    """rl_games stores rewards as NumPy scalars, which are harmless but not allowed by default."""
    allow = getattr(torch.serialization, "safe_globals", None)
    if allow is None:
        return contextlib.nullcontext()
    scalar = np.float64(0.0).__reduce__()[0]
    kinds = {type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8", "b1")}
    return allow([scalar, np.dtype, np.ndarray, *kinds])


def _rl_games(content: Mapping[str, Any]) -> Optional[ForeignActor]:
    """IsaacGymEnvs' HumanoidAMP and G1AMP: variance plus 1e-5, clipped at 5 deviations."""
    model = content.get("model")
    if not isinstance(model, Mapping) or "a2c_network.mu.weight" not in model:
        return None
    layers = [*_stack(model, "a2c_network.actor_mlp."), _layer(model, "a2c_network.mu.")]
    statistics = content.get("running_mean_std")
    if not isinstance(statistics, Mapping):
        prefix = "running_mean_std."
        statistics = {k[len(prefix) :]: v for k, v in model.items() if k.startswith(prefix)}
    mean, std = _none(layers)
    limit = float("inf")
    if "running_mean" in statistics:
        mean = statistics["running_mean"].float()
        std = (statistics["running_var"].double() + 1e-5).sqrt().float()
        limit = 5.0
    return ForeignActor("rl_games", tuple(layers), mean, std, limit)


def _rsl_rl(content: Mapping[str, Any]) -> Optional[ForeignActor]:
    """Deviation plus 1e-2 where observations are normalised, without a clip."""
    model = content.get("model_state_dict")
    if not isinstance(model, Mapping) or "actor.0.weight" not in model:
        return None
    layers = _stack(model, "actor.")
    statistics = content.get("obs_norm_state_dict")
    if not isinstance(statistics, Mapping):
        prefix = "actor_obs_normalizer."
        statistics = {k[len(prefix) :]: v for k, v in model.items() if k.startswith(prefix)}
    mean, std = _none(layers)
    if "_mean" in statistics:
        mean = statistics["_mean"].float().reshape(-1)
        std = statistics["_std"].float().reshape(-1) + 1e-2
    return ForeignActor("rsl_rl", tuple(layers), mean, std, float("inf"))


def _mimickit(content: Mapping[str, Any]) -> Optional[ForeignActor]:
    """Clipped at 10 deviations; the actions' scale and mean are taken into the last layer."""
    last = "_model._action_dist._mean_net."
    if f"{last}weight" not in content:
        return None
    weight, bias = _layer(content, last)
    if "_a_norm._mean" in content:
        scale, middle = content["_a_norm._std"].float(), content["_a_norm._mean"].float()
        weight, bias = weight * scale.unsqueeze(1), bias * scale + middle
    layers = [*_stack(content, "_model._actor_layers."), (weight, bias)]
    mean, std = _none(layers)
    limit = float("inf")
    if "_obs_norm._mean" in content:
        mean, std, limit = content["_obs_norm._mean"], content["_obs_norm._std"], 10.0
    return ForeignActor("MimicKit", tuple(layers), mean.float(), std.float(), limit)


def _stack(model: Mapping[str, Any], prefix: str) -> List[Layer]:
    """The linear layers ``prefix + number`` in order; normalising layers are refused."""
    numbers = {key[len(prefix) :].split(".")[0] for key in model if key.startswith(prefix)}
    layers = []
    for number in sorted((n for n in numbers if n.isdigit()), key=int):
        layers.append(_layer(model, f"{prefix}{number}."))
    return layers


def _layer(model: Mapping[str, Any], prefix: str) -> Layer:
    weight, bias = model.get(f"{prefix}weight"), model.get(f"{prefix}bias")
    if not isinstance(weight, Tensor) or weight.ndim != 2 or not isinstance(bias, Tensor):
        raise InputError(f"layer {prefix[:-1]!r} of the checkpoint is no linear layer with a bias")
    return weight.float(), bias.float()


def _none(layers: List[Layer]) -> Tuple[Tensor, Tensor]:
    """Statistics that change nothing."""
    size = layers[0][0].shape[1]
    return torch.zeros(size), torch.ones(size)


def _check(actor: ForeignActor, path: Path) -> None:
    width = len(actor.mean)
    for i, (weight, bias) in enumerate(actor.layers):
        if weight.shape[1] != width or len(bias) != len(weight):
            raise InputError(
                f"{path}: layer {i} of the actor takes {weight.shape[1]} numbers; expected {width} "
                "(networks with branches, memory or cameras cannot be imported)"
            )
        width = len(weight)
    tensors: Dict[str, Tensor] = {"mean": actor.mean, "std": actor.std}
    for i, (weight, bias) in enumerate(actor.layers):
        tensors[f"layer {i}"] = torch.cat((weight.flatten(), bias))
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{path}: {name} of the actor holds numbers that are not finite")
    if not bool((actor.std > 0).all()):
        raise InputError(f"{path}: a deviation of the normaliser is not above zero")
