"""The environment: N robots on a backend, the policy's observation, falls, time-outs, restarts.

What the learner needs of a step is in ``StepResult``; rewards and discriminator windows are
functions of the stored states and are computed for a whole rollout at once (``rollout.py``). On a
``masked`` backend nothing here waits for the device (``selection.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional

import torch
from torch import Tensor

from amp_training.backends.base import Backend
from amp_training.config import EpisodeConfig
from amp_training.failures import Failures
from amp_training.observation import PolicyObservation
from amp_training.reference import Reference
from amp_training.selection import pick, put, select, surely_empty
from amp_training.starts import StartPool
from amp_training.tasks import Task


@dataclass(frozen=True)
class StepResult:
    """What one control step led to, before any restart."""

    observation: Tensor  # [N, O] of the true state that the step ended in
    state: Tensor  # [N, size] flat states that the step ended in
    failed: Tensor  # [N] bool: fell or diverged, nothing follows
    timed_out: Tensor  # [N] bool: the episode's time is over, the future goes on unseen
    restarted: Tensor  # ids [n] or mask [N]: the environments that now stand at a new start
    start_windows: Tensor  # [n or N, H, size] flat states that lead to those starts, oldest first


class Environment:
    """See the module. Call ``restart_all`` once, then ``step`` for ever.

    Args:
        backend: the simulator.
        observation: builds the policy's observation.
        reference: start states.
        task: goals, and the commands that the policy sees of them.
        action_center, action_scale: [J] rad; joint target = centre + scale * clip(action).
        action_clip: limit of an action.
        episode: length and starts.
        failures: what ends an episode early.
        dt_s: control period.
        progress: called with the samples so far before every rollout.
    """

    def __init__(
        self,
        backend: Backend,
        observation: PolicyObservation,
        reference: Reference,
        task: Task,
        action_center: Tensor,
        action_scale: Tensor,
        action_clip: float,
        episode: EpisodeConfig,
        failures: Failures,
        dt_s: float,
        progress: Optional[Callable[[int], None]] = None,
    ) -> None:
        n = backend.num_envs
        self.backend = backend
        self.task = task
        self.action_dim = len(action_center)
        self.policy_observation = observation
        self._center, self._scale, self._clip = action_center, action_scale, action_clip
        self._episode = episode
        self._dt_s = dt_s
        self._failures = failures
        self._progress = progress
        self.starts = StartPool(reference, episode, n, backend.device, backend.masked)
        self._max_steps = 1
        self.schedule(0)
        self._steps = torch.zeros(n, dtype=torch.int64, device=backend.device)
        self.last_action = torch.zeros(n, self.action_dim, device=backend.device)
        self.target = torch.zeros_like(self.last_action)
        self.observation = torch.empty(0)

    @property
    def num_envs(self) -> int:
        """N."""
        return self.backend.num_envs

    def schedule(self, samples: int) -> None:
        """Set the episode length that belongs to ``samples`` environment steps of training.

        Called between rollouts: what needs the host is done here.
        """
        self.task.schedule(samples)
        self.starts.renew()
        if self._progress is not None:
            self._progress(samples)
        config = self._episode
        length_s = config.length_s
        if config.first_length_s is not None:
            share = min(1.0, samples / config.growth_samples)
            first_s = min(config.first_length_s, length_s)
            length_s = first_s + share * (length_s - first_s)
        self._max_steps = max(1, int(round(length_s / self._dt_s)))

    def restart_all(self, generator: Optional[torch.Generator] = None) -> Tensor:
        """Start every environment; start windows [N, H, size].

        With ``generator`` each is at a random time of its episode, so that they do not end at once.
        """
        every = torch.ones(self.num_envs, dtype=torch.bool, device=self.backend.device)
        which = select(every, self.backend.masked)
        windows = self.starts.take(which).clone()
        self.observation = self._restart(which, windows)
        if generator is not None:
            shape, device = self._steps.shape, self.backend.device
            times = torch.randint(self._max_steps, shape, generator=generator, device=device)
            self._steps.copy_(times)
        return windows

    def step(self, action: Tensor) -> StepResult:
        """Apply ``action`` [N, J]; afterwards ``observation`` is that of the next step's start."""
        applied = action.clamp(-self._clip, self._clip)
        self.target = self._center + self._scale * applied
        before = self.backend.state.flat.clone()
        self.backend.step(self.target)
        broken = self._failures.mend(before)
        self.last_action = applied
        self._steps += 1
        state = self.backend.state
        self.task.tick(state)
        sample = self.policy_observation.sample(state, self.task.command, applied)
        observation = self.policy_observation.push(sample)
        failed = self._failures.failed(state, broken, self._steps)
        timed_out = (self._steps >= self._max_steps) & ~failed
        which = select(failed | timed_out, self.backend.masked)
        windows = self.starts.take(which)
        result = StepResult(observation, state.flat.clone(), failed, timed_out, which, windows)
        self.observation = observation
        if not surely_empty(which):
            self.observation = observation.clone()
            put(which, self.observation, self._restart(which, windows))
        return result

    def _restart(self, which: Tensor, windows: Tensor) -> Tensor:
        """Put ``which`` at the ends of ``windows``; their observations [n or N, O]."""
        rows = windows[:, -1]
        self.backend.reset(which, rows)
        put(which, self._steps, 0)
        self.last_action = self.last_action.clone()
        put(which, self.last_action, 0.0)
        state = self.backend.layout.view(rows)
        self.task.restart(which, state)
        command, action = pick(which, self.task.command), pick(which, self.last_action)
        sample = self.policy_observation.sample(state, command, action, which)
        return self.policy_observation.restart(which, sample)

    def snapshot(self) -> Dict[str, Any]:
        """Content for a checkpoint: with it, the next step is that of an uninterrupted run."""
        return {
            "steps": self._steps.clone(),
            "last_action": self.last_action.clone(),
            "observation": self.observation.clone(),
            "history": self.policy_observation.snapshot(),
            "task": self.task.snapshot(),
            "starts": self.starts.snapshot(),
            "backend": self.backend.snapshot(),
        }

    def resume(self, snapshot: Dict[str, Any]) -> None:
        """Take the content back."""
        self._steps.copy_(snapshot["steps"])
        self.last_action = snapshot["last_action"].to(self.backend.device, copy=True)
        self.observation = snapshot["observation"].to(self.backend.device, copy=True)
        self.policy_observation.resume(snapshot["history"])
        self.task.resume(snapshot["task"])
        self.starts.resume(snapshot["starts"])
        self.backend.resume(snapshot["backend"])
