"""Refuses what makes the host wait for a GPU, on any device: numbers read back, shapes that depend
on data, tensors made of Python numbers. So a rollout's code can be judged where there is no GPU.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

_OPERATIONS = {
    "_local_scalar_dense",
    "argwhere",
    "bincount",
    "equal",
    "is_nonzero",
    "item",
    "lift_fresh",  # torch.tensor(...): a copy from the host
    "masked_select",
    "nonzero",
    "nonzero_numpy",
    "nonzero_static",
    "repeat_interleave",
    "unique_consecutive",
    "unique_dim",
    "_unique2",
}
_METHODS = {
    "__bool__", "__float__", "__index__", "__int__", "__contains__", "cpu", "item", "numpy",
    "tolist",
}  # fmt: skip


class AsksTheHost(AssertionError):
    """An operation that a rollout on a GPU must not have."""


class _Operations(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if name in _OPERATIONS:
            raise AsksTheHost(name)
        if name in ("index", "index_put", "index_put_", "_index_put_impl_"):
            for index in args[1]:
                if index is not None and index.dtype in (torch.bool, torch.uint8):
                    raise AsksTheHost(f"{name} by a mask")
        return func(*args, **(kwargs or {}))


class _Methods(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name in _METHODS:
            raise AsksTheHost(name)
        return func(*args, **(kwargs or {}))


class NoHost:
    """A context in which such operations raise ``AsksTheHost``."""

    def __enter__(self) -> None:
        self._modes = (_Operations(), _Methods())
        for mode in self._modes:
            mode.__enter__()

    def __exit__(self, *what: Any) -> None:
        for mode in reversed(self._modes):
            mode.__exit__(*what)
