"""Networks: a running normaliser as a submodule, so that whoever exports a network exports it."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Sequence

import torch
from torch import Tensor, nn

from amp_training import workers
from amp_training.elu_network import evaluate


class RunningNormalizer(nn.Module):
    """Normalise by running mean and standard deviation, then clip to ``limit`` deviations.

    The statistics are those of all samples given to ``update`` (Chan's parallel update of mean and
    sum of squares), until ``freeze_after`` samples have been seen.
    """

    mean: Tensor
    std: Tensor
    count: Tensor
    _mean64: Tensor
    _squares64: Tensor

    def __init__(self, size: int, freeze_after: float = float("inf"), limit: float = 10.0) -> None:
        super().__init__()
        self.limit = limit
        self.freeze_after = freeze_after
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))
        self.register_buffer("_mean64", torch.zeros(size, dtype=torch.float64))
        self.register_buffer("_squares64", torch.zeros(size, dtype=torch.float64))
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """[..., size] to the same shape."""
        return (x - self.mean).div_(self.std).clamp_(-self.limit, self.limit)

    @torch.no_grad()
    def update(self, batch: Tensor) -> None:
        """Take in raw samples [n, size]; does nothing once frozen."""
        if float(self.count) >= self.freeze_after:
            return
        n = float(len(batch))
        mean = batch.mean(0).double() if n else torch.zeros_like(self._mean64)
        squares = (batch - mean.float()).square_().sum(0).double()
        n, mean, squares = workers.moments(n, mean, squares)
        if n == 0:
            return
        total = self.count + n
        delta = mean - self._mean64
        self._mean64 += delta * (n / total)
        self._squares64 += squares + delta**2 * (self.count * n / total)
        self.count.copy_(total)
        self.mean.copy_(self._mean64)
        self.std.copy_((self._squares64 / total).sqrt().clamp(min=1e-2))


def mlp(sizes: Sequence[int], output_gain: float) -> nn.Sequential:
    """Linear layers with ELU between them, orthogonal weights (gain sqrt 2, last: given)."""
    layers = []
    for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
        last = i == len(sizes) - 2
        linear = nn.Linear(a, b)
        nn.init.orthogonal_(linear.weight, output_gain if last else 2.0**0.5)
        nn.init.zeros_(linear.bias)
        layers.append(linear)
        if not last:
            # in place: the backward pass then needs no exponential
            layers.append(nn.ELU(inplace=True))
    return nn.Sequential(*layers)


def adam(
    parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float = 0.0
) -> torch.optim.Adam:
    """Adam, on the CPU as one pass over the parameters where this torch can do that."""
    parameters = list(parameters)
    options: Dict[str, Any] = {"lr": learning_rate, "weight_decay": weight_decay}
    if parameters[0].device.type == "cpu":
        try:
            return torch.optim.Adam(parameters, fused=True, **options)
        except (RuntimeError, TypeError):  # older than 2.4
            pass
    return torch.optim.Adam(parameters, **options)


class Actor(nn.Module):
    """Mean action of the policy from raw observations; the exported graph is this module."""

    def __init__(self, size: int, hidden: Sequence[int], actions: int, initial_std: float) -> None:
        super().__init__()
        self.normalizer = RunningNormalizer(size)
        self.mean = mlp((size, *hidden, actions), output_gain=0.01)
        self.log_std = nn.Parameter(torch.full((actions,), initial_std).log())

    def forward(self, observation: Tensor) -> Tensor:
        """[n, size] raw observations to mean actions [n, actions]."""
        return self.mean(self.normalizer(observation))


class SideBySide(nn.ModuleList):
    """Networks of the same input."""


class Critic(nn.Module):
    """Values of a state from the policy's observation and what only the simulator knows.

    Each of its ``values`` (one, or one a reward where rewards are kept apart) is a network.
    """

    def __init__(self, size: int, hidden: Sequence[int], values: int = 1) -> None:
        super().__init__()
        self.normalizer = RunningNormalizer(size)
        networks = [mlp((size, *hidden, 1), output_gain=1.0) for _ in range(values)]
        self.value = networks[0] if values == 1 else SideBySide(networks)

    def forward(self, observation: Tensor) -> Tensor:
        """[n, size] raw observations to values [n, K]."""
        return self.values(self.normalizer(observation))

    def values(self, normalized: Tensor) -> Tensor:
        """[n, size] NORMALISED observations to values [n, K]."""
        if isinstance(self.value, nn.Sequential):
            return evaluate(self.value, normalized)
        networks = [part for part in self.value.children() if isinstance(part, nn.Sequential)]
        return torch.cat([evaluate(network, normalized) for network in networks], dim=-1)


class Discriminator(nn.Module):
    """Logit of a window of steps: high for demonstrations, low for the policy."""

    def __init__(self, size: int, hidden: Sequence[int], freeze_after: float) -> None:
        super().__init__()
        self.normalizer = RunningNormalizer(size, freeze_after, limit=5.0)
        self.logit = mlp((size, *hidden, 1), output_gain=1.0)

    def forward(self, normalized: Tensor) -> Tensor:
        """[n, size] NORMALISED windows to logits [n]."""
        return evaluate(self.logit, normalized).squeeze(-1)

    @property
    def output_weight(self) -> Tensor:
        """Weight of the last layer, for the logit penalty."""
        last = self.logit[-1]
        assert isinstance(last, nn.Linear)
        return last.weight
