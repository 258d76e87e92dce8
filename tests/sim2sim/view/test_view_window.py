"""MuJoCo's viewer around a watched simulation: its keys, texts and charts, without a screen."""

from __future__ import annotations

import mujoco
import mujoco.viewer
import numpy as np
import pytest

from amp_sim2sim.view.charts import Chart
from amp_sim2sim.view.window import WindowView, figure

UP, DOWN, LEFT, COMMA, ENTER, SPACE, BACKSPACE, ESCAPE = 265, 264, 263, 44, 257, 32, 259, 256
PAGE_UP, PAGE_DOWN, HOME, END, INSERT, DELETE = 266, 267, 268, 269, 260, 261


class Screen:
    """What a window asks of MuJoCo's viewer; ``own_reset`` presses the viewer's own reset key."""

    def __init__(self, model, data, key_callback, **_: object) -> None:
        self.model, self.data, self.press = model, data, key_callback
        self.cam = mujoco.MjvCamera()
        self.viewport = mujoco.MjrRect(0, 0, 900, 600)
        self.running, self.own_reset = True, False
        self.texts: dict[str, str] = {}
        self.figures: list = []

    def is_running(self) -> bool:
        return self.running

    def sync(self) -> None:
        if self.own_reset:
            self.own_reset = False
            mujoco.mj_resetData(self.model, self.data)

    def set_texts(self, texts) -> None:
        self.texts = dict(zip(*(column.split("\n") for column in texts[2:]), strict=True))

    def set_figures(self, figures) -> None:
        self.figures = figures

    def close(self) -> None:
        self.running = False


@pytest.fixture
def screens(monkeypatch) -> list[Screen]:
    """The viewers that were opened."""
    opened = []

    def launch(*args, **options) -> Screen:
        opened.append(Screen(*args, **options))
        return opened[-1]

    monkeypatch.setattr(mujoco.viewer, "launch_passive", launch)
    return opened


@pytest.fixture
def window(session, screens) -> WindowView:
    return WindowView(session)


@pytest.fixture
def screen(window, screens) -> Screen:
    return screens[0]


def test_arrows_change_commands_by_a_tenth_of_their_range_and_no_further(screen, session) -> None:
    press = screen.press
    press(UP)
    press(LEFT)
    np.testing.assert_allclose(session.command, [0.5, 0.2], atol=1e-6)
    for _ in range(20):
        press(DOWN)
    assert session.command[0] == 0.0
    press(COMMA)  # the policy takes no such command
    np.testing.assert_allclose(session.command, [0.0, 0.2], atol=1e-6)


def test_enter_pushes_as_strongly_and_from_where_it_says(
    window, screen, session, monkeypatch
) -> None:
    pushes = []
    monkeypatch.setattr(session, "push", lambda *push: pushes.append(push))
    press = screen.press
    for key in (ENTER, PAGE_UP, HOME, ENTER, *[PAGE_DOWN] * 20, *[END] * 8, ENTER):
        press(key)
    assert pushes == [(0.5, 90), (0.6, 105), (0.1, -15)]
    for _ in range(13):
        press(END)
    assert window.push_deg == 150  # past -180 it goes on from 180


def test_space_pauses_backspace_resets_escape_ends(window, screen, session) -> None:
    press = screen.press
    press(SPACE)
    session.advance()
    assert session.paused and session.time_s == 0.0
    press(SPACE)
    session.advance()
    assert session.time_s > 0.0
    press(BACKSPACE)
    assert session.time_s == 0.0 and window.is_open()
    press(ESCAPE)
    assert not window.is_open()


def test_a_closed_window_is_not_open(window) -> None:
    assert window.is_open()
    window.close()
    assert not window.is_open()


def test_the_viewers_own_reset_becomes_ours(window, screen, session) -> None:
    for _ in range(5):
        session.advance()
    screen.own_reset = True
    window.show()
    assert session.time_s == 0.0
    assert not np.array_equal(session.drive.sim.data.qpos, session.model.qpos0)


def test_texts_and_charts_follow_the_simulation(window, screen, session) -> None:
    press = screen.press
    press(INSERT)
    for _ in range(10):
        session.advance()
        window.show()
    assert window.joint == 1 and screen.texts["state"] == "running"
    assert any(text.startswith("0.40 ") for text in screen.texts.values())
    joint = session.contract.joint_names[1].removesuffix("_joint")
    assert any(joint in shown.title for _, shown in screen.figures)
    for rect, shown in screen.figures:
        assert 0 <= rect.bottom and rect.bottom + rect.height <= 600 and rect.left >= 600
        assert shown.linepnt[1] > 0
    press(DELETE)
    press(DELETE)
    assert window.joint == session.contract.action_dim - 1
    screen.viewport = None  # it was closed between two calls
    for _ in range(20):
        window.show()
    assert screen.figures == []


def test_a_line_is_drawn_without_what_is_not_known() -> None:
    time_s = np.array([1.0, 1.5, 2.0])
    shown = figure(Chart("t", time_s, (("a", "#ff8000", np.array([3.0, np.nan, 4.0])),)))
    assert shown.linepnt[0] == 2
    np.testing.assert_allclose(shown.linedata[0, :4], [-1.0, 3.0, 0.0, 4.0])
    np.testing.assert_allclose(shown.linergb[0], [1.0, 128 / 255, 0.0], atol=1e-6)
