"""The kernels at the sizes of training, each with its alternatives as callables."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Tuple

import torch
from torch import Tensor

from amp_sdk import kernels
from amp_training.bench import torch_chains

GAMMA, LAM = 0.99, 0.95
# G1 with 30 joint rotations, 29 joint velocities, 5 key bodies, a window of 10 steps
STEPS, ROTATIONS, VELOCITIES, KEYS = 10, 30, 29, 5

Windows = Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]

# the names of the ways, as they are printed
KERNEL = "kernel"
EAGER = "torch"
SCRIPT = "TorchScript"
COMPILED = "torch.compile"
COPY = "copy"


@dataclass(frozen=True)
class Limits:
    """What ``--check`` demands; None demands nothing."""

    times_faster: Optional[Tuple[str, float]] = None  # than the way of this name
    times_copy: Optional[float] = None  # at most this many times the copy


@dataclass(frozen=True)
class Case:
    """One kernel at one size, with every way to do the same and the bytes that must move."""

    name: str
    bytes_moved: int
    ways: Dict[str, Callable[[], object]]
    limits: Limits


def cases(device: str, compiled: bool) -> List[Case]:
    """The sizes to measure on ``device``: "cpu" or "cuda"."""
    if device == "cpu":
        loop = Limits(times_faster=(EAGER, 10.0))
        chain = Limits(times_faster=(SCRIPT, 10.0))
        return [
            gae_case(32, 4096, device, compiled, loop),
            gae_case(24, 512, device, compiled, loop),
            disc_obs_case(512, device, compiled, chain),
            disc_obs_case(4096, device, compiled, Limits(chain.times_faster, 3.0)),
        ]
    bandwidth = Limits(times_faster=(EAGER, 10.0), times_copy=1.5)
    return [
        gae_case(32, 4096, device, compiled, Limits(times_faster=(EAGER, 30.0))),
        disc_obs_case(4096, device, compiled, bandwidth),
        disc_obs_case(32768, device, compiled, bandwidth),
    ]


def gae_case(steps: int, columns: int, device: str, compiled: bool, limits: Limits) -> Case:
    """``gae`` at ``[steps, columns]``; the loops get their flags as float32, which suits them."""
    generator = torch.Generator().manual_seed(0)

    def normal() -> Tensor:
        return torch.randn(steps, columns, generator=generator).to(device)

    def share(of: float) -> Tensor:
        return (torch.rand(steps, columns, generator=generator) < of).to(device)

    done = share(0.05)
    failed = done & share(0.5)
    arrays = (normal(), normal(), normal(), failed, done)
    floats = (*arrays[:3], failed.float(), done.float())
    out = (torch.empty_like(arrays[0]), torch.empty_like(arrays[0]))
    ways: Dict[str, Callable[[], object]] = {
        KERNEL: lambda: kernels.gae(*arrays, GAMMA, LAM, out=out),
        EAGER: lambda: torch_chains.gae_loop(*floats, GAMMA, LAM),
    }
    if compiled and hasattr(torch, "compile"):
        loop = torch.compile(torch_chains.gae_loop)
        ways[COMPILED] = lambda: loop(*floats, GAMMA, LAM)
    moved = sum(a.numel() * a.element_size() for a in (*arrays, *out))
    ways[COPY] = copy_of(moved, device)
    return Case(f"gae [{steps}, {columns}]", moved, ways, limits)


def disc_obs_case(windows: int, device: str, compiled: bool, limits: Limits) -> Case:
    """``disc_obs`` for ``windows`` windows of the G1's size."""
    arrays = random_windows(windows, device)
    options = {"heading_invariant": True, "root_height": True}
    out = kernels.disc_obs(*arrays, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is; it is in wide use
        script = torch.jit.script(torch_chains.disc_obs_chain)
    ways: Dict[str, Callable[[], object]] = {
        KERNEL: lambda: kernels.disc_obs(*arrays, **options, out=out),
        EAGER: lambda: torch_chains.disc_obs_chain(*arrays, True, True),
        SCRIPT: lambda: script(*arrays, True, True),
    }
    if compiled and hasattr(torch, "compile"):
        chain = torch.compile(torch_chains.disc_obs_chain)
        ways[COMPILED] = lambda: chain(*arrays, True, True)
    moved = sum(a.numel() * a.element_size() for a in (*arrays, out))
    ways[COPY] = copy_of(moved, device)
    return Case(f"disc_obs N={windows} (G1, H=10)", moved, ways, limits)


def random_windows(n: int, device: str) -> Windows:
    """Arguments of ``disc_obs`` for ``n`` windows of the G1's size."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(n, STEPS, *shape, generator=generator).to(device)

    def quats(*shape: int) -> Tensor:
        return torch.nn.functional.normalize(normal(*shape, 4), dim=-1)

    return (
        normal(3),
        quats(),
        normal(3),
        normal(3),
        quats(ROTATIONS),
        normal(VELOCITIES),
        normal(KEYS, 3),
    )


def copy_of(bytes_moved: int, device: str) -> Callable[[], object]:
    """A copy that reads and writes ``bytes_moved`` bytes together: the limit that memory sets."""
    source = torch.ones(bytes_moved // 8, device=device)
    target = torch.empty_like(source)
    return lambda: target.copy_(source)
