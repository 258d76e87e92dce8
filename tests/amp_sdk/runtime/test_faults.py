"""Every fault damps the robot in time: bad values in the tick that sees them, silence within its
time-out and one tick. Deterministic; the figures go to the test report as properties."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from runtime_rig import (
    DAMP,
    PERIOD_TICKS,
    POLICY,
    SETTINGS,
    STAND,
    STOP,
    TIMEOUT_TICKS,
    Rig,
    is_damped,
)

from amp_sdk.runtime import fault_names
from amp_sdk.runtime import messages as m

STATE_TIMEOUT_TICKS = round(SETTINGS.safety.state_timeout_s / SETTINGS.period_s)


def setter(field: str, value: float, index: int | None = None) -> Callable[[np.ndarray], None]:
    def change(message: np.ndarray) -> None:
        if index is None:
            message[field] = value
        else:
            message[field][index] = value

    return change


BAD_STATES = {
    "NaN in a joint angle": (setter("joint_pos", np.nan, 3), "state_not_finite"),
    "NaN in a joint speed": (setter("joint_vel", np.nan, 11), "state_not_finite"),
    "infinite gyro": (setter("gyro_b", -np.inf, 1), "state_not_finite"),
    "NaN attitude": (setter("quat_wxyz", np.nan, 0), "state_not_finite"),
    "dead IMU": (setter("quat_wxyz", 0.0), "imu"),
    "IMU tilted past the limit": (setter("quat_wxyz", 0.6, 2), "tilt"),
    "turning too fast": (setter("gyro_b", 20.0, 2), "gyro"),
    "joint past its limit": (setter("joint_pos", 1.2, 0), "joint_limit"),
    "joint too fast": (setter("joint_vel", -50.0, 4), "joint_velocity"),
    "torque over its limit": (setter("joint_torque", 40.0, 1), "joint_torque"),
    "motor too hot": (setter("motor_temperature_c", 95.0, 5), "temperature"),
    "battery empty": (setter("battery_percent", 1.0), "battery"),
}
BAD_ANSWERS = {
    "NaN action": (setter("action", np.nan, 2), "target_not_finite"),
    "infinite action": (setter("action", np.inf, 2), "target_not_finite"),
    "NaN target": (setter("target", np.nan, 7), "target_not_finite"),
    "action out of range": (setter("action", -60.0, 2), "action_range"),
    "answer to no measurement": (setter("state_tick", 10**9), "target_invalid"),
}
BAD_OPERATORS = {
    "emergency stop": (setter("estop", 1), "estop"),
    "dead-man let go": (setter("deadman_ns", 0), "deadman"),
    "NaN command": (setter("velocity_command", np.nan, 0), "operator_invalid"),
    "unknown mode": (setter("requested_mode", 17), "operator_invalid"),
    "policy that is not there": (setter("requested_policy", 3), "operator_invalid"),
}


@pytest.mark.parametrize("case", BAD_STATES)
def test_a_bad_measurement_damps_in_its_own_tick(case: str, record_property: Callable) -> None:
    change, fault = BAD_STATES[case]
    rig = Rig()
    rig.run_policy()
    rig.sense = change
    expect(rig, rig.ticks_until_damped(1), fault, record_property)


@pytest.mark.parametrize("case", BAD_OPERATORS)
def test_the_operator_damps_in_one_tick(case: str, record_property: Callable) -> None:
    change, fault = BAD_OPERATORS[case]
    rig = Rig()
    rig.run_policy()
    rig.ask = change
    expect(rig, rig.ticks_until_damped(1), fault, record_property)


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_a_bad_answer_damps_in_the_tick_that_gets_it(case: str, record_property: Callable) -> None:
    change, fault = BAD_ANSWERS[case]
    rig = Rig()
    rig.run_policy()
    while rig.robot_tick % PERIOD_TICKS != PERIOD_TICKS - 1:
        rig.tick()
    rig.answer = change
    rig.tick()  # the policy thinks after this tick, and its answer is there in the next
    assert rig.mode == POLICY
    expect(rig, rig.ticks_until_damped(1), fault, record_property)


def expect(rig: Rig, ticks: int, fault: str, record_property: Callable) -> None:
    """The fault is named, counted from the right tick, and stays when its reason has gone."""
    record_property("reaction_ticks", ticks)
    status = rig.controller.status
    assert fault in fault_names(status["first_faults"])
    assert status["fault_tick"] == status["tick"]
    nothing = Rig()
    rig.sense, rig.answer, rig.ask = nothing.sense, nothing.answer, nothing.ask
    for _ in range(50):
        assert is_damped(rig.tick())
    assert fault in rig.faults and rig.mode == DAMP


def silent(rig: Rig) -> None:
    """Killed, stopped or hanging: for the loop it is all the same."""
    rig.answer = lambda target: False


def late(rig: Rig) -> None:
    """Every answer takes three periods."""
    rig.latency_ticks = 3 * PERIOD_TICKS


def slow(rig: Rig) -> None:
    """Only every third answer comes."""
    rig.answer = lambda target: int(target["sequence"]) % 3 == 0


@pytest.mark.parametrize("failure", [silent, late, slow])
def test_a_stale_policy_damps_within_its_time_out_and_a_tick(
    failure: Callable, record_property: Callable
) -> None:
    rig = Rig()
    rig.run_policy()
    while rig.robot_tick % PERIOD_TICKS != 0:
        rig.tick()
    rig.tick()  # the answer to the tick before has come: it is one tick old
    failure(rig)
    ticks = 1 + rig.ticks_until_damped(3 * TIMEOUT_TICKS)
    age_ticks = int(rig.controller.status["timing"]["target_age_ns"]) // rig.dt_ns
    record_property("age_of_the_answer_ticks", age_ticks)
    record_property("time_out_ticks", TIMEOUT_TICKS)
    assert age_ticks == TIMEOUT_TICKS + 1
    assert ticks >= TIMEOUT_TICKS and rig.faults == ("target_stale",)


def test_a_policy_that_comes_back_does_not_move_the_robot() -> None:
    rig = Rig()
    rig.run_policy()
    silent(rig)
    rig.ticks_until_damped(TIMEOUT_TICKS + PERIOD_TICKS)
    rig.answer = lambda target: True
    for _ in range(5 * PERIOD_TICKS):
        assert is_damped(rig.tick())


def test_a_late_answer_within_the_time_out_is_no_fault() -> None:
    rig = Rig()
    rig.latency_ticks = PERIOD_TICKS
    rig.run_policy()
    rig.ticks(20 * PERIOD_TICKS)
    assert rig.mode == POLICY


def frozen(state: np.ndarray) -> None:
    state["tick"] = 1


def delayed(state: np.ndarray) -> None:
    state["time_ns"] -= 2 * round(1e9 * SETTINGS.safety.state_timeout_s)


def of_the_future(state: np.ndarray) -> None:
    state["time_ns"] += 1_000_000_000


@pytest.mark.parametrize(
    ("change", "fault", "limit"),
    [
        (lambda state: False, "state_stale", STATE_TIMEOUT_TICKS + 1),
        (frozen, "state_frozen", STATE_TIMEOUT_TICKS + 2),  # the first one is a change
        (delayed, "state_stale", 1),
        (of_the_future, "state_stale", 1),
    ],
    ids=["silent", "frozen", "delayed", "of the future"],
)
def test_measurements_that_do_not_come(
    change: Callable, fault: str, limit: int, record_property: Callable
) -> None:
    rig = Rig()
    rig.run_policy()
    rig.sense = change
    rig.answer = lambda target: False if fault == "state_frozen" else None
    ticks = rig.ticks_until_damped(limit)
    record_property("reaction_ticks", ticks)
    record_property("time_out_ticks", STATE_TIMEOUT_TICKS)
    assert fault in rig.faults


def test_half_of_the_measurements_dropped(record_property: Callable) -> None:
    rig = Rig()
    rig.run_policy()
    rig.sense = lambda state: int(state["tick"]) % 2 == 0
    ticks = rig.ticks_until_damped(100)
    record_property("reaction_ticks", ticks)
    # missing: 1/2 of the time; forgiven: 1/6 of it
    expected = SETTINGS.safety.state_loss_time_s / SETTINGS.period_s * 3.0
    assert abs(ticks - expected) <= 3 and rig.faults == ("state_loss",)


def test_a_fifth_of_the_measurements_dropped_is_no_fault() -> None:
    rig = Rig()
    rig.run_policy()
    rig.sense = lambda state: int(state["tick"]) % 5 != 1
    rig.ticks(3000)
    assert rig.mode == POLICY


def test_a_loop_that_stood_still_damps() -> None:
    rig = Rig()
    rig.run_policy()
    rig.time_ns += 10 * rig.dt_ns
    assert rig.ticks_until_damped(1) == 1
    assert "overrun" in rig.faults


@pytest.mark.parametrize("case", BAD_STATES)
def test_standing_is_watched_too(case: str) -> None:
    rig = Rig()
    rig.tick()
    rig.request(STAND)
    rig.ticks(30)
    assert rig.mode == STAND
    rig.sense = BAD_STATES[case][0]
    assert rig.ticks_until_damped(1) == 1


@pytest.mark.parametrize("case", BAD_STATES)
def test_a_fault_in_stop_stays_stop_and_lets_nobody_stand(case: str) -> None:
    rig = Rig()
    rig.sense = BAD_STATES[case][0]
    for mode in (STOP, STAND):
        rig.request(mode)
        for _ in range(5):
            command = rig.tick()
            assert rig.mode <= DAMP and np.all(command["kp"] == 0.0)
    rig.sense = lambda state: True
    rig.ticks(200)
    assert rig.mode == DAMP  # nothing stands up because a fault went away


def test_faults_clear_only_by_the_operator_and_only_without_their_reason() -> None:
    rig = Rig()
    rig.run_policy()
    rig.sense = BAD_STATES["IMU tilted past the limit"][0]
    rig.ticks(2)
    rig.request(DAMP)
    rig.operator["clear_fault"] = 1
    rig.ticks(3)
    assert rig.faults == ("tilt",)
    rig.sense = lambda state: True
    rig.ticks(3)
    assert rig.faults == ()
    rig.run_policy()


def test_every_fault_of_the_loop_itself_damps() -> None:
    for name in ("driver", "orphan"):
        rig = Rig()
        rig.run_policy()
        state = rig.state.copy()
        state["time_ns"], state["tick"] = rig.time_ns + rig.dt_ns, rig.robot_tick + 1
        command = rig.controller.step(rig.time_ns + rig.dt_ns, state, loop_faults=m.fault_bit(name))
        assert is_damped(command) and rig.faults == (name,)


def test_no_dead_man_where_none_is_asked_for() -> None:
    safety = dataclasses.replace(SETTINGS.safety, deadman_timeout_s=0.0)
    rig = Rig(dataclasses.replace(SETTINGS, safety=safety))
    rig.ask = setter("deadman_ns", 0)
    rig.run_policy()
