"""The verdict follows the thresholds."""

from __future__ import annotations

import dataclasses

import pytest
from small_policy import make_contract

from amp_sdk.errors import InputError
from amp_sim2sim.check import BasicCheck, Targets, judge, passed
from amp_sim2sim.episode import Fall
from amp_sim2sim.evaluate import EpisodeResult, summarise


def result(number=0, fall=None, speed=1.0, **changes) -> EpisodeResult:
    values = EpisodeResult(
        number=number,
        fall=fall,
        survived_share=1.0 if fall is None else fall.time_s / 10.0,
        forward_speed_m_s=speed,
        lateral_speed_m_s=0.1,
        yaw_rate_rad_s=-0.2,
        joint_error_rad=0.07,
        pose_error_m=0.02,
        torque_rms_nm=(3.0, 4.0),
        saturation_share=(0.0, 0.5),
        action_roughness=0.1,
        limit_violation_share=0.0,
        limit_excess_rad=0.0,
        cost_of_transport=0.5,
    )
    return dataclasses.replace(values, **changes)


def verdict(results, target=1.0, mean_pose=0.24, **thresholds):
    summary = summarise(results, make_contract())
    criteria = judge(BasicCheck(**thresholds), summary, Targets(target, mean_pose, 0.06))
    return passed(criteria), {c.name: c for c in criteria}


def test_all_good_passes_and_the_joint_error_is_only_reported():
    ok, criteria = verdict([result(i) for i in range(4)])
    assert ok
    assert criteria["joint error to the clip"].passed is None
    assert criteria["joint error to the clip"].value == pytest.approx(0.07)
    assert "mean pose scores 0.240" in criteria["joint error to the clip"].text


@pytest.mark.parametrize(("falls", "ok"), [(0, True), (1, True), (2, False), (32, False)])
def test_at_most_five_percent_may_fall(falls, ok):
    results = [result(i, Fall(5.0, "tilted") if i < falls else None) for i in range(32)]
    assert verdict(results)[0] is ok


@pytest.mark.parametrize(
    ("speed", "target", "ok"),
    [
        (0.86, 1.0, True),
        (0.84, 1.0, False),
        (1.16, 1.0, False),
        (-0.86, -1.0, True),
        (0.04, 0.0, True),
        (0.06, 0.0, False),
        (9.0, None, True),
    ],
)
def test_speed_is_within_fifteen_percent_or_a_little(speed, target, ok):
    assert verdict([result(speed=speed)], target)[0] is ok


def test_episodes_that_end_before_a_second_leave_the_speed_unknown_and_fail():
    early = result(0, Fall(0.5, "tilted"), None, joint_error_rad=None)
    ok, criteria = verdict([early], min_no_fall_share=0.0)
    assert not ok and criteria["forward speed"].value is None
    # one that lasted tells
    assert verdict([early, result(1)], min_no_fall_share=0.0)[0]


@pytest.mark.parametrize(("limit", "ok"), [(0.075, True), (0.06, False)])
def test_the_joint_error_counts_where_a_limit_is_given(limit, ok):
    assert verdict([result()], max_joint_error_rad=limit)[0] is ok


def test_summaries_name_joints_and_measure_against_the_command():
    summary = summarise([result(), result(1, speed=2.0)], make_contract(joints=("hip", "knee")))
    assert summary.forward_speed_m_s == 1.5 and summary.forward_speed_max_m_s == 2.0
    assert summary.lateral_speed_error_m_s == pytest.approx(0.1)
    assert summary.yaw_rate_error_rad_s == pytest.approx(0.2)
    assert summary.torque_rms_nm == pytest.approx((12.5) ** 0.5)
    assert summary.saturation_joint_share == {"hip": 0.0, "knee": 0.5}


def test_senseless_thresholds_are_refused():
    with pytest.raises(InputError, match="min_no_fall_share"):
        BasicCheck(min_no_fall_share=95)
    with pytest.raises(InputError, match="max_joint_error_rad"):
        BasicCheck(max_joint_error_rad=0.0)
