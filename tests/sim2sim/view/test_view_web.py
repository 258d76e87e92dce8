"""The page: its controls by the server's side, and in a real browser."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from small_policy import CommandTerm, robot_contract, write_policy

from amp_sdk import load_policy
from amp_sim2sim.pace import Pace
from amp_sim2sim.view.session import ViewSession

pytest.importorskip("mjviser", reason="the page needs viser and mjviser (extra 'view')")

from amp_sim2sim.view.command import HOST, watch
from amp_sim2sim.view.web import WebView


@pytest.fixture
def web(session, port):
    view = WebView(session, "stands on go2", HOST, port)
    yield view
    view.close()


def test_the_sliders_have_the_contracts_ranges_and_set_the_command(session, web) -> None:
    assert set(web.command) == {"lin_vel_x", "ang_vel_z"}
    slider = web.command["ang_vel_z"]
    assert (slider.min, slider.max, slider.value) == (-1.0, 1.0, 0.0)
    slider.value = 0.5
    web.command["lin_vel_x"].value = 0.9
    np.testing.assert_allclose(session.command, [0.9, 0.5])


def test_a_command_that_is_no_velocity_has_its_own_name(go2, tmp_path, port) -> None:
    steer = CommandTerm("steer_x", -1.0, 1.0, 1.0)
    write_policy(tmp_path / "steered.onnx", robot_contract(go2, commands=(steer,)))
    web = WebView(ViewSession(load_policy(tmp_path / "steered.onnx")), "steered", HOST, port)
    try:
        assert web.command["steer_x"].label == "steer_x, 1"
    finally:
        web.close()


def test_a_command_of_one_value_has_no_slider(stand, port) -> None:
    web = WebView(ViewSession(stand), "stand", HOST, port)
    try:
        assert web.command["lin_vel_x"].disabled
    finally:
        web.close()


def test_the_push_button_pushes_and_reset_begins_anew(session, web) -> None:
    web.push_size.value = 1.0
    web.push_direction.value = 0
    web.push.value = True
    for _ in range(5):
        session.advance()
    speed = np.linalg.norm(session.drive.sim.base_velocity[:2])
    assert speed > 0.3
    web.reset.value = True
    assert session.time_s == 0.0 and not session.drive.sim.base_velocity.any()


def test_pause_is_told_and_goes_on(session, web) -> None:
    web.pause.value = True
    assert session.paused
    web._shown = 0
    web.show()
    assert web.pause.label == "Go on" and web.status.content.startswith("paused")
    web.pause.value = True
    assert not session.paused


def test_the_charts_follow_the_chosen_joint(session, web) -> None:
    for _ in range(20):
        session.advance()
    web.joint.value = session.contract.joint_names[4]
    web._shown = 0
    web.show()
    torque = web.charts[-1]
    assert torque.title.startswith(session.contract.joint_names[4].removesuffix("_joint"))
    np.testing.assert_array_equal(torque.data[1], session.window().torque_nm[:, 4])
    assert len(web.charts[0].data[0]) == 20


def until(condition) -> None:
    deadline = time.monotonic() + 120.0
    while not condition():
        assert time.monotonic() < deadline, "the page had no effect in two minutes"
        time.sleep(0.05)


def test_a_browser_shows_the_robot_and_moves_and_pushes_it(commanded_file, page, port) -> None:
    session = ViewSession(load_policy(commanded_file), seed=0)
    view = WebView(session, "stands on go2", HOST, port)
    view.is_open = lambda: not ended.is_set()
    ended = threading.Event()
    thread = threading.Thread(target=watch, args=(session, view, Pace(session.period_s)))
    thread.start()
    problems: list[str] = []
    elsewhere: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: None if view.url in r.url else elsewhere.append(r.url))
    page.set_viewport_size({"width": 900, "height": 600})  # without a GPU pixels take time
    try:
        page.goto(view.url)
        page.get_by_role("button", name="Push").wait_for()
        page.locator("canvas").first.wait_for()
        slider = page.get_by_role("slider").first
        slider.press("End")
        until(lambda: session.command[0] == 1.0)
        page.get_by_role("button", name="Reset").click()
        page.get_by_role("button", name="Push").click()
        until(lambda: np.abs(session.window().velocity[:, 1]).max(initial=0.0) > 0.02)
        page.get_by_role("button", name="Pause").click()
        until(lambda: session.paused)
        page.get_by_text("Go on").wait_for()
        shown = page.screenshot()
    finally:
        ended.set()
        thread.join()
        view.close()
    assert not problems and not [u for u in elsewhere if not u.startswith(("data:", "blob:"))]
    assert len(shown) > 50_000  # an empty page compresses to less
