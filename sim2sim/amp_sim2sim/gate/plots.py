"""Figures of the gate, each an SVG text: sweeps, pushes, velocities, phase portraits."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from amp_sdk.contract import PolicyContract
from amp_sim2sim import metrics
from amp_sim2sim.episode import EpisodeLog
from amp_sim2sim.gate.simulate import GroupLog
from amp_sim2sim.gate.sweep import Point
from amp_sim2sim.gate.verdict import ScenarioResult
from amp_sim2sim.plots import ACCENT, INK, LIMIT, SOFT, STYLE, single, svg_text

_PASS = "#1e8a4c"
_COLUMNS = 3


def sweep_figure(scenarios: Sequence[ScenarioResult]) -> str:
    """Smallest margin of each point over the condition: 0 is the limit, a fall counts as -1. The
    required range is grey; of several directions the worst is shown."""
    with matplotlib.rc_context(STYLE):
        rows = -(-len(scenarios) // _COLUMNS)
        figure = Figure(figsize=(9.0, 1.75 * rows + 0.3), layout="constrained")
        grid = figure.subplots(rows, _COLUMNS, squeeze=False).flatten()
        for axes in grid[len(scenarios) :]:
            axes.set_axis_off()
        for axes, scenario in zip(grid, scenarios, strict=False):
            values = sorted({p.value for p in scenario.points if p.value is not None})
            low = [min(_margin(p) for p in scenario.points if p.value == v) for v in values]
            if scenario.required is not None:
                left, right = (np.clip(v, values[0], values[-1]) for v in scenario.required)
                axes.axvspan(left, right, color=INK, alpha=0.07, linewidth=0)
            axes.axhline(0.0, color=LIMIT, linewidth=1.0)
            axes.plot(values, low, color=SOFT, linewidth=1.0)
            axes.scatter(values, low, s=16, zorder=3, c=[_PASS if m >= 0 else LIMIT for m in low])
            axes.set_ylim(-1.1, 1.1)
            axes.set_title(scenario.name.replace("_", " "), fontsize=8.5, loc="left")
            label = f"{scenario.vary} in {scenario.unit}" if scenario.unit else scenario.vary
            axes.set_xlabel(label, fontsize=7.5)
            axes.tick_params(labelsize=7.5)
        figure.supylabel("smallest margin", fontsize=9)
        return svg_text(figure)


def _margin(point: Point) -> float:
    if point.falls and not point.passed:
        return -1.0
    margins = [j.margin for j in point.judged if j.margin is not None]
    return float(np.clip(min(margins, default=1.0 if point.passed else -1.0), -1.0, 1.0))


def push_figure(scenario: ScenarioResult) -> str:
    """The largest push survived in each direction, the robot heading up; beside it what is
    required."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.0, 4.6), layout="constrained")
        axes = figure.add_subplot(projection="polar", theta_offset=np.pi / 2)
        reach = sorted(scenario.reach, key=lambda r: r.across or 0.0)
        angle = np.radians([r.across or 0.0 for r in reach])
        size = np.array([r.passes_up_to or 0.0 for r in reach])
        for point in scenario.points:
            colour = _PASS if point.passed else LIMIT
            at = np.radians(point.across or 0.0)
            axes.plot(at, point.value or 0.0, "o", color=colour, markersize=4)
        closed = np.concatenate([np.arange(len(reach)), [0]])
        axes.fill(angle, size, color=ACCENT, alpha=0.18)
        axes.plot(angle[closed], size[closed], color=ACCENT, label="survived")
        if scenario.required is not None:
            ring = np.linspace(0.0, 2.0 * np.pi, 121)
            required = np.full(121, scenario.required[1])
            axes.plot(ring, required, "--", color=INK, linewidth=1.2, label="required")
        axes.set_ylim(0.0, max(p.value or 0.0 for p in scenario.points) * 1.08)
        figure.legend(loc="outside lower center", frameon=False, ncols=2)
        return svg_text(figure)


def velocity_figure(log: GroupLog, i: int, contract: PolicyContract) -> str:
    """Commanded and actual velocity, forward, lateral and yaw, mean over half a second."""
    end = int(log.course.length[i])
    quat, time = log.course.base_quat_w[:end, i], np.arange(end) * log.period_s
    planar = metrics.heading_velocity(log.course.lin_vel_w[:end, i], quat)
    turn = metrics.yaw_rate(log.course.ang_vel_b[:end, i], quat)
    width = max(1, min(end, round(0.5 / log.period_s)))
    parts = (
        ("lin_vel_x", "forward m/s", planar[:, 0]),
        ("lin_vel_y", "lateral m/s", planar[:, 1]),
        ("ang_vel_z", "yaw rad/s", turn),
    )
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.6), layout="constrained")
        for axes, (name, label, actual) in zip(figure.subplots(3, sharex=True), parts, strict=True):
            window = np.ones(width)  # at the ends, the mean of what there is
            counts = np.convolve(np.ones(end), window, mode="same")
            smooth = np.convolve(actual, window, mode="same") / counts
            axes.plot(time, actual, color=ACCENT, alpha=0.3, linewidth=0.7)
            axes.plot(time, smooth, color=ACCENT, linewidth=1.6, label="actual")
            column = contract.command_index(name)
            if column >= 0:
                command = log.command[:end, i, column]
                axes.plot(time, command, "--", color=INK, linewidth=1.2, label="commanded")
            axes.set_ylabel(label, fontsize=8)
            axes.margins(x=0)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.axes[-1].set_xlabel("time in s")
        figure.legend(handles, labels, loc="outside upper right", frameon=False, ncols=2)
        return svg_text(figure)


def phase_figure(log: EpisodeLog, contract: PolicyContract) -> str:
    """Phase portraits: joint velocity over joint angle, after the first second."""
    assert log.fine is not None
    first = min(round(1.0 / log.period_s), len(log.joint_pos) // 2)
    pos, vel = log.fine.joint_pos[first:], log.fine.joint_vel[first:]
    columns = 6
    with matplotlib.rc_context(STYLE):
        rows = -(-contract.action_dim // columns)
        figure = Figure(figsize=(9.0, 1.5 * rows + 0.3), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).flatten()
        for axes in grid[contract.action_dim :]:
            axes.set_axis_off()
        for j, name in enumerate(contract.joint_names):
            grid[j].plot(pos[:, j], vel[:, j], color=ACCENT, linewidth=0.5)
            title = name.removesuffix("_joint").replace("_", " ")
            grid[j].set_title(title, fontsize=8, loc="left")
            grid[j].tick_params(labelsize=7)
        figure.supxlabel("joint angle in rad", fontsize=9)
        figure.supylabel("joint velocity in rad/s", fontsize=9)
        return svg_text(figure)


def score_figure(names: Sequence[str], scores: Sequence[float]) -> str:
    """The robustness scores of several policies."""
    with matplotlib.rc_context(STYLE):
        figure, axes = single(9.0, 0.6 + 0.4 * len(names))
        axes.barh(range(len(names)), scores, color=ACCENT, height=0.6)
        axes.set_yticks(range(len(names)), names)
        axes.set(xlim=(0.0, 1.0), xlabel="robustness score")
        axes.invert_yaxis()
        return svg_text(figure)
