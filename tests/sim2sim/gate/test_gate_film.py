"""What the report shows of single runs: the nominal and the worst, on the floor they had."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from amp_sdk._cli import guarded
from amp_sim2sim import cli
from amp_sim2sim.gate.cases import badness, cases
from amp_sim2sim.gate.conditions import Conditions
from amp_sim2sim.gate.film import film_model
from amp_sim2sim.gate.gate import run_gate
from amp_sim2sim.gate.plan import Run
from amp_sim2sim.gate.suite import load_suite
from amp_sim2sim.scene import FLOOR

SUITE = """
robots: [go2]
duration_s: 3.0
thresholds: {max_fall_share: 0.0, max_saturation_share: 0.9}
scenarios:
  nominal: {about: undisturbed, repeats: 1}
  weak:
    about: motors deliver less
    vary: strength
    values: [0.01, 0.02, 1.0]
    neutral: 1.0
    required: [0.02, 1.0]
    repeats: 1
  steps:
    about: stairs
    conditions: {terrain: steps, terrain_height_m: 0.02}
    repeats: 1
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    path = tmp_path_factory.mktemp("suite") / "film.yaml"
    path.write_text(SUITE)
    return path


def test_the_worst_case_is_a_required_one_that_fell(stand, suite) -> None:
    gate = run_gate(stand, load_suite(str(suite), "go2"), "film", threads=1)
    nominal, worst = cases(gate)
    assert (nominal.condition, worst.condition) == ("nominal", "weak (strength 0.02)")
    assert worst.log.runs[worst.i].value == 0.02
    points = {p.value: p for p in gate.results.scenarios[1].points}
    assert badness(points[0.02]) < badness(points[1.0])


def test_the_film_has_the_floor_of_the_run(go2, stand) -> None:
    def model(**conditions):
        run = Run("x", None, None, 0, Conditions(**conditions))
        return film_model(go2, stand.contract, run, seed=0)

    steps = model(terrain="steps", terrain_height_m=0.05)
    assert steps.nhfield == 1 and steps.hfield_size[0, 2] == pytest.approx(0.5)
    slope = model(slope_deg=10.0).body(f"{FLOOR}_body").quat
    assert 2.0 * np.degrees(np.arccos(slope[0])) == pytest.approx(10.0, abs=1e-6)
    assert model().body(f"{FLOOR}_body").quat[0] == 1.0


@pytest.fixture(scope="module")
def report(stand_file, suite, tmp_path_factory, renderer):
    folder = tmp_path_factory.mktemp("report")
    options = [str(stand_file), "--gate", str(suite), "--threads", "1", "--report", str(folder)]
    assert guarded(lambda: cli.main(options)) == 1
    return folder / "report.html"


def test_the_report_holds_both_films(report) -> None:
    films = re.findall(r'<video [^>]*src="data:video/mp4;base64,([^"]*)"', report.read_text())
    for film, name in zip(films, ("nominal", "worst"), strict=True):
        assert base64.b64decode(film) == (report.parent / f"{name}.mp4").read_bytes()


def test_a_browser_shows_the_report_and_asks_for_nothing_else(report, page) -> None:
    problems: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_function(
        "[...document.querySelectorAll('video')].every(v => v.readyState >= 2)"
        " && [...document.images].every(i => i.complete && i.naturalWidth > 0)"
    )
    assert page.locator("video").count() == 2 and page.locator("img").count() >= 11
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not problems
    assert {url for url in asked if not url.startswith(("data:", "blob:"))} == {report.as_uri()}
