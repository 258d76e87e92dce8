"""Some of N environments, in either of two forms that the same code serves.

Ids [n] int64 name them: nothing is computed for the others, but their number must be known to the
host, which on a GPU has to wait for it. A mask [N] bool is a tensor of one shape whatever it holds:
everything is computed for all, kept where the mask is set, and nothing waits. ``Backend.masked``
says which form suits a simulator.
"""

from __future__ import annotations

from typing import Union

import torch
from torch import Tensor


def select(mask: Tensor, masked: bool) -> Tensor:
    """The environments where ``mask`` [N] bool is set: as it is, or as ids [n]."""
    return mask if masked else torch.nonzero(mask).flatten()


def is_mask(which: Tensor) -> bool:
    """Whether the selection is a mask."""
    return which.dtype == torch.bool


def surely_empty(which: Tensor) -> bool:
    """Whether nothing is selected, as far as the host knows: never so of a mask."""
    return not is_mask(which) and len(which) == 0


def pick(which: Tensor, values: Tensor) -> Tensor:
    """Rows of ``values`` [N, ...]: [n, ...] for ids, all of them for a mask."""
    return values if is_mask(which) else values[which]


def put(which: Tensor, target: Tensor, values: Union[Tensor, float]) -> None:
    """Write ``values`` (as many rows as ``pick`` gives, or one number) to rows of ``target``."""
    if not is_mask(which):
        target[which] = values
        return
    mask = which.view(-1, *[1] * (target.dim() - 1))
    if isinstance(values, Tensor):
        target.copy_(torch.where(mask, values.to(target.dtype), target))
    else:
        target.masked_fill_(mask, values)
