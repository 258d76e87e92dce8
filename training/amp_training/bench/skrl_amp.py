"""One update of the AMP agent of skrl (package ``skrl``), at the sizes of one of ours.

``AMP.update`` takes the style rewards of the rollout, the advantages, and then, once for every
minibatch of the policy, one optimiser step of policy, value and discriminator together. Each step
takes ``discriminator_batch_size`` windows from the rollout, as many from the replay and as many
demonstrations (which are penalised). It cannot have as many of each kind as ours, whose windows of
the rollout and the replay together are as many as the demonstrations; its batch is the one with
which both do the same work in the discriminator, multiplication by multiplication: between two
thirds of ours (as many windows, fewer of them penalised) and ours. The values of the rollout, which
``AMP.act`` takes step by step, are timed: ours takes them in the update.
"""

from __future__ import annotations

import logging
import time
from importlib import import_module
from typing import Any, Callable, Dict, Tuple

import torch
from torch import nn

from amp_training.bench.workload import Passes, Workload, own_passes
from amp_training.networks import mlp


def passes(work: Workload) -> Passes:
    """See the module."""
    return _passes(work, _part(work))


def _passes(work: Workload, part: int) -> Passes:
    return Passes(work.steps, 3 * part * work.steps, part * work.steps, work.samples)


def _part(work: Workload) -> int:
    """Windows of each kind in a batch, for which the discriminator's work is that of ours."""
    wanted, scored = own_passes(work).network_work(work), Passes(0, 0, 0, work.samples)
    once = _passes(work, 1).network_work(work) - scored.network_work(work)
    return max(1, round((wanted - scored.network_work(work)) / once))


def update(work: Workload) -> Callable[[], float]:
    """A function that makes one update and returns its seconds."""
    agent = _agent(work)
    states = torch.randn(work.horizon, work.num_envs, work.critic_observation)

    def update_s() -> float:
        begin = time.perf_counter()
        with torch.no_grad():
            for state in states:
                agent.value.act({"states": state}, role="value")
        agent.update(timestep=0, timesteps=1)
        return time.perf_counter() - begin

    return update_s


def _models(work: Workload, spaces: Dict[str, Any], windows: Any) -> Dict[str, Any]:
    models: Any = import_module("skrl.models.torch")

    class Policy(models.GaussianMixin, models.Model):
        def __init__(self) -> None:
            models.Model.__init__(self, **spaces)
            models.GaussianMixin.__init__(self)
            sizes = (work.observation, *work.actor_hidden, work.actions)
            self.net = mlp(sizes, output_gain=0.01)
            self.log_std = nn.Parameter(torch.zeros(work.actions))

        def compute(self, inputs: Dict[str, Any], role: str = "") -> Tuple[Any, Dict[str, Any]]:
            return self.net(inputs["observations"]), {"log_std": self.log_std}

    class Scalar(models.DeterministicMixin, models.Model):
        def __init__(self, size: int, hidden: Tuple[int, ...], key: str, **spaces: Any) -> None:
            models.Model.__init__(self, **spaces)
            models.DeterministicMixin.__init__(self)
            self.net = mlp((size, *hidden, 1), output_gain=1.0)
            self._key = key

        def compute(self, inputs: Dict[str, Any], role: str = "") -> Tuple[Any, Dict[str, Any]]:
            return self.net(inputs[self._key]), {}

    of_windows = {**spaces, "observation_space": windows}
    return {
        "policy": Policy(),
        "value": Scalar(work.critic_observation, work.critic_hidden, "states", **spaces),
        "discriminator": Scalar(work.window, work.disc_hidden, "observations", **of_windows),
    }


def _agent(work: Workload) -> Any:
    box: Any = import_module("gymnasium.spaces").Box
    random_memory: Any = import_module("skrl.memories.torch").RandomMemory
    amp: Any = import_module("skrl.agents.torch.amp").AMP

    logging.getLogger("skrl").setLevel(logging.WARNING)

    def space(size: int) -> Any:
        return box(-float("inf"), float("inf"), (size,))

    windows = space(work.window)
    spaces = {
        "observation_space": space(work.observation),
        "state_space": space(work.critic_observation),
        "action_space": space(work.actions),
        "device": "cpu",
    }

    def memory(size: int, num_envs: int = 1) -> Any:
        return random_memory(memory_size=size, num_envs=num_envs, device="cpu")

    agent = amp(
        models=_models(work, spaces, windows),
        memory=memory(work.horizon, work.num_envs),
        cfg=_configuration(work, spaces, windows),
        amp_observation_space=windows,
        # fewer demonstrations than samples of a rollout make it train on fewer of them
        motion_dataset=memory(max(work.demonstrations, work.samples)),
        reply_buffer=memory(work.replay),
        collect_reference_motions=lambda n: torch.randn(n, work.window),
        **spaces,
    )
    agent.init()
    agent.reply_buffer.add_samples(observations=torch.randn(work.replay, work.window))
    agent.enable_training_mode(True, apply_to_models=True)
    _roll_out(agent, work)
    return agent


def _configuration(work: Workload, spaces: Dict[str, Any], windows: Any) -> Dict[str, Any]:
    scaler: Any = import_module("skrl.resources.preprocessors.torch").RunningStandardScaler
    scheduler: Any = import_module("skrl.resources.schedulers.torch").KLAdaptiveLR

    def size(space: Any) -> Dict[str, Any]:
        return {"size": space, "device": "cpu"}

    return {
        "rollouts": work.horizon,
        "learning_epochs": work.epochs,
        "mini_batches": work.minibatches,
        "learning_rate": 1e-5,
        "learning_rate_scheduler": scheduler,
        "observation_preprocessor": scaler,
        "observation_preprocessor_kwargs": size(spaces["observation_space"]),
        "state_preprocessor": scaler,
        "state_preprocessor_kwargs": size(spaces["state_space"]),
        "amp_observation_preprocessor": scaler,
        "amp_observation_preprocessor_kwargs": size(windows),
        "amp_batch_size": min(512, work.samples),  # demonstrations renewed per update
        "discriminator_batch_size": _part(work),
        "experiment": {"write_interval": 0, "checkpoint_interval": 0},
    }


def _roll_out(agent: Any, work: Workload) -> None:
    """Fill the agent's memory through its own interface, with noise for an environment."""
    n = work.num_envs
    none = torch.zeros(n, 1, dtype=torch.bool)
    for step in range(work.horizon):
        observations = torch.randn(n, work.observation)
        states = torch.randn(n, work.critic_observation)
        with torch.no_grad():
            actions, _ = agent.act(observations, states, timestep=step, timesteps=1)
            agent.record_transition(
                observations=observations,
                states=states,
                actions=actions,
                rewards=torch.randn(n, 1),
                next_observations=observations,
                next_states=states,
                terminated=none,
                truncated=none,
                infos={"amp_obs": torch.randn(n, work.window)},
                timestep=step,
                timesteps=1,
            )
