"""The gate's throughput: what is compared is the same work."""

from __future__ import annotations

import json

import pytest

from amp_sdk import bench
from amp_sdk.errors import CheckFailedError
from amp_sim2sim.bench import gate

SUITE = """
robots: [go2]
duration_s: 3.0
thresholds: {}
scenarios:
  pushes: {about: pushed, repeats: 2, conditions: {push_m_s: 0.3}}
  stairs: {about: other floor, repeats: 1, conditions: {terrain: steps, terrain_height_m: 0.02}}
"""


@pytest.fixture
def suite(tmp_path):
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE)
    return path


def test_it_takes_the_same_steps_and_says_how_fast(suite, tmp_path, capsys) -> None:
    out = tmp_path / "figures.json"
    args = ["gate", "--suite", suite, "--duration", 0.3, "--rounds", 1, "--threads", 1]
    assert bench.main([*map(str, args), "--json", str(out)]) == 0
    figures = json.loads(out.read_text())["figures"]
    assert figures["runs"] == 3 and figures["steps"] == 3 * 150
    assert figures["ratio"] == figures["bare_s"] / figures["gate_s"] > 0.0
    assert "bare Batch.step" in capsys.readouterr().out


def test_other_states_are_not_compared(suite) -> None:
    from amp_sdk import load_policy, robots
    from amp_sim2sim.gate.conditions import Conditions
    from amp_sim2sim.gate.plan import Run

    def simulation(kind):
        runs = [Run("x", None, None, 0, Conditions())]
        return kind(load_policy("go2_trot"), robots.load("go2"), runs, 0.1, 0, 1)

    taped = simulation(gate._Taped)
    taped.run()
    end = taped.bodies.state()
    assert gate.Tape(taped.moves, end).seconds(simulation(gate.Simulation).bodies) > 0.0
    with pytest.raises(CheckFailedError, match="another state"):
        gate.Tape(taped.moves, end + 1e-9).seconds(simulation(gate.Simulation).bodies)


@pytest.mark.parametrize("args", [["--rounds", "0"], ["--duration", "-1"], ["--suite", "none"]])
def test_bad_input_is_one_line(args, capsys) -> None:
    assert bench.main(["gate", *args]) == 2
    assert capsys.readouterr().err.startswith("error: ")
