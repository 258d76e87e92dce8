"""Figures of the report, each an SVG text. They show what was logged and judge nothing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from amp_sdk.contract import PolicyContract
from amp_sim2sim import metrics
from amp_sim2sim.episode import EpisodeLog

INK, SOFT, ACCENT, CLIP, LIMIT = "#1d2733", "#9aa5b1", "#1f6fb2", "#e08a1e", "#c0392b"
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6eaee",
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "svg.hashsalt": "amp-sdk",
}
_WINDOW_S = 2.0


def speed_figure(logs: Sequence[EpisodeLog], target: float | None, tolerance: float | None) -> str:
    """Forward speed of every episode (mean over half a second) against the command."""
    with matplotlib.rc_context(STYLE):
        figure, axes = single(9.0, 3.0)
        longest = max(logs, key=lambda log: len(log.action))
        total = np.zeros(len(longest.action))
        count = np.zeros(len(longest.action))
        for log in logs:
            time, speed = _smooth_speed(log)
            total[: len(speed)] += speed
            count[: len(speed)] += 1
            axes.plot(time[::2], speed[::2], color=ACCENT, alpha=0.25, linewidth=0.7)
            if log.fall is not None and len(time):
                axes.plot(time[-1], speed[-1], "x", color=LIMIT, markersize=7)
        time = np.arange(len(total)) * longest.period_s
        axes.plot(time, total / count, color=ACCENT, linewidth=2.0, label="mean of the episodes")
        if any(log.fall for log in logs):
            axes.plot([], [], "x", color=LIMIT, label="fall")
        if target is not None:
            axes.axhline(target, color=INK, linestyle="--", linewidth=1.2, label="command")
            if tolerance is not None:
                low, high = target - tolerance, target + tolerance
                axes.axhspan(low, high, color=INK, alpha=0.06, linewidth=0)
        axes.set(xlabel="time in s", ylabel="forward speed in m/s", xlim=(0, time[-1]))
        figure.legend(loc="outside upper right", frameon=False, ncols=3)
        return svg_text(figure)


def joint_figure(
    log: EpisodeLog, contract: PolicyContract, clip_joint_pos: np.ndarray | None
) -> str:
    """Joint angles over a window of the episode, beside the clip at the phase that fits best.

    ``clip_joint_pos [P, J]`` is one cycle of the clip, sampled at the control period.
    """
    window = _window(log)
    pos = log.joint_pos[window]
    time = np.arange(len(log.joint_pos))[window] * log.period_s
    clip = None if clip_joint_pos is None else _best_phase(pos, clip_joint_pos)
    lower, upper = contract.joint_array("lower_rad"), contract.joint_array("upper_rad")
    with matplotlib.rc_context(STYLE):
        figure, grid = _joint_grid(contract)
        for j, axes in enumerate(grid):
            axes.plot(time, pos[:, j], color=ACCENT, linewidth=1.3, label="robot")
            if clip is not None:
                axes.plot(time, clip[:, j], "--", color=CLIP, linewidth=1.2, label="clip")
            low, high = axes.get_ylim()
            _limit_lines(axes, (lower[j], upper[j]), low - 0.05, high + 0.05)
        _finish_grid(figure, grid, contract, "joint angle in rad")
        return svg_text(figure)


def torque_figure(log: EpisodeLog, contract: PolicyContract) -> str:
    """Joint torques at every physics step over a window of the episode, with their limits."""
    fine = log.fine
    assert fine is not None
    window = _window(log)
    steps = round(log.period_s / fine.step_s)
    part = slice(window.start * steps, window.stop * steps, 2)
    time = np.arange(len(fine.torque_nm))[part] * fine.step_s
    limit = contract.joint_array("effort_limit_nm")
    with matplotlib.rc_context(STYLE):
        figure, grid = _joint_grid(contract)
        for j, axes in enumerate(grid):
            axes.plot(time, fine.torque_nm[part, j], color=ACCENT, linewidth=0.9, label="torque")
            axes.set_ylim(-1.1 * limit[j], 1.1 * limit[j])
            _limit_lines(axes, (-limit[j], limit[j]), *axes.get_ylim())
        _finish_grid(figure, grid, contract, "torque in Nm")
        return svg_text(figure)


def contact_figure(log: EpisodeLog, foot_names: Sequence[str]) -> str:
    """Foot contact diagram (after Hildebrand): a bar while a foot is on the floor."""
    window = _window(log, 2 * _WINDOW_S)
    contact = log.foot_contact[window]
    start = window.start * log.period_s
    with matplotlib.rc_context(STYLE):
        figure, axes = single(9.0, 0.7 + 0.32 * len(foot_names))
        for row in range(len(foot_names)):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], contact[:, row], [0]])))
            spans = [
                (start + a * log.period_s, (b - a) * log.period_s)
                for a, b in zip(edges[::2], edges[1::2], strict=True)
            ]
            axes.broken_barh(spans, (row - 0.36, 0.72), facecolors=INK)
            share = contact[:, row].mean()
            axes.text(1.01, row, f"{share:.0%}", transform=axes.get_yaxis_transform(), va="center")
        axes.set_yticks(range(len(foot_names)), [n.replace("_", " ") for n in foot_names])
        axes.set(xlabel="time in s", xlim=(start, start + len(contact) * log.period_s))
        axes.set_ylim(len(foot_names) - 0.4, -0.6)
        axes.grid(axis="y", visible=False)
        axes.set_axisbelow(True)
        return svg_text(figure)


def _smooth_speed(log: EpisodeLog) -> tuple[np.ndarray, np.ndarray]:
    speed = metrics.heading_velocity(log.lin_vel_w, log.base_quat_w)[:, 0]
    width = min(len(speed), max(1, round(0.5 / log.period_s)))
    summed = np.concatenate([[0.0], np.cumsum(speed)])
    ends = np.arange(1, len(speed) + 1)
    starts = np.maximum(0, ends - width)
    return np.arange(len(speed)) * log.period_s, (summed[ends] - summed[starts]) / (ends - starts)


def _window(log: EpisodeLog, length_s: float = _WINDOW_S) -> slice:
    """The middle of the episode, or its end where it ended by a fall."""
    total, length = len(log.action), max(2, round(length_s / log.period_s))
    stop = total if log.fall is not None else min(total, (total + length) // 2)
    return slice(max(0, stop - length), stop)


def _best_phase(pos: np.ndarray, cycle: np.ndarray) -> np.ndarray:
    """The looped ``cycle [P, J]`` as long as ``pos [T, J]``, at the start that is nearest to it."""
    rows = (np.arange(len(cycle))[:, None] + np.arange(len(pos))[None]) % len(cycle)
    error = np.abs(cycle[rows] - pos[None]).mean(axis=(1, 2))
    return cycle[rows[int(np.argmin(error))]]


def single(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of that many inches with one pair of axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _joint_grid(contract: PolicyContract) -> tuple[Figure, list[Axes]]:
    joints = contract.action_dim
    columns = 3 if joints <= 12 else 5
    rows = -(-joints // columns)
    figure = Figure(figsize=(9.0, 1.35 * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, squeeze=False).flatten().tolist()
    for axes in grid[joints:]:
        axes.set_axis_off()
    return figure, grid[:joints]


def _limit_lines(axes: Axes, limits: tuple[float, float], low: float, high: float) -> None:
    """Lines at the limits that are in view, and the view as it was."""
    for limit in limits:
        if low <= limit <= high:
            axes.axhline(limit, color=LIMIT, linewidth=1.0, label="limit")
    axes.set_ylim(low, high)


def _finish_grid(figure: Figure, grid: list[Axes], contract: PolicyContract, quantity: str) -> None:
    lines = {}
    for name, axes in zip(contract.joint_names, grid, strict=True):
        axes.set_title(name.removesuffix("_joint").replace("_", " "), fontsize=8.5, loc="left")
        axes.tick_params(labelsize=7.5)
        axes.margins(x=0)
        for line, label in zip(*axes.get_legend_handles_labels(), strict=True):
            lines.setdefault(label, line)
    figure.supxlabel("time in s", fontsize=9)
    figure.supylabel(quantity, fontsize=9)
    figure.legend(
        lines.values(), lines.keys(), loc="outside upper right", frameon=False, ncols=len(lines)
    )


def svg_text(figure: Figure) -> str:
    """The figure as SVG, the same bytes for the same figure."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
