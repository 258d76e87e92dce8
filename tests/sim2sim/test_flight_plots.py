"""Plots of a flight record: every file is there and is a picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from flight_runs import Run, record_policy
from small_policy import make_contract, write_policy

from amp_sdk import replay
from amp_sdk._cli import guarded
from amp_sdk.policy import load_policy
from amp_sdk.runtime.flight_log import FlightLog

flight_plots = pytest.importorskip("amp_sim2sim.flight_plots")


@pytest.fixture
def record(tmp_path: Path) -> Path:
    write_policy(tmp_path / "toy.onnx", make_contract(("left_hip_joint", "knee")))
    record_policy(tmp_path / "run.flight", load_policy(tmp_path / "toy.onnx"))
    return tmp_path / "run.flight"


def test_the_replay_writes_every_plot(record: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "plots"
    assert guarded(lambda: replay.main([str(record), "--plots", str(folder)])) == 0
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "overview.svg",
        "joint_pos.svg",
        "joint_vel.svg",
        "joint_torque.svg",
        "timing.svg",
    }
    for name in names:
        assert ElementTree.parse(folder / name).getroot().tag.endswith("svg")
    assert "left hip" in (folder / "joint_pos.svg").read_text()
    assert capsys.readouterr().out.count("plot:") == len(names)


def test_the_same_record_gives_the_same_bytes(record: Path, tmp_path: Path) -> None:
    log = FlightLog(record)
    first = flight_plots.write_plots(log, tmp_path / "a")
    second = flight_plots.write_plots(log, tmp_path / "b")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_a_record_without_ticks_has_no_plots(tmp_path: Path) -> None:
    Run(tmp_path / "run", (), ("a",)).close()
    assert flight_plots.write_plots(FlightLog(tmp_path / "run"), tmp_path / "plots") == []
