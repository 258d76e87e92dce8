"""Pushes: when a run is pushed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from amp_sim2sim.gate.plan import Run

PUSH_AT_S, PUSH_LASTS_S = np.array([3.0, 6.5]), 0.1
_PUSH_SPREAD_S = 0.5


def push_periods(
    runs: Sequence[Run], rngs: Sequence[np.random.Generator], periods: int, period_s: float
) -> np.ndarray:
    """In which control periods a run is pushed, ``[T, N]`` bool; the gait's phase is random."""
    pushing = np.zeros((periods, len(runs)), dtype=bool)
    lasts = max(1, round(PUSH_LASTS_S / period_s))
    for i, (run, rng) in enumerate(zip(runs, rngs, strict=True)):
        for at_s in PUSH_AT_S + rng.uniform(0.0, _PUSH_SPREAD_S, len(PUSH_AT_S)):
            if run.conditions.push_m_s > 0.0:
                first = round(at_s / period_s)
                pushing[first : first + lasts, i] = True
    return pushing
