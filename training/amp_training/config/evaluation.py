"""Measuring a policy while it trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from amp_training.config._checks import require


@dataclass(frozen=True)
class EvaluationConfig:
    """Short episodes without noise on the nominal robot, every ``period_samples`` (None: never).

    The best policy by what they measure is kept as ``best.pt``; training itself is not touched.
    """

    period_samples: Optional[int] = 500_000
    episodes: int = 8
    length_s: float = 5.0

    def __post_init__(self) -> None:
        require(
            self.period_samples is None or self.period_samples >= 1,
            "period_samples must be at least 1",
        )
        require(self.episodes >= 1, "episodes must be at least 1")
        require(self.length_s >= 0.5, "length_s must be at least 0.5")

    def due(self, before: int, after: int) -> bool:
        """Whether the samples from ``before`` to ``after`` passed a multiple of the period."""
        period = self.period_samples
        return period is not None and after // period > before // period
