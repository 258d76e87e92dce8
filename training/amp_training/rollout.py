"""Collect a rollout, then compute for all of it at once what single steps do not need.

Discriminator windows are assembled from the stored states: a window never spans a restart, because
at a restart the window is replaced by the one that leads to the new start. The last state of an
episode is the true one, stored before the restart.
"""

from __future__ import annotations

from typing import Callable, Dict, List, Tuple

import torch
from torch import Tensor

from amp_training.environment import Environment
from amp_training.features import FeatureFunction
from amp_training.key_bodies import KeyBodies
from amp_training.networks import Actor
from amp_training.selection import put
from amp_training.terms import privileged_observation


class Rollout:
    """Storage of T steps of N environments.

    observation [T, N, O] and goal [T, N, G] are those that the action was chosen on; state
    [T, N, size] and next_observation [T, N, O] are where the step ended, before any restart.
    """

    def __init__(
        self, environment: Environment, horizon: int, window: int, keys: KeyBodies
    ) -> None:
        n, a = environment.num_envs, environment.action_dim
        o = environment.policy_observation.size
        g = environment.task.goal.shape[1]
        s = environment.backend.layout.size
        device = environment.backend.device
        self.horizon, self.window = horizon, window
        self.observation = torch.zeros(horizon, n, o, device=device)
        self.next_observation = torch.zeros(horizon, n, o, device=device)
        self.state = torch.zeros(horizon, n, s, device=device)
        self.goal = torch.zeros(horizon, n, g, device=device)
        self.action = torch.zeros(horizon, n, a, device=device)
        self.mean = torch.zeros(horizon, n, a, device=device)
        self.log_prob = torch.zeros(horizon, n, device=device)
        self.failed = torch.zeros(horizon, n, dtype=torch.bool, device=device)
        self.timed_out = torch.zeros(horizon, n, dtype=torch.bool, device=device)
        self.first_action = torch.zeros(n, a, device=device)
        self.first_state = torch.zeros(n, s, device=device)
        self._keys = keys
        self._fresh = torch.ones(n, dtype=torch.bool, device=device)
        self._first = self._fresh
        self._trail = torch.zeros(n, window, s, device=device)
        self._restarts: List[Tuple[Tensor, Tensor]] = []

    def begin(self, start_windows: Tensor) -> None:
        """Set the windows [N, H, size] that lead to the states before the first step."""
        self._trail = start_windows.clone()
        self._fresh.fill_(True)

    def snapshot(self) -> Dict[str, Tensor]:
        """What the next rollout takes over from the last, for a checkpoint."""
        return {"trail": self._trail.clone(), "fresh": self._fresh.clone()}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        self._trail = snapshot["trail"].to(self._trail.device, copy=True)
        self._fresh.copy_(snapshot["fresh"])

    @torch.no_grad()
    def collect(self, environment: Environment, actor: Actor, generator: torch.Generator) -> None:
        """Run the policy with its noise for ``horizon`` steps."""
        std = actor.log_std.exp()
        noise = torch.randn(self.action.shape, generator=generator, device=self.action.device)

        def act(t: int, observation: Tensor) -> Tensor:
            self.mean[t] = actor(observation)
            return self.mean[t] + std * noise[t]

        self.collect_with(environment, act)
        self.log_prob = gaussian_log_prob(noise, actor.log_std)

    @torch.no_grad()
    def collect_with(self, environment: Environment, act: Callable[[int, Tensor], Tensor]) -> None:
        """Run ``act(t, observation [N, O]) -> action [N, A]`` for ``horizon`` steps."""
        self._restarts.clear()
        self._first = self._fresh.clone()
        self.first_action.copy_(environment.last_action)
        self.first_state.copy_(self._trail[:, -1])
        for t in range(self.horizon):
            self.observation[t] = environment.observation
            self.goal[t] = environment.task.goal
            self.action[t] = act(t, environment.observation)
            self._step(environment, t)
        self._fresh = self.done[-1].clone()
        state = environment.backend.layout.view(self.state)
        state.key_pos_b.copy_(self._keys.positions_b(state.joint_pos))

    def _step(self, environment: Environment, t: int) -> None:
        result = environment.step(self.action[t])
        self.next_observation[t] = result.observation
        self.state[t] = result.state  # the backend's rows already hold the new starts
        self.failed[t] = result.failed
        self.timed_out[t] = result.timed_out
        self._restarts.append((result.restarted, result.start_windows))

    @property
    def done(self) -> Tensor:
        """[T, N] bool: a restart follows the step."""
        return self.failed | self.timed_out

    def discriminator_windows(self, features: FeatureFunction) -> Tensor:
        """Features of the window that ends with each step, [T, N, H * F]. Call once a rollout."""
        windows = self._trail.new_empty(self.horizon, *self._trail.shape)
        for t, (which, starts) in enumerate(self._restarts):
            windows[t, :, :-1] = self._trail[:, 1:]
            windows[t, :, -1] = self.state[t]
            self._trail = windows[t].clone()
            put(which, self._trail, starts)
        return features(windows.flatten(0, 1)).unflatten(0, windows.shape[:2])

    def critic_inputs(self, environment: Environment) -> Tuple[Tensor, Tensor]:
        """Critic observations before and after each step, both [T, N, O + P]."""
        view = environment.backend.layout.view
        before = torch.cat((self.first_state.unsqueeze(0), self.state[:-1]))
        for t, (which, starts) in enumerate(self._restarts[:-1]):
            put(which, before[t + 1], starts[:, -1])
        return (
            torch.cat((self.observation, privileged_observation(view(before))), dim=-1),
            torch.cat((self.next_observation, privileged_observation(view(self.state))), dim=-1),
        )

    def action_change(self) -> Tensor:
        """Sum of squared changes of the action, [T, N]; zero at the first step of an episode."""
        previous = torch.cat((self.first_action.unsqueeze(0), self.action[:-1]))
        change = (self.action - previous).pow(2).sum(-1)
        change[0].masked_fill_(self._first, 0.0)
        change[1:].masked_fill_(self.done[:-1], 0.0)
        return change


def gaussian_log_prob(noise: Tensor, log_std: Tensor) -> Tensor:
    """Log density of ``mean + std * noise`` [..., A] of a diagonal Gaussian, [...]."""
    return -(0.5 * noise.pow(2) + log_std + 0.9189385332046727).sum(-1)
