"""Test mode: a policy without noise in its training environment, in numbers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Callable, List, Optional

import torch
from torch import Tensor

from amp_training.build import Session
from amp_training.motion_quality import MotionJudge, MotionQuality, Track, first_episodes
from amp_training.rotations import heading_velocity
from amp_training.tasks import TaskResult, TaskTally

FULLY_GROWN = 10**15
"""Samples after which no episode, fall or command is made easier any more."""
_COMPARED = 32
"""Robots whose first episodes are compared with the clips."""


@dataclass(frozen=True)
class TestResult:
    """Means over episodes; an episode ends with a fall or after its full length."""

    episodes: int
    falls: int
    episode_length_s: float
    style_reward: Optional[float]
    style_reward_std: Optional[float]
    """Spread of the episodes' mean style rewards; None for a policy without its discriminator."""
    task_reward: float
    forward_speed_m_s: float
    speed_error_m_s: Optional[float]
    """Distance of the mean velocity from the command, forward and lateral, where it is one."""
    task: TaskResult
    motion: MotionQuality
    """Likeness of the first robots' first episodes to the clips."""


@dataclass(frozen=True)
class _Episode:
    fell: bool
    steps: int
    style: float
    task: float
    forward_m_s: float
    forward_error_m_s: float
    lateral_error_m_s: float


@torch.no_grad()
def evaluate(
    session: Session,
    act: Callable[[Tensor], Tensor],
    episodes: int,
    with_style: bool = True,
    on_tracks: Callable[[List[Track]], object] = lambda _: None,
) -> TestResult:
    """Run ``act(observation [N, O]) -> action [N, A]`` until ``episodes`` episodes have ended.

    Of episodes that run side by side the short ones end first, so every environment contributes
    the same number: ``episodes`` is rounded up to a multiple of the environments. ``on_tracks``
    gets the first episodes of some of them.
    """
    environment, rollout = session.environment, session.learner.rollout
    n = environment.num_envs
    environment.schedule(FULLY_GROWN)
    rollout.begin(environment.restart_all())
    each = -(-episodes // n)
    totals, steps = torch.zeros(n, 5), torch.zeros(n, dtype=torch.int64)
    dt_s = session.recipe.simulation.control_period_s
    tally = TaskTally(session.recipe.task, n, dt_s)
    done: List[List[_Episode]] = [[] for _ in range(n)]
    states, ended = [], []
    while min(len(mine) for mine in done) < each:
        rollout.collect_with(environment, lambda _, observation: act(observation))
        values = _step_values(session).cpu()
        state = environment.backend.layout.view(rollout.state.cpu())
        failed, timed_out = rollout.failed.cpu(), rollout.timed_out.cpu()
        tally.add(state, rollout.goal.cpu(), failed, timed_out)
        if not all(done[:_COMPARED]):
            states.append(state.flat[:, :_COMPARED].clone())
            ended.append((failed | timed_out)[:, :_COMPARED])
        for t in range(rollout.horizon):
            totals += values[t]
            steps += 1
            for i in torch.nonzero(failed[t] | timed_out[t]).flatten().tolist():
                mean = (totals[i] / steps[i]).tolist()
                done[i].append(_Episode(bool(failed[t, i]), int(steps[i]), *mean))
                totals[i], steps[i] = 0.0, 0
    counted = [episode for mine in done for episode in mine[:each]]
    tracks = first_episodes(environment.backend.layout.view(torch.cat(states)), torch.cat(ended))
    on_tracks(tracks)
    motion = MotionJudge(session.reference, dt_s).judge(tracks, _COMPARED)
    result = _result(counted, dt_s, tally.result(), motion)
    if session.recipe.task.kind != "velocity":
        result = dataclasses.replace(result, speed_error_m_s=None)
    if not with_style:
        result = dataclasses.replace(result, style_reward=None, style_reward_std=None)
    return result


def _step_values(session: Session) -> Tensor:
    """Style and task reward, forward velocity, its and the lateral error, [T, N, 5]."""
    learner, rollout = session.learner, session.learner.rollout
    _, style, task = learner.rewards(rollout.discriminator_windows(learner.features))
    state = session.environment.backend.layout.view(rollout.state)
    velocity = heading_velocity(state.root_quat_w, state.root_lin_vel_w)
    error = torch.zeros_like(velocity[..., :2])
    if session.recipe.task.kind == "velocity":
        error = velocity[..., :2] - rollout.goal[..., :2]
    values = (style, task, velocity[..., 0], error[..., 0], error[..., 1])
    return torch.stack(values, dim=-1)


def _result(
    episodes: List[_Episode], dt_s: float, tasks: TaskResult, motion: MotionQuality
) -> TestResult:
    columns = ([e.style for e in episodes], [e.task for e in episodes])
    style, task = (torch.tensor(column) for column in columns)
    error = torch.tensor([[e.forward_error_m_s, e.lateral_error_m_s] for e in episodes])
    return TestResult(
        episodes=len(episodes),
        falls=sum(e.fell for e in episodes),
        episode_length_s=dt_s * sum(e.steps for e in episodes) / len(episodes),
        style_reward=float(style.mean()),
        style_reward_std=float(style.std(unbiased=False)),
        task_reward=float(task.mean()),
        forward_speed_m_s=sum(e.forward_m_s for e in episodes) / len(episodes),
        speed_error_m_s=float(error.norm(dim=1).mean()),
        task=tasks,
        motion=motion,
    )
