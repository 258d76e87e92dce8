"""Quantiles, and the same figures in table, bars, JSON and picture."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_sdk._cli import write_json
from amp_sdk.runtime._native import native
from amp_sdk.runtime.timing import Distribution, report_mapping, report_text
from amp_sdk.runtime.timing_picture import write_svg


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=200))
def test_quantiles_are_those_of_sorting(values) -> None:
    found = Distribution.of_samples("lateness", np.array(values))
    ordered = sorted(values)
    for share, seconds in ((0.5, found.median_s), (0.99, found.p99_s), (0.999, found.p999_s)):
        rank = max(1, int(np.ceil(share * len(ordered))))
        assert seconds == pytest.approx(ordered[rank - 1] * 1e-9)
    assert found.min_s == pytest.approx(ordered[0] * 1e-9)
    assert found.max_s == pytest.approx(ordered[-1] * 1e-9)
    assert found.counts.sum() == found.count == len(values)
    assert (np.diff(found.edges_s) > 0).all()


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=100))
def test_the_loops_histogram_says_the_same_to_its_resolution(values) -> None:
    histogram = native().Histogram()
    histogram.add_all(np.array(values, np.int64))
    exact = Distribution.of_samples("lateness", np.array(values))
    halves = [native().Histogram(), native().Histogram(), native().Histogram()]
    for i, half in enumerate(halves[:2]):
        half.add_all(np.array(values, np.int64)[i::2])
    found = Distribution.of_histograms("lateness", [histogram])
    joined = Distribution.of_histograms("lateness", halves)
    assert joined.median_s == found.median_s and (joined.counts == found.counts).all()
    for name in ("min_s", "median_s", "p99_s", "p999_s", "max_s"):
        assert getattr(found, name) == pytest.approx(getattr(exact, name), rel=1 / 256, abs=1e-9)
    assert found.count == exact.count == found.counts.sum()


def sample(name: str = "period") -> Distribution:
    rng = np.random.default_rng(0)
    return Distribution.of_samples(name, (2e6 + rng.normal(size=5000) * 3e4).astype(np.int64))


def test_text_and_picture(tmp_path: Path) -> None:
    wide = Distribution.of_samples("lateness", np.array([900] * 1000 + [5_000_000]))
    nothing = Distribution.of_samples("policy_latency", np.array([], np.int64))
    text = report_text([sample(), wide, nothing])
    assert "period" in text and "5000.0" in text and "policy_latency" not in text
    write_svg(tmp_path / "t.svg", [sample(), wide, nothing], "Go2 <first> & only")
    root = ElementTree.parse(tmp_path / "t.svg").getroot()
    bars = root.findall(".//{http://www.w3.org/2000/svg}rect")
    filled = (sample().counts > 0).sum() + (wide.counts > 0).sum()
    assert len(bars) == 1 + filled
    assert all(float(bar.get("height", "1").rstrip("%")) > 0 for bar in bars)


def test_nothing_timed(tmp_path: Path) -> None:
    nothing = [Distribution.of_histograms("period", [native().Histogram()])]
    assert report_text(nothing) == "no tick was timed"
    write_svg(tmp_path / "t.svg", nothing, "none")
    write_json(tmp_path / "t.json", report_mapping(nothing))
    assert json.loads((tmp_path / "t.json").read_text())["period"]["median_s"] is None
