"""The measurement's policy is a whole one, and its limit is kept."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest

from amp_sdk import bench as dispatch
from amp_sdk import load_policy, robots
from amp_sdk.errors import InputError
from amp_sdk.runtime import bench
from amp_sdk.runtime.bench_policy import policy_file


@pytest.fixture(scope="module")
def data():
    return policy_file(robots.load("g1_29dof"), history=2, hidden=(8, 4))


def test_the_file_is_one_that_onnx_and_the_package_take(data, tmp_path):
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    (tmp_path / "p.onnx").write_bytes(data)
    policy = load_policy(tmp_path / "p.onnx")  # compares golden vectors, made in NumPy
    assert policy.contract.obs_dim == 2 * (3 + 3 + 3 + 29 + 29 + 29)
    assert np.abs(policy.contract.golden.actions).max() > 0.1


def test_both_ways_run_the_same_network(data):
    ways = bench.ways_to_run(data)
    for way in ways.values():
        way()
    assert set(ways) == {"step", "network"}


@pytest.mark.parametrize(("network", "status"), [(1.0, 0), (0.5, 1)])
def test_the_limit_decides(monkeypatch, tmp_path, capsys, network, status):
    monkeypatch.setattr(bench, "median_times", lambda ways, n: {"step": 1.2, "network": network})
    monkeypatch.setattr(bench, "HIDDEN", (4,))
    monkeypatch.setattr(bench, "_pin_to_one_core", lambda: "no core")
    file = tmp_path / "r.json"
    assert dispatch.main(["runtime", "--check", "--json", str(file)]) == status
    result = json.loads(file.read_text())
    assert result["passed"] == (status == 0) and result["ratio"] == 1.2 / network
    captured = capsys.readouterr()
    assert "us" in captured.out and ("times the network" in captured.err) == bool(status)


def test_no_rounds_is_refused():
    with pytest.raises(InputError, match="--rounds"):
        bench.main(["--rounds", "0"])
