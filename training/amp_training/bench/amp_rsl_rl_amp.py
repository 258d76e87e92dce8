"""One update of the AMP of amp-rsl-rl (package ``amp-rsl-rl`` on rsl-rl), at the sizes of ours.

Timed are the style rewards of the rollout (``predict_reward`` once a step, as its runner does),
``compute_returns`` and ``AMP_PPO.update``: once for every minibatch of the policy, one optimiser
step of policy, value and discriminator together, on as many windows of the replay and as many
demonstrations (which are penalised, in a pass of their own) as the minibatch has samples. The
values of the rollout, which ``AMP_PPO.act`` takes step by step, are timed: ours takes them in the
update.

Its discriminator has ReLU layers; they are replaced by ours (ELU), so that all have the same
networks, and its ``minibatch_std`` input is left out. Its windows are pairs of states: ours are
given to it in two halves.
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any, Callable

import torch

from amp_sdk.errors import InputError
from amp_training.bench.workload import Passes, Workload
from amp_training.networks import mlp


def passes(work: Workload) -> Passes:
    """See the module."""
    windows = work.steps * work.minibatch
    return Passes(work.steps, 2 * windows, windows, work.samples)


def update(work: Workload) -> Callable[[], float]:
    """A function that makes one update and returns its seconds. Raises InputError."""
    if work.window % 2:
        raise InputError(
            f"amp-rsl-rl's discriminator takes pairs of states, ours has {work.window} inputs; set "
            "discriminator.window to an even number of steps"
        )
    algorithm = _algorithm(work)
    observation = _observation(work)
    windows = torch.randn(work.horizon, 2, work.num_envs, work.window // 2)

    def update_s() -> float:
        begin = time.perf_counter()
        with torch.no_grad():
            for _ in windows:
                algorithm.critic(observation)
        for state, following in windows:
            algorithm.discriminator.predict_reward(state, following)
        with torch.no_grad():
            algorithm.compute_returns(observation)
        algorithm.update()
        return time.perf_counter() - begin

    return update_s


def _observation(work: Workload) -> Any:
    content = {
        "policy": torch.randn(work.num_envs, work.observation),
        "critic": torch.randn(work.num_envs, work.critic_observation),
    }
    return import_module("tensordict").TensorDict(content, batch_size=[work.num_envs])


def _algorithm(work: Workload) -> Any:
    amp_ppo: Any = import_module("amp_rsl_rl.algorithms").AMP_PPO
    mlp_model: Any = import_module("rsl_rl.models").MLPModel

    observation = _observation(work)
    groups = {"actor": ["policy"], "critic": ["critic"]}
    common = {"activation": "elu", "obs_normalization": True}
    actor = mlp_model(
        observation,
        groups,
        "actor",
        work.actions,
        work.actor_hidden,
        distribution_cfg={"class_name": "GaussianDistribution", "std_type": "log"},
        **common,
    )
    critic = mlp_model(observation, groups, "critic", 1, work.critic_hidden, **common)
    algorithm = amp_ppo(
        discriminator=_discriminator(work),
        amp_data=_demonstrations(work),
        actor=actor,
        critic=critic,
        num_learning_epochs=work.epochs,
        num_mini_batches=work.minibatches,
        learning_rate=1e-5,
        schedule="adaptive",
        amp_replay_buffer_size=work.replay,
    )
    algorithm.init_storage(work.num_envs, work.horizon, observation, (work.actions,))
    algorithm.train_mode()
    halves = torch.randn(2, work.replay, work.window // 2)
    algorithm.amp_storage.insert(*halves)
    with torch.no_grad():
        for _ in range(work.horizon):
            observation = _observation(work)
            algorithm.act(observation)
            rewards, dones = torch.randn(work.num_envs), torch.zeros(work.num_envs)
            algorithm.process_env_step(observation, rewards, dones, {})
    return algorithm


def _discriminator(work: Workload) -> Any:
    discriminator: Any = import_module("amp_rsl_rl.networks").Discriminator
    hidden = list(work.disc_hidden)
    result = discriminator(
        work.window, hidden, 1.0, use_minibatch_std=False, empirical_normalization=True
    )
    layers = mlp((work.window, *hidden, 1), output_gain=1.0)
    result.trunk, result.linear = layers[:-1], layers[-1]
    return result


def _demonstrations(work: Workload) -> Any:
    """Its loader of demonstrations without the reading of files."""
    kind: Any = import_module("amp_rsl_rl.utils").AMPLoader
    loader = kind.__new__(kind)
    loader.per_frame_weights = torch.ones(work.demonstrations) / work.demonstrations
    loader.all_obs, loader.all_next_obs = torch.randn(
        2, work.demonstrations, work.window // 2
    ).unbind()
    return loader
