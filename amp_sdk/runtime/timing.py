"""How regular a loop was: quantiles for a table and for JSON, and a histogram as text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from amp_sdk._table import table
from amp_sdk.runtime.board import Board

QUANTITIES = {
    "period": "from one tick to the next",
    "lateness": "from when a tick was due to its start",
    "compute": "of a tick: reading, controlling, writing",
    "policy_latency": "from a measurement to the policy's answer",
}
"""What a run's timing consists of, with the meaning of each."""

_BINS = 40


@dataclass(frozen=True)
class Distribution:
    """Durations in seconds: exact ends, quantiles, and counts ``[B]`` between edges ``[B + 1]``."""

    name: str
    count: int
    min_s: float
    median_s: float
    p99_s: float
    p999_s: float
    max_s: float
    edges_s: np.ndarray
    counts: np.ndarray

    @classmethod
    def of_samples(cls, name: str, durations_ns: np.ndarray) -> Distribution:
        """Of every single duration ``[N]`` in ns; quantiles are those of the sorted values."""
        values = np.sort(np.maximum(np.asarray(durations_ns, np.int64), 0))
        if not len(values):
            return _empty(name)
        counts = np.ones(len(values))
        low, high = float(values[0]), float(values[-1])
        return cls._make(name, values.astype(np.float64), counts, low, high)

    @classmethod
    def of_histograms(cls, name: str, histograms: Sequence[Any]) -> Distribution:
        """Of one or more ``Histogram`` of the loop, taken together; right to 0.4 %."""
        filled = [h for h in histograms if h.count]
        if not filled:
            return _empty(name)
        low, high = min(h.min_ns for h in filled), max(h.max_ns for h in filled)
        begins, ends, counts = (np.concatenate(c) for c in zip(*(h.bins() for h in filled)))
        order = np.argsort(begins, kind="stable")
        middle = np.clip((begins + ends - 1)[order] / 2.0, low, high)
        weights = counts[order].astype(np.float64)
        return cls._make(name, middle, weights, float(low), float(high))

    @classmethod
    def _make(
        cls, name: str, values_ns: np.ndarray, weights: np.ndarray, low: float, high: float
    ) -> Distribution:
        ranks = np.cumsum(weights)

        def quantile(q: float) -> float:
            return float(values_ns[np.searchsorted(ranks, math.ceil(q * ranks[-1]))]) * 1e-9

        edges = _edges(low, high)
        counts = np.histogram(values_ns, bins=edges, weights=weights)[0]
        return cls(
            name,
            int(ranks[-1]),
            low * 1e-9,
            quantile(0.5),
            quantile(0.99),
            quantile(0.999),
            high * 1e-9,
            edges * 1e-9,
            counts.astype(np.int64),
        )


def board_timing(board: Board) -> List[Distribution]:
    """The timing that the loop of ``board`` counted so far; see ``QUANTITIES``."""
    return [Distribution.of_histograms(name, [getattr(board.native, name)]) for name in QUANTITIES]


def report_text(distributions: Sequence[Distribution]) -> str:
    """A table in us, and below it each histogram as bars; counts on a logarithmic scale."""
    rows = [
        [d.name, str(d.count), *(f"{v * 1e6:.1f}" for v in shown(d))]
        for d in distributions
        if d.count
    ]
    if not rows:
        return "no tick was timed"
    head = ["us", "count", "median", "p99", "p99.9", "max"]
    parts = [table(head, rows)]
    parts += [f"{d.name} in us ({_meaning(d.name)})\n{_bars(d)}" for d in distributions if d.count]
    return "\n\n".join(parts)


def report_mapping(distributions: Sequence[Distribution]) -> Dict[str, Dict[str, Any]]:
    """The figures for a JSON file, in seconds."""
    return {
        d.name: {
            "count": d.count,
            "min_s": d.min_s,
            "median_s": d.median_s,
            "p99_s": d.p99_s,
            "p999_s": d.p999_s,
            "max_s": d.max_s,
            "histogram": {"edges_s": d.edges_s, "counts": d.counts},
        }
        for d in distributions
    }


def _bars(d: Distribution, rows: int = 10, width: int = 48) -> str:
    per_row = len(d.counts) // rows
    counts = d.counts.reshape(rows, per_row).sum(axis=1)
    lines = []
    for i, share in enumerate(log_heights(counts)):
        low, high = d.edges_s[i * per_row] * 1e6, d.edges_s[(i + 1) * per_row] * 1e6
        bar = "#" * (max(1, round(share * width)) if counts[i] else 0)
        lines.append(f"  {low:10.1f} to {high:10.1f} {bar:<{width}} {counts[i]}")
    return "\n".join(lines)


def _edges(low: float, high: float) -> np.ndarray:
    """Display bins in ns: linear where the values are of one size, logarithmic otherwise."""
    high = max(high, low + _BINS * 0.5)
    if high < 10.0 * max(low, 100.0):
        edges = np.linspace(low, high, _BINS + 1)
    else:
        edges = np.geomspace(max(low, 100.0), high, _BINS + 1)
        edges[0] = min(low, edges[0])
    edges[-1] = np.nextafter(high, np.inf)
    return edges


def log_heights(counts: np.ndarray) -> np.ndarray:
    """Counts ``[B]`` on a logarithmic scale, the largest as 1."""
    return np.log1p(counts) / max(math.log1p(float(counts.max())), 1e-12)


def shown(d: Distribution) -> Tuple[float, ...]:
    """What the table shows, in s: median, p99, p99.9, max."""
    return (d.median_s, d.p99_s, d.p999_s, d.max_s)


def _meaning(name: str) -> str:
    return QUANTITIES.get(name, "logarithmic bars")


def _empty(name: str) -> Distribution:
    nothing = float("nan")
    zeros = np.zeros(_BINS, np.int64)
    edges = np.zeros(_BINS + 1)
    return Distribution(name, 0, nothing, nothing, nothing, nothing, nothing, edges, zeros)
