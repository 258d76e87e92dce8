"""The watched simulation in MuJoCo's own viewer: keys for sliders, plots at the side."""

from __future__ import annotations

import threading

import mujoco
import mujoco.viewer
import numpy as np

from amp_sdk.contract import COMMAND_NAMES
from amp_sim2sim.view.charts import LABELS, Chart, live_charts
from amp_sim2sim.view.history import LENGTH_S
from amp_sim2sim.view.session import ViewSession

KEYS = (
    "keys: up/down forward, left/right turn, comma/period sideways; Enter push, Page Up/Down its "
    "size, Home/End its direction; Insert/Delete the joint shown; Space pause, Backspace reset; "
    "Esc or Ctrl-C ends"
)
_SPACE, _COMMA, _PERIOD, _ESCAPE, _ENTER, _BACKSPACE = 32, 44, 46, 256, 257, 259
_RIGHT, _LEFT, _DOWN, _UP = 262, 263, 264, 265
_INSERT, _DELETE = 260, 261
_PAGE_UP, _PAGE_DOWN, _HOME, _END = 266, 267, 268, 269
_MOVES = {
    _UP: ("lin_vel_x", 1),
    _DOWN: ("lin_vel_x", -1),
    _COMMA: ("lin_vel_y", 1),
    _PERIOD: ("lin_vel_y", -1),
    _LEFT: ("ang_vel_z", 1),
    _RIGHT: ("ang_vel_z", -1),
}
_STEPS = 10
_CHARTS_HZ = 5.0
_CLOSES_S = 10.0


class WindowView:
    """A window until it is closed; ``show`` is called after every control period."""

    def __init__(self, session: ViewSession) -> None:
        self._session, self._shown = session, 0
        self.push_m_s, self.push_deg = 0.5, 90
        self.joint = 0
        self._left = False
        self._every = max(1, round(1.0 / (_CHARTS_HZ * session.period_s)))
        data = session.drive.sim.data
        before = set(threading.enumerate())
        self._viewer = mujoco.viewer.launch_passive(
            session.model, data, key_callback=self.key, show_left_ui=False, show_right_ui=False
        )
        self._threads = set(threading.enumerate()) - before
        camera = self._viewer.cam
        camera.type = mujoco.mjtCamera.mjCAMERA_TRACKING
        camera.trackbodyid = session.drive.sim.base_body
        camera.distance, camera.azimuth, camera.elevation = 2.5, 125.0, -16.0

    def key(self, code: int) -> None:
        """A key of GLFW's ``code`` was pressed."""
        session = self._session
        if code in _MOVES:
            self._move(*_MOVES[code])
        elif code == _ENTER:
            session.push(self.push_m_s, self.push_deg)
        elif code in (_PAGE_UP, _PAGE_DOWN):
            change = 0.1 if code == _PAGE_UP else -0.1
            self.push_m_s = round(min(3.0, max(0.1, self.push_m_s + change)), 1)
        elif code in (_HOME, _END):
            self.push_deg = (self.push_deg + (15 if code == _HOME else -15) + 180) % 360 - 180
        elif code in (_INSERT, _DELETE):
            step = 1 if code == _INSERT else -1
            self.joint = (self.joint + step) % session.contract.action_dim
        elif code == _SPACE:
            session.paused = not session.paused
        elif code == _BACKSPACE:
            session.reset()
        elif code == _ESCAPE:
            self._left = True

    def _move(self, name: str, sign: int) -> None:
        contract = self._session.contract
        index = contract.command_index(name)
        if index >= 0:
            term = contract.commands[index]
            step = sign * (term.upper - term.lower) / _STEPS
            self._session.set_command(name, float(self._session.command[index]) + step)

    def is_open(self) -> bool:
        """Whether the window is still there."""
        return self._viewer.is_running() and not self._left

    def show(self) -> None:
        """Bring the window up to date."""
        data = self._session.drive.sim.data
        before_s = data.time
        self._viewer.sync()
        if data.time < before_s:  # its own reset key has put the model's default pose there
            self._session.reset()
        if self._shown % self._every == 0:
            self._viewer.set_texts(self._texts())
            self._viewer.set_figures(self._figures())
        self._shown += 1

    def _texts(self) -> tuple[int, int, str, str]:
        session = self._session
        commands = zip(session.contract.commands, session.command, strict=True)
        lines = [
            ("state", "paused" if session.paused else "running"),
            ("time", f"{session.time_s:.1f} s"),
            *(
                (LABELS.get(c.name, c.name), f"{v:.2f} {COMMAND_NAMES[c.name]}")
                for c, v in commands
            ),
            ("push", f"{self.push_m_s:.1f} m/s at {self.push_deg:d} degrees"),
        ]
        fall = session.fall  # a reset by another thread clears it
        if fall is not None:
            lines.append(("fell", f"{fall.time_s:.1f} s: {fall.reason}"))
        left, right = ("\n".join(column) for column in zip(*lines, strict=True))
        corner = int(mujoco.mjtGridPos.mjGRID_TOPLEFT)
        return int(mujoco.mjtFontScale.mjFONTSCALE_150), corner, left, right

    def _figures(self) -> list[tuple[mujoco.MjrRect, mujoco.MjvFigure]]:
        charts = live_charts(self._session.window(), self._session.contract, self.joint)
        view = self._viewer.viewport
        if view is None:  # it was closed
            return []
        width, height = view.width // 3, view.height // (len(charts) + 1)
        return [
            (mujoco.MjrRect(view.width - width, k * height, width, height), figure(chart))
            for k, chart in enumerate(reversed(charts))
        ]

    def close(self) -> None:
        """Close the window, and wait for its thread: it would draw with what has gone by then."""
        self._viewer.close()
        for thread in self._threads:
            thread.join(_CLOSES_S)


def figure(chart: Chart) -> mujoco.MjvFigure:
    """A chart as MuJoCo draws them: the first line orange, the second blue, others red."""
    shown = mujoco.MjvFigure()
    mujoco.mjv_defaultFigure(shown)
    shown.title, shown.flg_extend, shown.flg_legend = chart.title, 1, 0
    shown.figurergba[:] = 0.1, 0.12, 0.15, 0.7
    shown.gridsize[:] = 3, 3
    shown.xformat, shown.yformat = "%.0f", "%.2f"
    shown.range[0] = -LENGTH_S, 0.0
    since = chart.time_s - chart.time_s[-1] if len(chart.time_s) else chart.time_s
    for line, (_, color, values) in enumerate(chart.lines):
        known = np.isfinite(values)
        points = np.stack([since[known], values[known]], axis=1)[-mujoco.mjMAXLINEPNT :]
        shown.linergb[line] = [int(color[k : k + 2], 16) / 255.0 for k in (1, 3, 5)]
        shown.linepnt[line] = len(points)
        shown.linedata[line, : 2 * len(points)] = points.ravel()
    return shown
