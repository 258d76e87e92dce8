"""A watched simulation: what sliders and buttons do to it, and that it is a verification's own."""

from __future__ import annotations

import numpy as np
import pytest

import amp_sdk
from amp_sdk.errors import InputError
from amp_sim2sim import metrics
from amp_sim2sim.episode import DIVERGED, run_episode
from amp_sim2sim.view.history import LENGTH_S
from amp_sim2sim.view.session import ViewSession


def advance(session, seconds: float) -> None:
    for _ in range(round(seconds / session.period_s)):
        session.advance()


def heading_velocity(session) -> np.ndarray:
    sim = session.drive.sim
    return metrics.heading_velocity(sim.base_velocity[None, :3], sim.base_pose_w[None, 3:])[0]


@pytest.mark.parametrize("name", ["commanded_file", "fall_file"])
def test_left_alone_it_is_an_episode_of_a_verification(go2, model, name, request) -> None:
    policy = amp_sdk.load_policy(request.getfixturevalue(name))
    session = ViewSession(policy, seed=3)
    for number in range(2):
        log = run_episode(model, go2, policy, 3, number, 2.0)
        for period in range(len(log.action)):
            np.testing.assert_array_equal(session.drive.sim.base_pose_w[:3], log.base_pos_w[period])
            session.advance()
            np.testing.assert_array_equal(session.drive.action, log.action[period])
        session.advance()
        assert session.fall == log.fall
        session.reset()


def test_a_command_reaches_the_policy_within_its_range(go2, commanded_file, session) -> None:
    session.set_command("ang_vel_z", 0.3)
    session.set_command("lin_vel_x", 7.0)
    np.testing.assert_allclose(session.command, [1.0, 0.3])
    advance(session, 0.1)
    window = session.window()
    np.testing.assert_allclose(window.command[:, [0, 2]], [[1.0, 0.3]] * 5)
    assert np.isnan(window.command[:, 1]).all()
    session.reset()
    np.testing.assert_allclose(session.command, [1.0, 0.3])


def test_a_command_that_the_policy_does_not_take_is_refused(session) -> None:
    with pytest.raises(InputError, match="no command 'lin_vel_y'.* valid: ang_vel_z, lin_vel_x"):
        session.set_command("lin_vel_y", 0.3)


@pytest.mark.parametrize(("direction_deg", "expected"), [(90.0, (0, 1)), (0.0, (1, 0))])
def test_a_push_changes_the_velocity_in_its_direction_once(
    session, direction_deg, expected
) -> None:
    advance(session, 1.0)
    session.push(0.4, direction_deg)
    advance(session, 0.1)
    velocity = heading_velocity(session)
    along = float(velocity @ np.array(expected))
    assert 0.1 < along < 0.6 and np.abs(velocity).argmax() == np.argmax(expected)
    advance(session, 2.0)
    assert np.linalg.norm(heading_velocity(session)) < 0.05
    assert not session.drive.sim.data.xfrc_applied.any()


def test_a_fall_is_told_and_reset_stands_up_again(session) -> None:
    session.push(6.0, 90.0)
    advance(session, 2.0)
    assert session.fall is not None and 0.0 < session.fall.time_s < 2.0
    session.reset()
    assert session.fall is None and session.time_s == 0.0 and len(session.window().time_s) == 0
    advance(session, 1.0)
    assert session.fall is None


def test_a_paused_simulation_stands_still(session) -> None:
    advance(session, 0.2)
    before = session.drive.sim.data.qpos.copy()
    session.paused = True
    advance(session, 0.2)
    np.testing.assert_array_equal(session.drive.sim.data.qpos, before)
    session.paused = False
    session.advance()
    assert (session.drive.sim.data.qpos != before).any()


def test_a_diverged_simulation_is_paused(session) -> None:
    session.drive.sim.data.qvel[:] = np.nan
    session.advance()
    assert session.paused and session.fall is not None and session.fall.reason == DIVERGED


def test_the_plots_show_the_last_seconds(session) -> None:
    advance(session, LENGTH_S + 1.0)
    window = session.window()
    assert len(window.time_s) == round(LENGTH_S / session.period_s)
    assert window.time_s[-1] - window.time_s[0] == pytest.approx(LENGTH_S - session.period_s)
    limit = session.contract.joint_array("effort_limit_nm")
    assert (np.abs(window.torque_nm) <= limit).all() and np.abs(window.torque_nm).max() > 1.0
    np.testing.assert_allclose(window.target_rad, [session.drive.target_rad] * 500)
