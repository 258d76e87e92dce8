"""Suites: typed, checked, one for each robot."""

from __future__ import annotations

import pytest
from small_policy import CommandTerm, make_contract

from amp_sdk.config import from_mapping
from amp_sdk.errors import InputError
from amp_sim2sim.gate.conditions import Conditions
from amp_sim2sim.gate.plan import commands, not_applicable, plan
from amp_sim2sim.gate.suite import Scenario, Suite, Thresholds, load_suite

ONE = {"robots": ["go2"], "thresholds": {}, "scenarios": {"one": {"about": "text"}}}


@pytest.mark.parametrize("robot", ["go2", "g1_29dof", "g1_23dof", "g1_12dof"])
def test_a_default_ships(robot: str) -> None:
    suite = load_suite("default", robot)
    assert sum(len(s.grid()) * s.repeats for s in suite.scenarios.values()) >= 200
    for needed in ("nominal", "pushes", "friction", "latency", "slope", "motor_model"):
        assert needed in suite.scenarios


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scenarios": {"one": {"about": "x", "valeus": [1]}}}, "valeus.*values"),
        ({"scenarios": {"one": {"about": "x", "vary": "frictoin", "values": [1]}}}, "friction"),
        ({"scenarios": {"one": {"about": "x", "vary": "friction"}}}, "vary and values"),
        ({"scenarios": {"one": {"about": "x", "vary": "friction", "values": [-1.0]}}}, "friction"),
        ({"scenarios": {"one": {"about": "x", "conditions": {"cone": "round"}}}}, "cone"),
        ({"thresholds": {"max_fall_share": -0.1}}, "max_fall_share"),
        ({"scenarios": {}}, "at least one"),
    ],
)
def test_a_mistake_is_named(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_mapping(Suite, {**ONE, **change}, "suite.yaml")


def test_a_suite_is_for_its_robots() -> None:
    with pytest.raises(InputError, match="go2"):
        load_suite("go2", "g1_29dof")
    with pytest.raises(InputError, match="go2"):
        load_suite("go3", "go2")


def test_a_scenario_replaces_single_thresholds() -> None:
    base = Thresholds(max_fall_share=0.0, max_speed_error=0.3)
    merged = base.overridden(Thresholds(max_speed_error=0.1))
    assert merged == Thresholds(max_fall_share=0.0, max_speed_error=0.1)


def test_a_grid_is_every_value_in_every_direction() -> None:
    scenario = Scenario(
        "x",
        vary="push_m_s",
        values=(0.5, 1.0),
        across="push_direction_deg",
        across_values=(0.0, 90.0),
    )
    conditions = [c for _, _, c in scenario.grid()]
    assert {(c.push_m_s, c.push_direction_deg) for c in conditions} == {
        (0.5, 0.0),
        (0.5, 90.0),
        (1.0, 0.0),
        (1.0, 90.0),
    }


def test_what_the_contract_does_not_offer_is_skipped_with_a_reason() -> None:
    fixed = make_contract(commands=[CommandTerm("lin_vel_x", 0.9, 0.9, 0.9)])
    wide = make_contract(commands=[CommandTerm("lin_vel_x", -0.5, 1.5, 0.7)])
    sweep = Scenario("x", vary="forward_share", values=(0.0, 1.0))
    stop = Scenario("x", conditions=Conditions(command_profile="stop"))
    assert "single value" in not_applicable(sweep, fixed)
    assert "zero" in not_applicable(stop, fixed)
    assert not_applicable(sweep, wide) == "" and not_applicable(stop, wide) == ""
    suite = Suite(("toy",), {"a": sweep, "b": Scenario("x")}, Thresholds())
    runs, skipped = plan(suite, fixed)
    assert {run.scenario for run in runs} == {"b"} and list(skipped) == ["a"]


def test_commands_stay_in_the_contracts_range() -> None:
    contract = make_contract(commands=[CommandTerm("lin_vel_x", -0.5, 1.5, 0.7)])
    for share, value in ((0.0, -0.5), (0.25, 0.0), (1.0, 1.5), (None, 0.7)):
        table, changes = commands(contract, Conditions(forward_share=share), 10)
        assert table.shape == (10, 1) and (table == value).all() and changes == ()
    table, changes = commands(contract, Conditions(command_profile="step"), 10)
    assert table[:5].tolist() == [[-0.5]] * 5 and table[5:].tolist() == [[1.5]] * 5
    assert changes == (5,)
