"""What one of two training processes does; started by ``test_workers.py``, and by torchrun.

Arguments: a folder, and what is different of the recipe.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from small_session import small_recipe

from amp_training import workers
from amp_training.batch import Batch
from amp_training.build import build_session
from amp_training.checkpoint import Progress
from amp_training.config import DiscriminatorConfig, PpoConfig
from amp_training.networks import Actor, Critic
from amp_training.ppo import Ppo
from amp_training.reward_mix import normalized
from amp_training.run import Limits, train
from amp_training.style import MotionPrior

ROWS, SIZE, JOINTS = 64, 5, 3


def share(x: torch.Tensor) -> torch.Tensor:
    """This process's part of the rows."""
    return x.chunk(workers.size())[workers.rank()]


def policy_update() -> dict[str, torch.Tensor]:
    """One step of the policy on this process's part of a batch."""
    torch.manual_seed(0)
    actor, critic = Actor(SIZE, (8,), JOINTS, 1.0), Critic(SIZE, (8,))
    config = PpoConfig(epochs=1, minibatches=1, sigma="learned", final_std=None)
    ppo = Ppo(actor, critic, config, torch.Generator().manual_seed(workers.rank()))
    observation, action = torch.randn(ROWS, SIZE), torch.randn(ROWS, JOINTS)
    value, target = torch.randn(ROWS, 1), torch.randn(ROWS, 1)
    advantage = normalized(share(3.0 + 2.0 * torch.randn(ROWS)))
    observation = share(observation)
    with torch.no_grad():
        mean = actor.mean(observation)
    log_prob = -torch.rand(ROWS)
    batch = Batch(
        actor_input=observation,
        critic_input=observation,
        action=share(action),
        mean=mean + 0.1,
        log_prob=share(log_prob) - 3.0,
        advantage=advantage,
        value=share(value),
        target=share(target),
    )
    ppo.update(batch)
    actor.normalizer.update(share(5.0 + torch.arange(ROWS * SIZE).view(ROWS, SIZE).float()))
    rate = torch.tensor(ppo.learning_rate)
    return {**actor.state_dict(), **{f"critic.{k}": v for k, v in critic.state_dict().items()}} | {
        "learning_rate": rate
    }


def prior_update() -> dict[str, torch.Tensor]:
    """One step of the discriminator on this process's part of policy and demonstration windows."""
    torch.manual_seed(1)
    demos, windows = torch.randn(ROWS, SIZE), 1.0 + torch.randn(ROWS, SIZE)
    config = DiscriminatorConfig(hidden=(8,), updates=1, batch=ROWS, throttle_loss=0.0)
    generator = torch.Generator().manual_seed(workers.rank())
    prior = MotionPrior(SIZE, config, demos, generator)
    prior._batches = lambda _: iter([share(windows)])
    prior._draw_demos = lambda _: share(demos)
    prior.observe(share(windows))
    prior.update(share(windows))
    return dict(prior.network.state_dict())


def whole_run(folder: Path, overrides: list[str]) -> dict[str, torch.Tensor]:
    """Two iterations of a whole session; what must be equal, and what must not."""
    session = build_session(small_recipe("discriminator.throttle_loss=0.9", *overrides), "cpu")
    folder.mkdir(exist_ok=True)
    train(session, folder, Limits(max_samples=2 * 48 * workers.size()), Progress())
    learner = session.learner
    networks = {"actor": learner.actor, "critic": learner.critic, "prior": learner.prior.network}
    found = {f"{n}.{k}": v for n, net in networks.items() for k, v in net.state_dict().items()}
    found["samples"] = torch.tensor(float(found["actor.normalizer.count"]))
    found["own"] = learner.rollout.state.clone()
    return found


if __name__ == "__main__":
    out = Path(sys.argv[1])
    workers.join()
    result = {"policy": policy_update(), "prior": prior_update()}
    if workers.size() > 1:
        result["run"] = whole_run(out / "run", sys.argv[2:])
    torch.save(result, out / f"{workers.rank()}of{workers.size()}.pt")
    workers.leave()
