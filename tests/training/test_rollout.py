"""Rollouts: true terminal states, windows that never span a restart, and the critic's inputs."""

from __future__ import annotations

import torch
from small_session import small_recipe

from amp_training.build import build_session
from amp_training.rollout import gaussian_log_prob
from amp_training.terms import privileged_observation


def identity(windows: torch.Tensor) -> torch.Tensor:
    return windows.flatten(1)


def collected(window: int = 3):
    """Two rollouts of a session whose episodes last four steps."""
    session = build_session(
        small_recipe("episode.length_s=0.11", f"discriminator.window={window}", "ppo.horizon=9")
    )
    learner = session.learner
    learner.rollout.collect(session.environment, learner.actor, session.generator)
    learner.rollout.discriminator_windows(identity)
    trail = learner.rollout._trail.clone()
    learner.rollout.collect(session.environment, learner.actor, session.generator)
    return session, learner.rollout, trail


def test_windows_end_with_the_step_and_never_span_a_restart() -> None:
    session, rollout, trail = collected()
    windows = rollout.discriminator_windows(identity).unflatten(-1, (3, -1))
    assert rollout.done.any()
    torch.testing.assert_close(windows[:, :, -1], rollout.state)
    for t in range(rollout.horizon):
        for n in range(session.environment.num_envs):
            if t == 0:
                before = trail[n]
            elif rollout.done[t - 1, n]:
                ids, starts = rollout._restarts[t - 1]
                before = starts[ids.tolist().index(n)]
            else:
                before = windows[t - 1, n]
            torch.testing.assert_close(windows[t, n, :-1], before[1:])


def test_the_last_state_of_an_episode_is_the_true_one() -> None:
    """Moving on from the start would be a jump of the joints; the stored state is continuous."""
    session, rollout, _ = collected()
    layout = session.environment.backend.layout
    state = layout.view(rollout.state)
    for t, n in torch.nonzero(rollout.done[1:]).tolist():
        if rollout.done[t, n]:
            continue  # the episode began in this step
        joint_step = (state.joint_pos[t + 1, n] - state.joint_pos[t, n]).abs().max()
        assert joint_step < 0.02 * 40.0
        start = dict(
            zip(rollout._restarts[t + 1][0].tolist(), rollout._restarts[t + 1][1], strict=True)
        )[n]
        assert not torch.allclose(start[-1], rollout.state[t + 1, n])


def test_critic_sees_the_state_before_and_the_true_state_after() -> None:
    session, rollout, trail = collected()
    before, after = rollout.critic_inputs(session.environment)
    view = session.environment.backend.layout.view
    width = rollout.observation.shape[-1]
    torch.testing.assert_close(after[..., width:], privileged_observation(view(rollout.state)))
    torch.testing.assert_close(before[0, :, width:], privileged_observation(view(trail[:, -1])))
    for t in range(1, rollout.horizon):
        stay = ~rollout.done[t - 1]
        torch.testing.assert_close(before[t, stay], after[t - 1, stay])
        for n, start in zip(
            rollout._restarts[t - 1][0].tolist(), rollout._restarts[t - 1][1], strict=True
        ):
            expected = privileged_observation(view(start[-1]))
            torch.testing.assert_close(before[t, n, width:], expected)


def test_action_change_is_not_counted_over_a_restart() -> None:
    _, rollout, _ = collected()
    change = rollout.action_change()
    assert (change[1:][rollout.done[:-1]] == 0).all()
    assert (change[1:][~rollout.done[:-1]] > 0).all()


def test_action_change_begins_anew_after_a_rollout_that_ended_episodes() -> None:
    session, rollout, _ = collected()
    ended = rollout.done[-1].clone()
    while not ended.any():
        session.learner.rollout.collect(
            session.environment, session.learner.actor, session.generator
        )
        ended = rollout.done[-1].clone()
    rollout.discriminator_windows(identity)
    rollout.collect(session.environment, session.learner.actor, session.generator)
    change = rollout.action_change()[0]
    assert (change[ended] == 0).all()
    assert (change[~ended] > 0).all()


def test_log_prob_equals_torch() -> None:
    noise, log_std = torch.randn(5, 3), torch.randn(3)
    normal = torch.distributions.Normal(torch.zeros(3), log_std.exp())
    expected = normal.log_prob(noise * log_std.exp()).sum(-1)
    torch.testing.assert_close(gaussian_log_prob(noise, log_std), expected)
