"""Returns, PPO terms and a whole iteration."""

from __future__ import annotations

import torch
from small_session import small_recipe

from amp_sdk import kernels
from amp_training.build import Session, build_session
from amp_training.ppo_losses import bound_loss, clipped_surrogate, clipped_value_loss, gaussian_kl


def test_time_out_bootstraps_and_failure_does_not() -> None:
    reward, value = torch.zeros(1, 2), torch.zeros(1, 2)
    following = torch.full((1, 2), 10.0)
    failed, done = torch.tensor([[0.0, 1.0]]), torch.ones(1, 2)
    advantage, _ = kernels.gae(reward, value, following, failed, done, 0.99, 0.95)
    torch.testing.assert_close(advantage, torch.tensor([[9.9, 0.0]]))


def test_advantage_does_not_leak_over_a_time_out() -> None:
    reward = torch.tensor([[0.0], [100.0]])
    zero = torch.zeros(2, 1)
    done = torch.tensor([[1.0], [0.0]])
    advantage, _ = kernels.gae(reward, zero, zero, zero, done, 0.99, 0.95)
    assert float(advantage[0, 0]) == 0.0


def test_ppo_terms() -> None:
    one = torch.ones(1)
    assert float(clipped_surrogate(1.5 * one, one, 0.2)) == -1.2000000476837158
    assert float(clipped_surrogate(0.5 * one, -one, 0.2)) == 0.800000011920929
    assert float(clipped_value_loss(5.0 * one, one, 5.0 * one, 0.2)) > 14.0
    assert float(clipped_value_loss(5.0 * one, one, 5.0 * one, None)) == 0.0
    mean = torch.tensor([[1.5, 0.5], [-2.0, 0.0]])
    torch.testing.assert_close(bound_loss(mean), torch.tensor((0.25 + 1.0) / 2))
    zero = torch.zeros(4, 3)
    assert float(gaussian_kl(zero, torch.zeros(3), zero, torch.zeros(3))) == 0.0
    p = torch.distributions.Normal(zero, torch.ones(3))
    q = torch.distributions.Normal(zero + 0.5, 2.0 * torch.ones(3))
    expected = torch.distributions.kl_divergence(p, q).sum(-1).mean()
    found = gaussian_kl(zero, torch.zeros(3), zero + 0.5, torch.full((3,), 2.0).log())
    torch.testing.assert_close(found, expected)


def test_iteration_changes_every_network_and_reports(session: Session) -> None:
    learner = session.learner
    networks = (learner.actor, learner.critic, learner.prior.network)
    learned = [p for n in networks for p in n.parameters() if p.requires_grad]
    before = [p.clone() for p in learned]
    stats = learner.iterate(0)
    assert all(not torch.equal(a, b) for a, b in zip(before, learned, strict=True))
    assert 0.0 <= stats.shares.style_share <= 1.0
    assert float(learner.actor.normalizer.count) == 8 * 6


def test_the_average_follows_the_actor(session: Session) -> None:
    """Averaging with decay d: slow' = d slow + (1 - d) fast, with the newest statistics."""
    ppo = session.learner.ppo
    before = [p.clone() for p in ppo.average.parameters()]
    session.learner.iterate(0)
    for old, slow, fast in zip(
        before, ppo.average.parameters(), ppo.actor.parameters(), strict=True
    ):
        torch.testing.assert_close(slow, 0.95 * old + 0.05 * fast)


def test_no_window_that_ends_in_a_fall_reaches_the_prior(monkeypatch) -> None:
    session = build_session(small_recipe("episode.max_tilt_rad=0.03", "ppo.horizon=12"))
    learner = session.learner
    seen = []
    update = learner.prior.update
    monkeypatch.setattr(learner.prior, "update", lambda w: (seen.append(w), update(w))[1])
    learner.iterate(0)
    falls = int(learner.rollout.failed.sum())
    assert falls > 0
    assert len(seen[0]) == learner.rollout.failed.numel() - falls


def test_the_learner_bootstraps_time_outs_and_not_falls(session: Session) -> None:
    """With no rewards and a value of one everywhere, only a time-out is worth its discount."""
    learner = session.learner
    learner.iterate(0)
    rollout = learner.rollout
    rollout.failed.zero_()
    rollout.timed_out.zero_()
    rollout.failed[2, 0] = rollout.timed_out[2, 1] = True
    learner.critic.value[-1].weight.data.zero_()
    learner.critic.value[-1].bias.data.fill_(1.0)
    inputs = rollout.critic_inputs(session.environment)
    zero = torch.zeros(*rollout.log_prob.shape, 1)
    target = learner._advantages(zero, *inputs)[2].squeeze(-1)
    torch.testing.assert_close(target[2, :2], torch.tensor([0.0, session.recipe.ppo.gamma]))


def test_same_seed_same_training() -> None:
    first, second = (build_session(small_recipe()) for _ in range(2))
    for session in (first, second):
        session.learner.iterate(0)
        session.learner.iterate(0)
    for a, b in zip(
        first.learner.actor.parameters(), second.learner.actor.parameters(), strict=True
    ):
        assert torch.equal(a, b)
