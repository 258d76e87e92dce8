"""The motion prior: rewards, losses, the gradient penalty by finite differences, the replay."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from amp_training import elu_network, style
from amp_training.config import DiscriminatorConfig
from amp_training.elu_network import backward, forward, layers, slope_penalty
from amp_training.networks import Discriminator
from amp_training.style import MotionPrior, Replay
from amp_training.style_losses import prediction_loss, style_reward


def test_style_reward_values() -> None:
    logit = torch.tensor([-3.0, -1.0, 0.0, 1.0, 3.0])
    lsgan = style_reward(logit, "lsgan", 2.0)
    torch.testing.assert_close(lsgan, torch.tensor([0.0, 0.0, 1.5, 2.0, 0.0]))
    bce = style_reward(torch.tensor([0.0, 50.0]), "bce", 2.0)
    torch.testing.assert_close(bce, torch.tensor([2.0 * math.log(2.0), -2.0 * math.log(1e-4)]))


@pytest.mark.parametrize("loss", ["lsgan", "bce", "wasserstein"])
def test_prediction_loss_prefers_right_answers(loss: str) -> None:
    high, low = torch.full((4,), 1.0), torch.full((4,), -1.0)
    assert prediction_loss(low, high, loss) < prediction_loss(high, low, loss)


def penalty(network: Discriminator, x: torch.Tensor) -> float:
    """Mean squared length of the slope at ``x`` [n, 5], by differences."""
    step, total = 1e-5, 0.0
    with torch.no_grad():
        for i in range(x.shape[1]):
            offset = torch.zeros(x.shape[1], dtype=x.dtype)
            offset[i] = step
            slope = (network(x + offset) - network(x - offset)) / (2 * step)
            total += float((slope**2).mean())
    return total


@pytest.mark.parametrize("hidden", [(16, 8), (12,), (9, 8, 7), ()])
def test_gradient_of_the_penalty_by_finite_differences(hidden: tuple[int, ...]) -> None:
    """What the optimiser follows is the slope of the penalty, which is that of differences too."""
    torch.manual_seed(0)
    network = Discriminator(5, hidden, 1e9).double()
    x = torch.randn(6, 5, dtype=torch.float64)
    parts = layers(network.logit)
    values = forward(parts, x)
    through, curvatures = slope_penalty(parts, values, 1.0 / len(x))
    found = backward(parts, values, torch.zeros(6, 1, dtype=x.dtype), curvatures, slice(0, 6))
    for gradient, part in zip(found[::2], through, strict=True):
        gradient += part
    weights = list(network.parameters())
    directions = [torch.randn_like(p) for p in weights]

    def moved(step: float) -> float:
        with torch.no_grad():
            for weight, direction in zip(weights, directions, strict=True):
                weight.add_(direction, alpha=step)
        value = penalty(network, x)
        with torch.no_grad():
            for weight, direction in zip(weights, directions, strict=True):
                weight.sub_(direction, alpha=step)
        return value

    slope = (moved(1e-5) - moved(-1e-5)) / 2e-5
    along = sum(float((g * d).sum()) for g, d in zip(found, directions, strict=True))
    assert math.isclose(along, slope, rel_tol=1e-5)


def slope_penalty_of(network: Discriminator, normalized: torch.Tensor) -> list[torch.Tensor]:
    parts = layers(network.logit)
    return slope_penalty(parts, forward(parts, normalized), 1.0 / len(normalized))[0]


def test_gradient_penalty_acts_on_what_the_discriminator_sees() -> None:
    """Scaling the raw observations and their statistics alike leaves the penalty as it was."""
    torch.manual_seed(0)
    network = Discriminator(3, (8,), 1e9)
    raw = torch.randn(256, 3)
    network.normalizer.update(raw)
    plain = slope_penalty_of(network, network.normalizer(raw))
    scaled = Discriminator(3, (8,), 1e9)
    scaled.logit.load_state_dict(network.logit.state_dict())
    scaled.normalizer.update(100.0 * raw)
    other = slope_penalty_of(scaled, scaled.normalizer(100.0 * raw))
    torch.testing.assert_close(other, plain, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("loss", ["lsgan", "bce", "wasserstein"])
@pytest.mark.parametrize("penalty_on", ["demonstrations", "both"])
def test_an_update_follows_the_gradient_of_the_whole_loss(loss, penalty_on, monkeypatch) -> None:
    """As autograd has it: prediction loss, penalty differentiated twice, logit penalty."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    config = DiscriminatorConfig(
        loss=loss, penalty_on=penalty_on, hidden=(16, 8), updates=1, batch=32, throttle_loss=0.0,
        logit_penalty=0.3, gradient_penalty=5.0,
    )  # fmt: skip
    prior = MotionPrior(4, config, torch.randn(64, 4) + 1.0, generator)
    seen = []
    draw = prior._draw_demos
    batches = prior._batches
    monkeypatch.setattr(prior, "_draw_demos", lambda n: (seen.append(draw(n)), seen[-1])[1])
    monkeypatch.setattr(
        prior, "_batches", lambda w: ((seen.append(b), seen[-1])[1] for b in batches(w))
    )
    network = copy.deepcopy(prior.network)
    prior.update(torch.randn(64, 4))
    policy, demos = (network.normalizer(x).requires_grad_(True) for x in seen)
    negative, positive = network(policy), network(demos)
    total = prediction_loss(negative, positive, loss, config.wasserstein_eta)
    slopes = []
    for logit, x in ((negative, policy), (positive, demos)):
        (slope,) = torch.autograd.grad(logit.sum(), x, create_graph=True)
        slopes.append(slope.pow(2).sum(-1).mean())
    total = total + 5.0 * (sum(slopes) / 2 if penalty_on == "both" else slopes[1])
    total = total + 0.3 * network.output_weight.pow(2).sum()
    wanted = torch.autograd.grad(total, list(network.parameters()))
    found = [p.grad for p in prior.network.parameters()]
    torch.testing.assert_close(found, list(wanted), rtol=1e-4, atol=1e-6)


def test_replay_keeps_the_newest() -> None:
    replay = Replay(10, 1, torch.Generator().manual_seed(0))
    for value in range(4):
        replay.push(torch.full((4, 1), float(value)))
    kept = sorted(replay.data.flatten().tolist())
    assert kept == [1.0] * 2 + [2.0] * 4 + [3.0] * 4
    assert set(replay.sample(200).flatten().tolist()) == {1.0, 2.0, 3.0}
    replay.push(torch.arange(25.0).unsqueeze(1))
    assert sorted(replay.data.flatten().tolist()) == [float(v) for v in range(15, 25)]


@pytest.mark.parametrize("loss", ["lsgan", "bce", "wasserstein"])
def test_learns_to_tell_two_motions_apart(loss: str) -> None:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    config = DiscriminatorConfig(
        loss=loss, hidden=(32,), batch=256, updates=4, learning_rate=1e-2, gradient_penalty=0.1
    )
    demos = torch.randn(2000, 4) + 2.0
    prior = MotionPrior(4, config, demos, generator)
    policy = torch.randn(2000, 4) - 2.0
    prior.observe(policy)
    for _ in range(20):
        stats = prior.update(policy)
    assert stats.accuracy > 0.95
    assert prior.reward(demos)[0].mean() > 3.0 * prior.reward(policy)[0].mean()


def test_a_saturated_discriminator_is_left_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    config = DiscriminatorConfig(throttle_loss=1e9, updates=2, batch=16)
    prior = MotionPrior(2, config, torch.randn(64, 2), generator)
    before = [p.clone() for p in prior.network.parameters()]
    assert prior.update(torch.randn(64, 2)).applied_share == 0.0
    assert all(torch.equal(a, b) for a, b in zip(before, prior.network.parameters(), strict=True))


def test_reward_and_update_see_normalised_windows(monkeypatch) -> None:
    """The network is only ever given windows of mean zero and deviation one."""
    generator = torch.Generator().manual_seed(0)
    config = DiscriminatorConfig(updates=1, batch=512, replay_share=0.0)
    prior = MotionPrior(2, config, 500.0 + 40.0 * torch.randn(2000, 2), generator)
    windows = 500.0 + 40.0 * torch.randn(2000, 2)
    prior.observe(windows)
    seen = []

    def watched(network, x):
        seen.append(x)
        return forward(network, x)

    monkeypatch.setattr(style, "forward", watched)
    monkeypatch.setattr(elu_network, "forward", watched)
    prior.reward(windows)
    prior.update(windows)
    assert [len(x) for x in seen] == [2000, 1024]
    for x in seen:
        assert x.abs().max() < 5.1 and abs(float(x.detach().std()) - 1.0) < 0.2


def test_statistics_are_of_policy_and_demonstrations_alike() -> None:
    generator = torch.Generator().manual_seed(0)
    prior = MotionPrior(1, DiscriminatorConfig(), torch.full((100, 1), 3.0), generator)
    prior.observe(torch.full((500, 1), 1.0))
    torch.testing.assert_close(prior.network.normalizer.mean, torch.tensor([2.0]))


def test_the_learning_rate_falls_where_the_recipe_says_and_the_updates_with_it() -> None:
    falling = {"final_learning_rate": 1e-7, "learning_rate_decay": (1000, 3000)}
    moved = []
    for samples in (0, 1000, 2000, 3000, 10**9):
        config = DiscriminatorConfig(updates=1, batch=64, throttle_loss=0.0, **falling)
        torch.manual_seed(0)
        prior = MotionPrior(2, config, torch.randn(64, 2), torch.Generator().manual_seed(0))
        before = (
            torch.nn.utils.parameters_to_vector(prior.network.logit.parameters()).detach().clone()
        )
        prior.schedule(samples)
        prior.update(torch.randn(64, 2))
        after = torch.nn.utils.parameters_to_vector(prior.network.logit.parameters()).detach()
        moved.append(float((after - before).norm()))
    assert moved[0] == moved[1] and moved[3] == moved[4]
    assert moved[1] / moved[2] == pytest.approx(1000**0.5, rel=0.05)
    assert moved[2] / moved[3] == pytest.approx(1000**0.5, rel=0.2)  # float32 weights


def test_without_a_final_learning_rate_it_stays() -> None:
    config = DiscriminatorConfig()
    prior = MotionPrior(2, config, torch.randn(64, 2), torch.Generator().manual_seed(0))
    prior.schedule(10**9)
    assert prior.optimizer.param_groups[0]["lr"] == config.learning_rate
