"""The bench of the loop runs both loops and compares what it says; no figure is tested."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from amp_sdk import bench
from amp_sdk.runtime.bench_loop import FIGURES


def test_both_loops_are_measured(tmp_path: Path, capsys) -> None:
    arguments = ["loop", "--seconds", "0.8", "--slice", "0.4", "--rates", "500"]
    files = ["--json", str(tmp_path / "b.json"), "--svg", str(tmp_path / "b.svg")]
    assert bench.main([*arguments, *files]) == 0
    result = json.loads((tmp_path / "b.json").read_text())
    (rate,) = result["rates"]
    for side in ("loop", "bare"):
        assert rate[side]["lateness"]["count"] > 10
        assert rate[side]["period"]["count"] > 10
    for name in FIGURES:
        ratio = rate["loop"]["lateness"][name] / rate["bare"]["lateness"][name]
        assert rate["lateness_ratios"][name] == pytest.approx(ratio)
    assert result["worst_ratio"] == max(rate["lateness_ratios"].values())
    assert result["passed"] == (result["worst_ratio"] <= result["limit"])
    assert (tmp_path / "b_500hz.svg").read_text().count("bare loop") >= 2
    assert "ratio" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--seconds", "1"], ["--slice", "0"], ["--rates", "9999"]])
def test_what_cannot_be_measured_is_refused(arguments, capsys) -> None:
    assert bench.main(["loop", "--seconds", "4", *arguments]) == 2
    assert "expected" in capsys.readouterr().err
