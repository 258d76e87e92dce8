"""The histograms of a run's timing as a picture, SVG, with nothing to install."""

from __future__ import annotations

import math
from html import escape
from pathlib import Path
from typing import List, Sequence, Union

from amp_sdk._files import atomic_write
from amp_sdk.runtime.timing import Distribution, log_heights, shown

_WIDTH, _HEIGHT, _LEFT, _FOOT = 640, 180, 56, 40


def write_svg(path: Union[str, Path], distributions: Sequence[Distribution], title: str) -> None:
    """Write all histograms as one picture. Raises InputError where that fails."""
    filled = [d for d in distributions if d.count]
    height = 34 + len(filled) * (_HEIGHT + _FOOT + 24)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + _LEFT + 24} {height}" '
        'font-family="sans-serif" font-size="12" fill="#1d2733">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="22" font-size="15">{escape(title)}</text>',
    ]
    for i, d in enumerate(filled):
        lines += _panel(d, 34 + i * (_HEIGHT + _FOOT + 24))
    with atomic_write(path, binary=False) as file:
        file.write("\n".join([*lines, "</svg>", ""]))


def _panel(d: Distribution, top: int) -> List[str]:
    text = ", ".join(
        f"{n} {v * 1e6:.1f}" for n, v in zip(("median", "p99", "p99.9", "max"), shown(d))
    )
    lines = [f'<text x="{_LEFT}" y="{top + 14}">{escape(d.name)} in us: {text}</text>']
    base, step = top + 22 + _HEIGHT, _WIDTH / len(d.counts)
    heights = log_heights(d.counts)
    for i, share in enumerate(heights):
        x, size = _LEFT + i * step, share * _HEIGHT
        if size:
            lines.append(
                f'<rect x="{x:.1f}" y="{base - size:.1f}" width="{step * 0.92:.1f}" '
                f'height="{size:.1f}" fill="#1f6fb2"/>'
            )
    lines.append(f'<path d="M{_LEFT} {base}h{_WIDTH}" stroke="#9aa5b1"/>')
    for i in range(0, len(d.edges_s), 8):
        x = _LEFT + i * step
        label = f"{d.edges_s[i] * 1e6:.4g}"
        lines.append(f'<path d="M{x:.1f} {base}v5" stroke="#9aa5b1"/>')
        lines.append(f'<text x="{x:.1f}" y="{base + 18}" text-anchor="middle">{label}</text>')
    top_count = int(d.counts.max())
    for count in (10**k for k in range(len(str(top_count)))):
        y = base - math.log1p(count) / math.log1p(top_count) * _HEIGHT
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{count}</text>')
    return lines
