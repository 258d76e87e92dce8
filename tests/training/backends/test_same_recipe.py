"""One recipe on either MuJoCo backend: it does not change, and what happens hardly does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_session import small_recipe

from amp_training.build import build_session
from amp_training.selection import pick

pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")


def rollout(backend: str):
    """A session after one rollout of noise in which robots fall; each has a start of its own."""
    slopes = "randomization.slope_rad=[0.0, 0.15]"
    recipe = small_recipe(f"simulation.backend={backend}", "ppo.horizon=12", slopes)
    session = build_session(recipe, "cpu")
    rollout, environment = session.learner.rollout, session.environment
    clip_id, times_s = np.zeros(environment.num_envs, np.int64), np.linspace(0.1, 0.5, 8)
    starts = session.reference.windows_at(clip_id, times_s)
    environment.starts.take = lambda which: pick(which, starts)
    rollout.begin(environment.restart_all())
    noise = torch.randn(rollout.action.shape, generator=torch.Generator().manual_seed(3))
    rollout.collect_with(session.environment, lambda t, _: 2.0 * noise[t])
    return session


def test_the_same_rollout() -> None:
    """Same starts, same randomised robots, same physics: equal up to the rounding of float32."""
    cpu, warp = (rollout(name).learner.rollout for name in ("mujoco", "mujoco_warp"))
    assert torch.equal(cpu.failed[:6], warp.failed[:6])
    torch.testing.assert_close(warp.state[:6], cpu.state[:6], atol=0.02, rtol=0.02)
    gravity_b = [rollout.observation[:6, :, 3:6] for rollout in (warp, cpu)]
    torch.testing.assert_close(*gravity_b, atol=0.01, rtol=0)


@pytest.mark.parametrize("backend", ["mujoco", "mujoco_warp"])
def test_the_observation_at_the_end_of_an_episode_is_of_its_true_last_state(backend: str) -> None:
    session = build_session(small_recipe(f"simulation.backend={backend}"), "cpu")
    environment = session.environment
    environment.step(torch.zeros(environment.num_envs, environment.action_dim))
    fallen = environment.backend.state.flat[:1].clone()
    fallen[:, 3:7] = torch.tensor([0.0, 1.0, 0.0, 0.0])  # on its back
    fallen[:, 2] = 0.8
    environment.backend.reset(torch.tensor([0]), fallen)
    result = environment.step(torch.zeros(environment.num_envs, environment.action_dim))
    assert bool(result.failed[0])
    end = environment.backend.layout.view(result.state)
    gravity = result.observation[0, 3:6]
    assert float(gravity[2]) > 0.9  # still on its back, while the backend stands at a new start
    assert float(end.root_pos_w[0, 2]) == pytest.approx(0.8, abs=0.05)
    start = environment.backend.state.flat[0]
    torch.testing.assert_close(start, result.start_windows[0, -1])
    assert float(environment.observation[0, 5]) < -0.9
