"""The command line of the gate: outputs, exit statuses, repeatability."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import mujoco
import pytest

from amp_sdk._cli import guarded
from amp_sim2sim import cli
from amp_sim2sim.gate import command

SUITE = """
robots: [go2]
duration_s: 4.0
thresholds: {max_fall_share: 0.0, max_speed_error: 5.0, max_saturation_share: 0.9}
scenarios:
  nominal: {about: undisturbed, repeats: 1}
  pushes:
    about: pushes
    vary: push_m_s
    values: [0.2, 8.0]
    required: [0.0, 0.2]
    across: push_direction_deg
    across_values: [0.0, 90.0]
    repeats: 1
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    path = tmp_path_factory.mktemp("suite") / "small.yaml"
    path.write_text(SUITE)
    return path


def gate(*args) -> int:
    return guarded(lambda: cli.main([str(a) for a in args]))


def test_a_standing_policy_passes_and_writes_everything(
    stand_file, suite, tmp_path, monkeypatch
) -> None:
    def refuse(*_):
        raise RuntimeError("no EGL here")

    monkeypatch.setattr(mujoco, "Renderer", refuse)  # films have tests of their own
    files = [
        "--report",
        tmp_path / "r",
        "--json",
        tmp_path / "a.json",
        "--junit",
        tmp_path / "j.xml",
    ]
    assert gate(stand_file, "--gate", suite, "--threads", 1, *files) == 0
    results = json.loads((tmp_path / "a.json").read_text())
    assert results["passed"] and results["runs"] == 5
    pushes = results["scenarios"][1]
    assert {r["fails_up_at"] for r in pushes["reach"]} == {8.0}
    junit = ET.parse(tmp_path / "j.xml").getroot()[0]
    assert (junit.get("tests"), junit.get("failures")) == ("2", "0")
    page = (tmp_path / "r" / "report.html").read_text()
    assert "PASS" in page and "Pushes" in page and page.count("no EGL here") == 2
    assert sorted(f.name for f in (tmp_path / "r").iterdir()) == ["report.html", "results.json"]
    assert not re.search(r"""(src|href)=["']?(https?:|//|file:)""", page)
    again = tmp_path / "b.json"
    assert gate(stand_file, "--gate", suite, "--threads", 2, "--json", again) == 0
    assert again.read_bytes() == (tmp_path / "a.json").read_bytes()


def test_a_falling_policy_fails_and_is_compared(
    stand_file, fall_file, suite, tmp_path, capsys
) -> None:
    files = ["--json", tmp_path / "a.json", "--junit", tmp_path / "j.xml"]
    assert gate(stand_file, "--gate", suite, "--compare", fall_file, "--threads", 1, *files) == 1
    stands, falls = json.loads((tmp_path / "a.json").read_text())
    assert stands["passed"] and not falls["passed"]
    assert falls["failing"] == ["nominal", "pushes"] and falls["score"] < stands["score"]
    assert "1 of 1" in falls["scenarios"][0]["reason"]
    assert ET.parse(tmp_path / "j.xml").getroot()[1].get("failures") == "2"
    assert "comparison" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args",
    [
        ["--gate", "nothing"],
        ["--gate", "g1"],
        ["--junit", "j.xml"],
        ["--gate", "default", "--video", "v.mp4"],
        ["--gate", "default", "--threads", "-1"],
    ],
)
def test_bad_input_is_one_line(stand_file, args, capsys) -> None:
    assert gate(stand_file, *args) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_an_interruption_leaves_nothing(stand_file, suite, tmp_path, monkeypatch) -> None:
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run_gate", interrupted)
    out = tmp_path / "out"
    files = ["--report", out, "--json", out / "a.json", "--junit", out / "j.xml"]
    assert gate(stand_file, "--gate", suite, *files) == 130
    assert not out.exists()
