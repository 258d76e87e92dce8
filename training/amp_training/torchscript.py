"""The actor as TorchScript for programs that normalise observations themselves."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch

from amp_sdk._files import atomic_write
from amp_sdk.errors import CheckFailedError
from amp_training.networks import Actor

STATISTICS = "obs_norm.npz"
_TOLERANCE = 1e-5
_SAMPLES = 256


def export_torchscript(actor: Actor, output: Path) -> float:
    """Write the network to ``output`` and the statistics to ``obs_norm.npz`` beside it.

    The network takes ``clip((obs - mean) / std, -limit, limit)`` [n, O] float32 and gives actions
    [n, A]; ``mean`` and ``std`` [O] and ``limit`` are in the statistics. Both are read back, and
    the largest difference from the actor is returned; above 1e-5 nothing is written
    (CheckFailedError).
    """
    network = torch.jit.script(actor.mean.eval())
    buffer = io.BytesIO()
    torch.jit.save(network, buffer)
    normalizer = actor.normalizer
    statistics = io.BytesIO()
    np.savez(
        statistics,
        mean=normalizer.mean.numpy(),
        std=normalizer.std.numpy(),
        limit=np.float32(normalizer.limit),
    )
    difference = _difference(actor, buffer.getvalue(), statistics.getvalue())
    if not difference <= _TOLERANCE:
        raise CheckFailedError(
            f"TorchScript and the actor differ by {difference:.2e}; {output} was not written"
        )
    for path, content in ((output, buffer), (output.with_name(STATISTICS), statistics)):
        with atomic_write(path) as file:
            file.write(content.getvalue())
    return difference


@torch.no_grad()
def _difference(actor: Actor, network: bytes, statistics: bytes) -> float:
    """As a user's program would compute it: float32 NumPy outside, the network inside."""
    loaded = torch.jit.load(io.BytesIO(network))
    with np.load(io.BytesIO(statistics), allow_pickle=False) as s:
        mean, std, limit = s["mean"], s["std"], float(s["limit"])
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(_SAMPLES, len(mean), generator=generator)
    observation = actor.normalizer.mean + 2.0 * actor.normalizer.std * noise
    outside = np.clip((observation.numpy() - mean) / std, -limit, limit)
    found, expected = loaded(torch.from_numpy(outside)), actor(observation)
    return float(((found - expected).abs() / expected.abs().clamp(min=1.0)).max())
