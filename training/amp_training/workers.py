"""Several processes that train one policy, each with environments of its own.

``torchrun --nproc-per-node 2 -m amp_sdk.train ...`` starts them. Every process collects its own
rollout with its own random numbers (and so its own part of the clips); gradients, the statistics of
normalisers and advantages, the policy's KL and the throttle are those of all samples together, so
that the networks stay equal without being sent. Process 0 writes. In a single process every
function here returns what it was given.
"""

from __future__ import annotations

import os
from typing import Iterable, Optional, Tuple

import torch
import torch.distributed as dist
from torch import Tensor, nn

from amp_sdk import kernels
from amp_sdk.errors import InputError

_SEED_STEP = 1_000_003


def join(device: Optional[str] = None) -> None:
    """Meet the other processes that torchrun started, if it did.

    Raises InputError, also where ``device``, as a person gave it, is one GPU for all of them.
    """
    if local_size() > 1 and (device or "").startswith("cuda:"):
        raise InputError(
            f"device {device!r}: the {local_size()} processes of this machine cannot share one "
            "GPU; leave --device out, or give cuda, and each takes its own"
        )
    if _told("WORLD_SIZE", 1) > 1 and not dist.is_initialized():
        on_gpu = torch.cuda.is_available() and dist.is_nccl_available()
        dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo")


def _told(name: str, alone: int) -> int:
    """What torchrun set, ``alone`` without it."""
    try:
        return int(os.environ.get(name, str(alone)))
    except ValueError as error:
        raise InputError(f"{name} is no number; start with torchrun") from error


def local_rank() -> int:
    """The number of this process on its machine: which GPU is its own. Raises InputError."""
    return _told("LOCAL_RANK", 0)


def local_size() -> int:
    """How many processes train on this machine. Raises InputError."""
    return _told("LOCAL_WORLD_SIZE", 1)


def share_threads(threads: int) -> None:
    """Give this process its part of the machine's ``threads``, of torch and of the kernels.

    0 is all of them; torch then keeps what it has, under torchrun OMP_NUM_THREADS or one.
    """
    processes = local_size()
    if threads:
        torch.set_num_threads(max(1, threads // processes))
    if threads or processes > 1:
        kernels.set_num_threads(max(1, (threads or kernels.num_threads()) // processes))


def leave() -> None:
    """Part from the other processes."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def size() -> int:
    """How many processes train."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The number of this one; 0 writes."""
    return dist.get_rank() if size() > 1 else 0


def own_seed(seed: int) -> int:
    """A seed of this process alone, of a run's ``seed``."""
    return seed + _SEED_STEP * rank()


def total(x: Tensor) -> Tensor:
    """Sum over the processes, the same bits in each."""
    if size() == 1:
        return x
    result = x.detach().clone()
    dist.all_reduce(result)
    return result


def mean(x: Tensor) -> Tensor:
    """Mean over the processes."""
    return x if size() == 1 else total(x) / size()


def agreed(flag: bool) -> bool:
    """Whether the flag is set in any process."""
    return flag if size() == 1 else bool(total(torch.tensor(float(flag))) > 0)


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace gradients by their means over the processes, whose batches are of one size."""
    if size() == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = mean(torch.cat([g.flatten() for g in gradients]))
    for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients])):
        gradient.copy_(part.view_as(gradient))


def mean_and_std(x: Tensor) -> Tuple[Tensor, Tensor]:
    """Mean and standard deviation (n - 1) of all numbers of all processes."""
    if size() == 1:
        return x.mean(), x.std()
    wide = x.double()
    count, summed = total(torch.stack((wide.new_tensor(x.numel()), wide.sum())))
    middle = summed / count
    squares = total(((wide - middle) ** 2).sum())
    return middle.to(x.dtype), (squares / (count - 1)).sqrt().to(x.dtype)


def moments(count: float, middle: Tensor, squares: Tensor) -> Tuple[float, Tensor, Tensor]:
    """Count, mean [D] and sum of squared distances [D] of all samples, of those of each process."""
    if size() == 1:
        return count, middle, squares
    sums = total(torch.cat((middle.new_tensor([count]), count * middle)))
    together = sums[1:] / sums[0].clamp(min=1.0)
    return float(sums[0]), together, total(squares + count * (middle - together) ** 2)
