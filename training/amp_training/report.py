"""``report.html`` of a run: learning curves as SVG, one file that needs nothing else."""

from __future__ import annotations

import base64
import html
import math
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from amp_sdk._files import atomic_write
from amp_training.film import FILM
from amp_training.progress_file import NAME, read_rows

REPORT = "report.html"
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 520, 220, 56, 28, 10
_COLORS = ("#1f6fb4", "#d0611a", "#3a8f3a", "#9b3fa0")
_POINTS = 400
_MAX_FILM_BYTES = 30 * 1024 * 1024

Curve = Tuple[List[float], List[float]]

CHARTS: Sequence[Tuple[str, str, Sequence[Tuple[str, str]]]] = (
    ("Rewards", "mean per step", (("reward/style", "style"), ("reward/task", "task"))),
    ("Style's share", "of the weighted reward", (("reward/style_share", "style"),)),
    ("Falls", "per robot and second", (("episode/falls_per_s", "falls"),)),
    (
        "Discriminator",
        "accuracy and share of updates applied",
        (("discriminator/accuracy", "accuracy"), ("discriminator/applied_share", "applied")),
    ),
    (
        "Logits",
        "mean",
        (("discriminator/demo_logit", "clips"), ("discriminator/policy_logit", "policy")),
    ),
    ("Noise", "standard deviation of actions", (("policy/std", "noise"),)),
    ("KL", "old to new policy", (("policy/kl", "KL"),)),
    ("Value", "share of returns explained", (("value/explained", "explained"),)),
    ("Joint error", "rad, after time warping", (("quality/joint_error_rad", "joint error"),)),
    ("Pose error", "m, after time warping", (("quality/pose_error_m", "pose error"),)),
    (
        "Foot slip",
        "m/s of feet on the ground",
        (("quality/foot_slip_m_s", "policy"), ("quality/clip_foot_slip_m_s", "clip")),
    ),
    (
        "Gait frequency",
        "strides a second",
        (("quality/gait_hz", "policy"), ("quality/clip_gait_hz", "clip")),
    ),
    (
        "Duty factor",
        "share of the time that a foot is on the ground",
        (("quality/duty_factor", "policy"), ("quality/clip_duty_factor", "clip")),
    ),
    ("Clip coverage", "share of the clips' poses", (("quality/clip_coverage", "covered"),)),
    ("Speed error", "m/s", (("quality/speed_error_m_s", "speed error"),)),
    ("Falls in evaluation", "share of episodes", (("quality/fall_share", "falls"),)),
)


def write_report(folder: Path, title: str, no_film: str = "") -> None:
    """Write the report of a run folder from its progress and evaluation files and its film;
    ``no_film`` says why there is none.

    Does nothing where there is no progress yet. Raises InputError where it cannot be written.
    """
    rows = read_rows(folder / NAME)
    if not rows:
        return
    tables = (rows, read_rows(folder / "evaluation.csv"))
    charts = [_chart(name, unit, series, tables) for name, unit, series in CHARTS]
    last = rows[-1]
    minutes = float(last["seconds"]) / 60.0
    summary = f"{int(last['samples']):,} samples in {minutes:.1f} minutes"
    page = (
        (
            "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'>"
            f"<title>{html.escape(title)}</title><style>body{{font:15px sans-serif;margin:2em;"
            "color:#222}}main{{display:flex;flex-wrap:wrap;gap:1.5em}}figure{{margin:0}}"
            "figcaption{{font-weight:bold}}small{{font-weight:normal;color:#666}}"
            "text{{font-size:11px;fill:#555}}video{{width:640px;max-width:100%}}</style></head><body>"
            f"<h1>{html.escape(title)}</h1><p>{summary}</p>{_film(folder, no_film)}"
            f"<main>{''.join(charts)}</main></body></html>"
        )
        .replace("{{", "{")
        .replace("}}", "}")
    )
    with atomic_write(folder / REPORT, binary=False) as file:
        file.write(page)


def _film(folder: Path, why_not: str) -> str:
    """The best policy's film inside of the page, or linked where it is too large."""
    film = folder / FILM
    if why_not:
        return f"<p>No film of the best policy: {html.escape(why_not)}</p>"
    if not film.exists():
        return ""
    source = film.name
    if film.stat().st_size <= _MAX_FILM_BYTES:
        source = f"data:video/mp4;base64,{base64.b64encode(film.read_bytes()).decode('ascii')}"
    return (
        "<figure><figcaption>Best policy <small>as measured while training, without noise</small>"
        f"</figcaption><video controls autoplay muted loop playsinline src='{source}'></video>"
        "</figure><br>"
    )


def _chart(
    name: str,
    unit: str,
    series: Sequence[Tuple[str, str]],
    tables: Sequence[List[Dict[str, str]]],
) -> str:
    """One figure, or nothing where none of its columns holds a number."""
    curves = {label: _curve(key, tables) for key, label in series}
    curves = {label: curve for label, curve in curves.items() if curve[0]}
    if not curves:
        return ""
    xs = [x for curve in curves.values() for x in curve[0]]
    ys = [y for curve in curves.values() for y in curve[1]]
    low, high = min(0.0, min(ys)), max(ys)
    high = high if high > low else low + 1.0
    far = max(xs) or 1.0
    parts = [_axes(low, high, far)]
    for color, (x, y) in zip(_COLORS, curves.values()):
        places = [(_x(a, far), _y(b, low, high)) for a, b in zip(x, y)]
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        parts.append(f"<polyline fill='none' stroke='{color}' stroke-width='1.5' points='{line}'/>")
        if len(places) < 40:
            dot = f"r='2.5' fill='{color}'/>"
            parts += [f"<circle cx='{a:.1f}' cy='{b:.1f}' {dot}" for a, b in places]
    legend = " ".join(
        f"<span style='color:{color}'>{html.escape(label)}</span>"
        for color, label in zip(_COLORS, curves)
    )
    return (
        f"<figure><figcaption>{html.escape(name)} <small>{html.escape(unit)}: {legend}</small>"
        f"</figcaption><svg width='{_WIDTH}' height='{_HEIGHT}'>{''.join(parts)}</svg></figure>"
    )


def _curve(key: str, tables: Sequence[List[Dict[str, str]]]) -> Curve:
    """Samples and values of a column, thinned by means to some hundred points."""
    for rows in tables:
        pairs = [(float(r["samples"]), _number(r[key])) for r in rows if key in r]
        pairs = [(x, y) for x, y in pairs if math.isfinite(y)]
        if pairs:
            size = max(1, math.ceil(len(pairs) / _POINTS))
            blocks = [pairs[i : i + size] for i in range(0, len(pairs), size)]
            x = [sum(p[0] for p in block) / len(block) for block in blocks]
            return x, [sum(p[1] for p in block) / len(block) for block in blocks]
    return [], []


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _axes(low: float, high: float, far: float) -> str:
    lines = []
    for i in range(5):
        value = low + (high - low) * i / 4
        y = _y(value, low, high)
        lines.append(f"<line x1='{_LEFT}' x2='{_WIDTH - 4}' y1='{y}' y2='{y}' stroke='#ddd'/>")
        lines.append(f"<text x='{_LEFT - 6}' y='{y + 4}' text-anchor='end'>{value:.3g}</text>")
    for i in range(5):
        value = far * i / 4
        lines.append(
            f"<text x='{_x(value, far)}' y='{_HEIGHT - 8}' text-anchor='middle'>"
            f"{value / 1e6:.3g} M</text>"
        )
    return "".join(lines)


def _x(value: float, far: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - 24) * value / far


def _y(value: float, low: float, high: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * (value - low) / (high - low)
