"""``gymtorch``: tensors of torch handed to Gym and back, without copies."""

from __future__ import annotations

import weakref
from typing import Any

import torch

from gym_standin import stubs


def gym_tensor(tensor: torch.Tensor, keep: bool) -> Any:
    """A ``gymapi.Tensor`` over ``tensor``; Gym keeps its own alive, but nobody else's."""
    made = stubs.classes()["Tensor"]()
    object.__setattr__(made, "torch", (lambda: tensor) if keep else weakref.ref(tensor))
    return made


def wrap_tensor(tensor: Any) -> torch.Tensor:
    """A torch tensor over Gym's memory."""
    return tensor.torch()


def unwrap_tensor(tensor: torch.Tensor) -> Any:
    """A ``gymapi.Tensor`` over torch's memory, which must be contiguous."""
    if not tensor.is_contiguous():
        raise RuntimeError("gymtorch: the tensor is not contiguous")
    return gym_tensor(tensor, keep=False)


def read(tensor: Any, dtype: torch.dtype) -> torch.Tensor:
    """What Gym reads at ``simulate``; the memory must still be there."""
    alive = tensor.torch()
    if alive is None:
        raise RuntimeError("a tensor that was handed to Isaac Gym died before simulate")
    if alive.dtype != dtype:
        raise TypeError(f"Isaac Gym reads {dtype}, found {alive.dtype}")
    return alive
