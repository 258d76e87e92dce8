"""Plots of a flight record: joints with their targets, torques, attitude, modes and faults."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import patches
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from amp_sdk._files import atomic_write
from amp_sdk.rotations import rotate_inverse
from amp_sdk.runtime.flight_log import DamagedRecordWarning, FlightLog
from amp_sdk.runtime.summary import RunSummary, summarize, tick_times_s, timing
from amp_sdk.runtime.timing_picture import write_svg
from amp_sim2sim.plots import ACCENT, CLIP, INK, LIMIT, SOFT, STYLE, svg_text

_COLOURS = {"stop": SOFT, "damp": CLIP, "stand": "#7fb77e", "policy": ACCENT}
_MOST_POINTS = 4000


def main(argv: Sequence[str] | None = None) -> int:
    """Write the plots of ``FILE`` to ``--out DIR``; 0, or InputError."""
    parser = argparse.ArgumentParser(description="Plots of a flight record, as SVG files.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    args = parser.parse_args(argv)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedRecordWarning)  # the command has said so
        log = FlightLog(args.file)
    for path in write_plots(log, args.out):
        print(f"plot: {path}")
    return 0


def write_plots(log: FlightLog, folder: Path) -> list[Path]:
    """Write every plot into ``folder``; returns their paths. None for a record without ticks."""
    if not len(log.ticks):
        return []
    summary = summarize(log)
    figures = {
        "overview": overview_figure(log, summary),
        "joint_pos": joint_figure(log, "joint_pos"),
        "joint_vel": joint_figure(log, "joint_vel"),
        "joint_torque": joint_figure(log, "joint_torque"),
    }
    paths = []
    for name, text in figures.items():
        paths.append(folder / f"{name}.svg")
        with atomic_write(paths[-1], binary=False) as file:
            file.write(text)
    paths.append(folder / "timing.svg")
    write_svg(paths[-1], timing(log), f"{summary.robot}, {summary.created_utc}")
    return paths


def overview_figure(log: FlightLog, summary: RunSummary) -> str:
    """Modes and faults over the run, with tilt, turning rate, command and the loop's lateness."""
    ticks, time = _thinned(log)
    down_b = rotate_inverse(ticks["state.quat_wxyz"], np.array([0.0, 0.0, -1.0]))
    tilt = np.degrees(np.arccos(np.clip(-down_b[:, 2], -1.0, 1.0)))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 7.0), layout="constrained")
        rows: list[Axes] = figure.subplots(4, 1, sharex=True).tolist()
        rows[0].plot(time, tilt, color=ACCENT, linewidth=1.0)
        rows[0].set_ylabel("tilt in deg")
        for axis, name in enumerate("xyz"):
            rows[1].plot(time, ticks["state.gyro_b"][:, axis], linewidth=0.8, label=name)
        rows[1].set_ylabel("gyro in rad/s")
        for axis, name in enumerate(("forward m/s", "left m/s", "turn rad/s")):
            command = ticks["status.velocity_command"][:, axis]
            rows[2].plot(time, command, linewidth=1.2, label=name)
        rows[2].set_ylabel("command")
        rows[3].plot(time, ticks["timing.lateness_ns"] * 1e-3, color=INK, linewidth=0.7)
        rows[3].set(ylabel="lateness in us", xlabel="time in s")
        for axes in rows:
            _shade(axes, summary)
        for axes in rows[1:3]:
            axes.legend(loc="upper left", frameon=False, ncols=3, fontsize=8)
        handles = [patches.Patch(color=c, alpha=0.25) for c in _COLOURS.values()]
        figure.legend(handles, list(_COLOURS), loc="outside upper right", frameon=False, ncols=4)
        return svg_text(figure)


def joint_figure(log: FlightLog, quantity: str) -> str:
    """One quantity of every joint; angles with their commanded targets."""
    ticks, time = _thinned(log)
    names = log.header.joint_names
    columns = 3 if len(names) <= 12 else 5
    rows = -(-len(names) // columns)
    units = {"joint_pos": "rad", "joint_vel": "rad/s", "joint_torque": "Nm"}
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 1.35 * rows + 0.4), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, squeeze=False).flatten().tolist()
        for j, axes in enumerate(grid):
            if j >= len(names):
                axes.set_axis_off()
                continue
            measured = ticks[f"state.{quantity}"][:, j]
            axes.plot(time, measured, color=ACCENT, linewidth=0.9, label="measured")
            if quantity == "joint_pos":
                driven = np.where(ticks["command.kp"][:, j] > 0.0, 1.0, np.nan)
                target = ticks["command.target_pos"][:, j] * driven
                axes.plot(time, target, "--", color=CLIP, linewidth=0.9, label="target")
            title = names[j].removesuffix("_joint").replace("_", " ")
            axes.set_title(title, fontsize=8.5, loc="left")
            axes.tick_params(labelsize=7.5)
        figure.supxlabel("time in s", fontsize=9)
        figure.supylabel(f"{quantity.replace('_', ' ')} in {units[quantity]}", fontsize=9)
        lines, labels = grid[0].get_legend_handles_labels()
        figure.legend(lines, labels, loc="outside upper right", frameon=False, ncols=2)
        return svg_text(figure)


def _thinned(log: FlightLog) -> tuple[np.ndarray, np.ndarray]:
    """At most some thousand ticks, evenly, and their times in s."""
    step = max(1, len(log.ticks) // _MOST_POINTS)
    return log.ticks[::step], tick_times_s(log)[::step]


def _shade(axes: Axes, summary: RunSummary) -> None:
    for span in summary.modes:
        colour = _COLOURS.get(span.mode, LIMIT)
        axes.axvspan(span.start_s, span.end_s, color=colour, alpha=0.12, linewidth=0)
    for fault in summary.faults:
        axes.axvline(fault.time_s, color=LIMIT, linewidth=1.0)
