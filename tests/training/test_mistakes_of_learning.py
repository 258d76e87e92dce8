"""Mistakes of published AMP code, part one: returns, windows, normaliser, gradient penalty.

Each property is a check that the package passes and that the mistake, made here on purpose, fails.
That resume keeps everything (another of them) is ``test_resume.py``.
"""

from __future__ import annotations

import math

import pytest
import torch
from small_session import small_recipe
from torch import Tensor

from amp_sdk import kernels
from amp_training import style
from amp_training.build import Session, build_session
from amp_training.config import DiscriminatorConfig
from amp_training.elu_network import forward, layers, slope_penalty
from amp_training.learner import Learner
from amp_training.networks import Discriminator
from amp_training.rollout import Rollout
from amp_training.style import MotionPrior

GAMMA, LAM, DT_S = 0.99, 0.95, 0.02


def assert_caught(check, wrong) -> None:
    with pytest.raises(AssertionError):
        check(wrong)


# 1. The last observation of an episode computed after the reset; windows that span a reset.


class AfterReset(Rollout):
    def _step(self, environment, t: int) -> None:
        super()._step(environment, t)
        self.state[t] = environment.backend.state.flat


class Spanning(Rollout):
    def discriminator_windows(self, features) -> Tensor:
        self._restarts = [(ids[:0], starts[:0]) for ids, starts in self._restarts]
        return super().discriminator_windows(features)


def check_windows(kind: type[Rollout]) -> None:
    """Windows move no faster than a robot can, and the stored states are those observed."""
    session = build_session(
        small_recipe("episode.length_s=0.11", "discriminator.window=3", "ppo.horizon=12")
    )
    rollout, environment = session.learner.rollout, session.environment
    rollout.__class__ = kind
    rollout.collect(environment, session.learner.actor, session.generator)
    assert rollout.done.any()
    layout = environment.backend.layout
    state = layout.view(rollout.state)
    begin = 3 + 3 + rollout.goal.shape[-1]
    observed = rollout.next_observation[..., begin : begin + layout.joints]
    default = torch.tensor(session.interface.robot.default_joint_pos_rad, dtype=torch.float32)
    torch.testing.assert_close(state.joint_pos - default, observed, atol=1e-5, rtol=0)
    windows = rollout.discriminator_windows(lambda w: w.flatten(1)).unflatten(-1, (3, -1))
    place = layout.view(windows).root_pos_w[..., :2]
    assert (place[..., 1:, :] - place[..., :-1, :]).norm(dim=-1).max() < 4.0 * DT_S


def test_windows_end_before_the_reset_and_never_span_one() -> None:
    check_windows(Rollout)
    assert_caught(check_windows, AfterReset)
    assert_caught(check_windows, Spanning)


# 2. An advantage that leaks over a time-out; a time-out's bootstrap scaled by the task weight.


def plain_gae(reward, value, following, failed, cut, scale: float = 1.0):
    """GAE with its masks as arguments: ``cut`` ends the trace, ``failed`` the bootstrap."""
    advantage, last = torch.zeros_like(reward), torch.zeros_like(reward[0])
    for t in reversed(range(len(reward))):
        delta = reward[t] + GAMMA * scale * following[t] * (1 - failed[t]) - value[t]
        last = delta + GAMMA * LAM * (1 - cut[t]) * last
        advantage[t] = last
    return advantage


def check_gae(gae) -> None:
    """Nothing of the next episode is in this one's returns but the value of its true last state."""
    reward, value = torch.rand(4, 2), torch.rand(4, 2)
    following = torch.rand(4, 2)
    failed, done = torch.zeros(4, 2), torch.zeros(4, 2)
    done[1] = failed[1, 1] = 1.0
    advantage = gae(reward, value, following, failed, done)
    bootstrap = torch.tensor([GAMMA * float(following[1, 0]), 0.0])
    torch.testing.assert_close(advantage[1], reward[1] + bootstrap - value[1])
    later = reward.clone()
    later[2:] += 100.0
    torch.testing.assert_close(gae(later, value, following, failed, done)[:2], advantage[:2])


def test_returns_end_with_the_episode() -> None:
    def ours(reward, value, following, failed, done):
        return kernels.gae(reward, value, following, failed, done, GAMMA, LAM)[0]

    check_gae(ours)
    check_gae(plain_gae)
    assert_caught(check_gae, lambda r, v, f, failed, done: plain_gae(r, v, f, failed, failed))
    assert_caught(check_gae, lambda r, v, f, failed, done: plain_gae(r, v, f, done, done))


class ScaledBootstrap(Learner):
    """The value after a time-out is added to the task reward, whose weight then scales it."""

    def _advantages(self, reward: Tensor, before: Tensor, after: Tensor):
        value = self.critic(after.flatten(0, 1)).view(reward.shape)
        extra = self._gamma / (1.0 - self._gamma) * value * self.rollout.timed_out.unsqueeze(-1)
        self.rollout.failed |= self.rollout.timed_out
        return super()._advantages(reward + self._reward.task * extra, before, after)


@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_a_time_out_bootstraps_in_full_whatever_the_task_weighs(weight: float) -> None:
    def check(kind: type[Learner]) -> None:
        learner = build_session(small_recipe(f"reward.task={weight}")).learner
        learner.iterate(0)
        learner.__class__ = kind
        rollout = learner.rollout
        rollout.failed.zero_()
        rollout.timed_out.zero_()
        rollout.timed_out[2, 1] = True
        for parameter in learner.critic.value.parameters():
            parameter.data.zero_()
        learner.critic.value[-1].bias.data.fill_(1.0)
        inputs = rollout.critic_inputs(learner.environment)
        zero = torch.zeros(*rollout.log_prob.shape, 1)
        target = learner._advantages(zero, *inputs)[2][2, 1, 0]
        torch.testing.assert_close(float(target), learner._gamma)

    check(Learner)
    assert_caught(check, ScaledBootstrap)


# 3. A penalty on raw observations; a normaliser fed what is normalised already.


def test_the_penalty_acts_on_normalised_windows() -> None:
    def check(penalty) -> None:
        """In other units of the raw observation the penalty is the same."""
        raw = torch.randn(256, 3, generator=torch.Generator().manual_seed(0))
        values = []
        for unit in (1.0, 100.0):
            torch.manual_seed(1)
            network = Discriminator(3, (8,), math.inf)
            network.normalizer.update(unit * raw)
            values.append(float(penalty(network, unit * raw)))
        assert math.isclose(*values, rel_tol=1e-3)

    def on_raw(network: Discriminator, raw: Tensor) -> Tensor:
        x = raw.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(network(network.normalizer(x)).sum(), x)
        return slope.pow(2).sum(-1).mean()

    def on_normalized(network: Discriminator, raw: Tensor) -> Tensor:
        parts = layers(network.logit)
        values = forward(parts, network.normalizer(raw))
        return slope_penalty(parts, values, 1.0 / len(raw))[0][-1].norm()

    check(on_normalized)
    assert_caught(check, on_raw)


class FedNormalized(MotionPrior):
    def observe(self, windows: Tensor) -> None:
        super().observe(self.network.normalizer(windows))


def prior_of(kind: type[MotionPrior], budget: int = 10**9) -> MotionPrior:
    generator = torch.Generator().manual_seed(0)
    config = DiscriminatorConfig(hidden=(8,), batch=64, updates=1, normalizer_samples=budget)
    demos = 500.0 + 40.0 * torch.randn(2000, 2, generator=generator)
    return kind(2, config, demos, generator)


def test_the_normaliser_is_fed_raw_windows() -> None:
    def check(kind: type[MotionPrior]) -> None:
        prior = prior_of(kind)
        for _ in range(3):
            prior.observe(500.0 + 40.0 * torch.randn(2000, 2))
        normalizer = prior.network.normalizer
        torch.testing.assert_close(normalizer.mean, torch.full((2,), 500.0), atol=5.0, rtol=0)
        torch.testing.assert_close(normalizer.std, torch.full((2,), 40.0), atol=3.0, rtol=0)

    check(MotionPrior)
    assert_caught(check, FedNormalized)


# 4. The demonstrations' normaliser goes on after the policy's is frozen.


class DemosGoOn(MotionPrior):
    def observe(self, windows: Tensor) -> None:
        super().observe(windows)
        normalizer = self.network.normalizer
        budget, normalizer.freeze_after = normalizer.freeze_after, math.inf
        normalizer.update(self._draw_demos(len(windows)))
        normalizer.freeze_after = budget


class TwoNormalizers(MotionPrior):
    def _draw_demos(self, n: int) -> Tensor:
        return super()._draw_demos(n) + 8.0  # as if the other side's mean had moved on


def test_both_sides_are_normalised_alike_and_freeze_together(monkeypatch) -> None:
    def check(kind: type[MotionPrior]) -> None:
        prior = prior_of(kind, budget=4000)
        for _ in range(2):
            prior.observe(500.0 + 40.0 * torch.randn(1000, 2))
        frozen = prior.network.normalizer.mean.clone()
        prior.observe(900.0 + torch.randn(1000, 2))
        assert torch.equal(prior.network.normalizer.mean, frozen)
        prior._demos = torch.full((10, 2), 510.0)
        seen: list[Tensor] = []
        monkeypatch.setattr(style, "forward", lambda n, x: (seen.append(x), forward(n, x))[1])
        prior.update(torch.full((10, 2), 510.0))
        negative, positive = seen[0].chunk(2)
        assert torch.equal(negative, positive)

    check(MotionPrior)
    assert_caught(check, DemosGoOn)
    assert_caught(check, TwoNormalizers)


def test_a_rollout_that_only_fell_is_survived(session: Session) -> None:
    """No window is left to learn from: first nothing is learned, then the replay alone serves."""
    prior = session.learner.prior
    none = prior.replay.data[:0]
    assert prior.update(none).applied_share == 0.0
    prior.replay.push(torch.randn(50, none.shape[1]))
    assert math.isfinite(prior.update(none).loss)
