"""The verdict: which point fails, how far a sweep goes, the files that say so."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from amp_sim2sim.episode import Fall
from amp_sim2sim.gate.conditions import Conditions
from amp_sim2sim.gate.measure import Measures, RunResult
from amp_sim2sim.gate.plan import plan_scenario
from amp_sim2sim.gate.suite import Scenario, Thresholds
from amp_sim2sim.gate.verdict import judge_scenario

GOOD = Measures(0.1, 0.0, 0.0, 0.0, 0.1, 0.8, 0.0, None)
LIMITS = Thresholds(max_fall_share=0.0, max_speed_error=0.2, max_joint_error_rad=0.1)


def judge(scenario: Scenario, falls_above: float, below: float = -1e9, reason: str = "tilted"):
    results = []
    for run in plan_scenario("s", scenario):
        fell = run.value is not None and not below <= run.value <= falls_above
        results.append(RunResult(run, Fall(1.0, reason) if fell else None, GOOD))
    return judge_scenario("s", scenario, LIMITS, results)


def test_only_required_points_decide() -> None:
    scenario = Scenario("x", "push_m_s", (0.5, 1.0, 1.5), (0.0, 0.5))
    result = judge(scenario, 1.2)
    assert result.status == "pass" and result.pass_share == 2 / 3
    reach = result.reach[0]
    assert (reach.passes_up_to, reach.fails_up_at, reach.ratio) == (1.0, 1.5, 2.0)
    assert "tilted" in reach.why


def test_a_failed_point_is_named_with_its_reason() -> None:
    result = judge(Scenario("x", "push_m_s", (0.5, 1.0), (0.0, 1.0)), 0.7)
    assert result.status == "fail"
    assert "push_m_s 1" in result.reason and "2 of 2 fell (tilted)" in result.reason


def test_what_the_robots_own_loop_ended_is_called_damped() -> None:
    result = judge(Scenario("x", "push_m_s", (0.5, 1.0)), 0.7, reason="controller: gyro")
    assert result.status == "fail" and result.points[1].damped == 2
    assert "2 of 2 damped (controller: gyro)" in result.reason and "fell" not in result.reason


def test_a_two_sided_sweep_is_searched_from_neutral() -> None:
    values = (0.2, 0.4, 0.8, 1.2, 1.6)
    scenario = Scenario("x", "friction", values, (0.4, 1.2), neutral=0.8)
    reach = judge(scenario, 1.3, below=0.3).reach[0]
    assert (reach.passes_down_to, reach.passes_up_to) == (0.4, 1.2)
    assert (reach.fails_down_at, reach.fails_up_at) == (0.2, 1.6)


def test_a_number_that_is_none_has_not_passed() -> None:
    nan = Measures(float("nan"), 0.0, 0.0, 0.0, 0.0, None, None, None)
    run = plan_scenario("s", Scenario("x", repeats=1))[0]
    result = judge_scenario("s", Scenario("x", repeats=1), LIMITS, [RunResult(run, None, nan)])
    assert result.status == "fail"


def test_margins_are_shares_of_the_limit() -> None:
    result = judge(Scenario("x", conditions=Conditions(friction=0.5)), 0.0)
    assert result.margin == 0.5 and result.status == "pass"


def test_junit_holds_any_text(tmp_path) -> None:
    from amp_sim2sim.gate.junit import _clean

    text = _clean("a\x00b <&> \ud800 é")
    root = ET.Element("x", message=text)
    assert ET.fromstring(ET.tostring(root, encoding="unicode")).get("message") == text
