"""The shipped policy passes where its damaged variants fail, and what fails is named.

A few scenarios of the default suite with its thresholds; the whole of it is
``python -m amp_sdk.bench separation``.
"""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import yaml

from amp_sdk import bench, load_policy
from amp_sdk.config import to_mapping
from amp_sdk.errors import InputError
from amp_sim2sim.bench.damage import FILES, delayed, history_reversed, joints_swapped, write_damaged
from amp_sim2sim.bench.separation import DELAYED, INTACT, UNDERTRAINED
from amp_sim2sim.gate.suite import load_suite


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """Nominal and two values of friction, one run of 4 s each."""
    whole = load_suite("default", "go2")
    friction = dataclasses.replace(whole.scenarios["friction"], values=(0.4, 1.2), repeats=1)
    nominal = dataclasses.replace(whole.scenarios["nominal"], repeats=1)
    chosen = {"nominal": nominal, "friction": friction}
    path = tmp_path_factory.mktemp("suite") / "small.yaml"
    suite = dataclasses.replace(whole, scenarios=chosen, duration_s=4.0)
    path.write_text(yaml.safe_dump(json.loads(json.dumps(to_mapping(suite)))))
    return path


def test_every_damaged_variant_fails_where_the_policy_passes(suite, tmp_path, capsys) -> None:
    out = tmp_path / "table.json"
    args = ["separation", "go2_trot", "--suite", str(suite), "--threads", "1", "--json", str(out)]
    assert bench.main(args) == 1, "two of the variants cannot be tested"
    said = capsys.readouterr()
    result = json.loads(out.read_text())
    by_name = {v["name"]: v for v in result["variants"]}
    assert set(by_name) == {INTACT, *FILES, DELAYED, UNDERTRAINED}
    assert result["not_tested"] == ["history reversed", UNDERTRAINED] and not result["wrong"]
    for name in set(by_name) - {INTACT, *result["not_tested"]}:
        variant = by_name[name]
        assert variant["passed"] is False and "nominal" in variant["failing"] and variant["why"]
    assert "normaliser removed" in said.out and said.out.endswith("\n6 of 8 tested\n")
    assert f"not tested: history reversed, {UNDERTRAINED}" in said.err


def test_a_policy_that_is_as_good_as_the_intact_one_is_wrong(suite, tmp_path, capsys) -> None:
    suite_of_one = yaml.safe_load(suite.read_text())
    suite_of_one["thresholds"] = {"max_fall_share": 1.0}
    for scenario in suite_of_one["scenarios"].values():
        scenario["thresholds"] = {}
    path = tmp_path / "blind.yaml"
    path.write_text(yaml.safe_dump({**suite_of_one, "duration_s": 3.0}))
    assert bench.main(["separation", "go2_trot", "--suite", str(path), "--threads", "1"]) == 1
    assert "wrong about: weights noised" in capsys.readouterr().err


def historical(history: int):
    """A contract with a history of its joint angles, and weights of one layer that count up."""
    contract = load_policy("go2_trot").contract
    terms = tuple(
        dataclasses.replace(t, history=history if t.name == "joint_pos" else 1)
        for t in contract.observation
    )
    contract = dataclasses.replace(contract, observation=terms, golden=_golden(contract, terms))
    columns = np.arange(float(contract.obs_dim))
    weights = {
        "normalizer_mean": columns.copy(),
        "normalizer_std": columns + 1.0,
        "weight_0": np.tile(columns, (12, 1)) + 1000.0 * np.arange(12.0)[:, None],
        "bias_0": np.arange(12.0),
    }
    return contract, weights


def _golden(contract, terms):
    width = sum(t.width for t in terms)
    return dataclasses.replace(
        contract.golden, obs=((0.0,) * width,), actions=((0.0,) * contract.action_dim,)
    )


def test_reversed_history_is_every_terms_own_and_nothing_else() -> None:
    contract, weights = historical(3)
    history_reversed(weights, contract)
    expected = np.concatenate(
        [np.arange(9), np.arange(33, 45), np.arange(21, 33), np.arange(9, 21)]
    )
    np.testing.assert_array_equal(weights["normalizer_mean"][:45], expected)
    np.testing.assert_array_equal(weights["weight_0"][0], weights["normalizer_mean"])
    with pytest.raises(InputError, match="no history"):
        history_reversed(weights, historical(1)[0])


def test_swapped_joints_are_swapped_in_what_is_seen_and_done() -> None:
    contract, weights = historical(2)
    joints_swapped(weights, contract)
    # thigh and calf of the first leg: in both samples of the angles, in the speeds, in the actions
    expected = np.arange(contract.obs_dim)
    for first in (9, 21, 33, 45):
        expected[[first + 1, first + 2]] = first + 2, first + 1
    np.testing.assert_array_equal(weights["normalizer_mean"], expected)
    assert weights["bias_0"].tolist() == [0.0, 2.0, 1.0, *range(3, 12)]


def test_a_delay_is_on_top_of_every_scenario() -> None:
    suite, contract = load_suite("default", "go2"), load_policy("go2_trot").contract
    late = delayed(suite, contract)
    assert list(late.scenarios) == list(suite.scenarios)
    for name, scenario in late.scenarios.items():
        for (_, _, ours), (_, _, theirs) in zip(
            scenario.grid(), suite.scenarios[name].grid(), strict=True
        ):
            assert ours.latency_s == pytest.approx(theirs.latency_s + 0.04)


def test_a_policy_of_other_tools_cannot_be_damaged(stand_file, tmp_path) -> None:
    with pytest.raises(InputError, match="normalizer_mean"):
        write_damaged(stand_file, "weights noised", tmp_path / "damaged.onnx")
