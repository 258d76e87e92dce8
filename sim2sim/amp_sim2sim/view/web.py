"""The watched simulation as a web page: viser shows the scene of MuJoCo, controls and plots."""

from __future__ import annotations

import numpy as np
import viser
from mjviser import ViserMujocoScene
from viser import uplot

from amp_sdk.contract import COMMAND_NAMES
from amp_sim2sim.view.charts import LABELS, Chart, live_charts
from amp_sim2sim.view.history import LENGTH_S
from amp_sim2sim.view.session import ViewSession

_SCENE_HZ, _CHARTS_HZ = 25.0, 5.0
_CHART_PIXELS = 130


class WebView:
    """Serves the page until ``close``. ``show`` is called after every control period.

    viser lets everyone in who can connect to ``host``. Where ``port`` is taken it is the next free
    one; ``url`` tells.
    """

    def __init__(self, session: ViewSession, title: str, host: str, port: int) -> None:
        self._session, self._shown = session, 0
        self.server = viser.ViserServer(host=host, port=port, label=title, verbose=False)
        self.url = f"http://localhost:{self.server.get_port()}"
        self.server.gui.configure_theme(
            control_width="large",
            show_logo=False,
            show_share_button=False,
        )
        self.server.gui.main_panel.dock_right()
        self._scene = ViserMujocoScene(self.server, session.model, num_envs=1)
        self._every_scene, self._every_charts = (
            max(1, round(1.0 / (hz * session.period_s))) for hz in (_SCENE_HZ, _CHARTS_HZ)
        )
        self._build(title)
        self.show()

    def _build(self, title: str) -> None:
        gui = self.server.gui
        gui.add_markdown(f"**{title}**")
        self.status = gui.add_markdown("")
        self.pause = gui.add_button("Pause")
        self.pause.on_click(lambda _: self._toggle())
        self.reset = gui.add_button("Reset")
        self.reset.on_click(lambda _: self._session.reset())
        with gui.add_folder("Command"):
            self.command = {c.name: self._slider(c) for c in self._session.contract.commands}
            if not self.command:
                gui.add_markdown("The policy takes no command.")
        with gui.add_folder("Push"):
            self.push_size = gui.add_slider("size, m/s", 0.0, 3.0, 0.05, 0.5)
            self.push_direction = gui.add_slider(
                "direction, degrees", -180, 180, 5, 90, hint="from the heading to the left"
            )
            self.push = gui.add_button("Push")
            self.push.on_click(lambda _: self._push())
        charts = self._live_charts(0)
        with gui.add_folder("Velocity"):
            self.charts = [_add_chart(gui, chart) for chart in charts[:-2]]
        with gui.add_folder("Joint"):
            self.joint = gui.add_dropdown("joint", self._session.contract.joint_names)
            self.charts += [_add_chart(gui, chart) for chart in charts[-2:]]
        with gui.add_folder("Scene", expand_by_default=False):
            self._scene.create_scene_gui(camera_distance=2.2, camera_azimuth=125.0)

    def _slider(self, command) -> viser.GuiInputHandle[float]:
        gui, name = self.server.gui, command.name
        label = f"{LABELS.get(name, name)}, {COMMAND_NAMES[name]}"
        lower, upper, value = (float(v) for v in (command.lower, command.upper, command.nominal))
        if not upper > lower:
            hint = "the policy was trained for this value only"
            return gui.add_number(label, value, disabled=True, hint=hint)
        slider = gui.add_slider(label, lower, upper, (upper - lower) / 100.0, value)
        slider.on_update(lambda _: self._session.set_command(name, float(slider.value)))
        return slider

    def _toggle(self) -> None:
        self._session.paused = not self._session.paused

    def _push(self) -> None:
        self._session.push(float(self.push_size.value), float(self.push_direction.value))

    def is_open(self) -> bool:
        """Whether to go on; a page has no end of its own."""
        return True

    def show(self) -> None:
        """Bring scene and charts up to date, as often as a person can see."""
        if self._shown % self._every_scene == 0:
            self._scene.update_from_mjdata(self._session.drive.sim.data)
        if self._shown % self._every_charts == 0:
            self._show_charts()
            self._tell()
        self._shown += 1

    def _live_charts(self, joint: int) -> tuple[Chart, ...]:
        return live_charts(self._session.window(), self._session.contract, joint)

    def _show_charts(self) -> None:
        joint = self._session.contract.joint_names.index(self.joint.value)
        for shown, chart in zip(self.charts, self._live_charts(joint), strict=True):
            if len(chart.time_s) > 1:
                values = [np.ascontiguousarray(line[2]) for line in chart.lines]
                shown.data = (np.ascontiguousarray(chart.time_s), *values)
            if shown.title != chart.title:
                shown.title = chart.title

    def _tell(self) -> None:
        session = self._session
        parts = [f"{'paused' if session.paused else 'running'}, {session.time_s:.1f} s"]
        fall = session.fall  # a reset by another thread clears it
        if fall is not None:
            parts.append(f"**fell** at {fall.time_s:.1f} s: {fall.reason}")
        text, label = "; ".join(parts), "Go on" if session.paused else "Pause"
        if self.status.content != text:
            self.status.content = text
        if self.pause.label != label:
            self.pause.label = label

    def close(self) -> None:
        """End the server."""
        self.server.stop()


def _add_chart(gui: viser.GuiApi, chart: Chart) -> viser.GuiUplotHandle:
    """An empty chart on the page, with the lines of ``chart``."""
    series = [uplot.Series(label="time, s")]
    series += [uplot.Series(label=name, stroke=color, width=1.5) for name, color, _ in chart.lines]
    nothing = np.full(2, np.nan)
    return gui.add_uplot(
        (np.array([0.0, LENGTH_S]), *(nothing for _ in chart.lines)),
        tuple(series),
        title=chart.title,
        scales={"x": uplot.Scale(time=False, auto=True)},
        height=_CHART_PIXELS,
    )
