"""Episodes: where they start and what ends them."""

from __future__ import annotations

import pytest
import torch
from small_session import small_recipe

from amp_training.build import build_session


def starts(mode: str) -> torch.Tensor:
    """Joint angles [N, J] that episodes start from, and the clip's first and the stand pose."""
    session = build_session(small_recipe(f"episode.start={mode}", "episode.first_length_s=0.2"))
    windows = session.environment.starts.take(torch.arange(200))
    layout = session.environment.backend.layout
    first = session.reference.clip_windows(1, at_start=True)[0, -1]
    stand = torch.tensor(session.interface.robot.default_joint_pos_rad, dtype=torch.float32)
    pose = layout.view(windows[:, -1]).joint_pos
    at_first = (pose - layout.view(first).joint_pos).abs().amax(dim=1) < 1e-5
    at_stand = (pose - stand).abs().amax(dim=1) < 0.1 + 1e-5  # the stand is a little random
    still = (layout.view(windows[:, -1]).joint_vel == 0).all(dim=1)
    return torch.stack((at_first, at_stand & still)).float().mean(dim=1)


@pytest.mark.parametrize(
    ("mode", "first", "stand"),
    [("default", (0, 0), (1, 1)), ("start", (1, 1), (0, 0)), ("random", (0, 0.1), (0, 0)),
     ("hybrid", (0, 0.1), (0.1, 0.3))],
)  # fmt: skip
def test_where_episodes_start(mode: str, first: tuple, stand: tuple) -> None:
    at_first, at_stand = starts(mode).tolist()
    assert first[0] <= at_first <= first[1]
    assert stand[0] <= at_stand <= stand[1]


def failures(*overrides: str, steps: int = 40) -> int:
    """How many robots without torque fail in so many steps."""
    recipe = small_recipe("action.scale=0.001", "episode.length_s=20", *overrides)
    session = build_session(recipe, "cpu")
    environment = session.environment
    environment.schedule(10**9)
    count = 0
    for _ in range(steps):
        random = 1e4 * torch.randn(environment.num_envs, environment.action_dim)
        count += int(environment.step(random).failed.sum())
    return count


def test_without_early_termination_a_fall_goes_on() -> None:
    lying = ("action.kp=1", "episode.min_height_ratio=0.9")
    assert failures(*lying) > 0
    assert failures(*lying, "episode.early_termination=false") == 0


@pytest.mark.parametrize("backend", ["mujoco", "mujoco_warp"])
def test_a_trunk_on_the_floor_ends_the_episode(backend: str) -> None:
    if backend == "mujoco_warp":
        pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
    collapsing = ("action.kp=1", "episode.min_height_ratio=0.0", "episode.max_tilt_rad=3.1")
    collapsing = (f"simulation.backend={backend}", *collapsing)
    assert failures(*collapsing) == 0
    assert failures(*collapsing, "episode.contact_termination=true") > 0


def test_late_commands_pushes_and_sensor_errors_train() -> None:
    session = build_session(
        small_recipe(
            "randomization.delay_s=[0.0,0.03]",
            "randomization.push_interval_s=[0.1,0.3]",
            "randomization.sensors.joint_pos_bias_rad=0.02",
            "randomization.sensors.ang_vel_noise_rad_s=0.2",
        )
    )
    for k in range(2):
        stats = session.learner.iterate(48 * k)
        assert torch.isfinite(torch.tensor(stats.ppo.value_loss))


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), 1e30])
@pytest.mark.parametrize("terminating", ["true", "false"])
def test_a_simulation_that_diverges_ends_its_episode_and_harms_no_learning(
    monkeypatch, value: float, terminating: str
) -> None:
    session = build_session(small_recipe(f"episode.early_termination={terminating}"))
    environment, rollout = session.environment, session.learner.rollout
    backend = environment.backend
    step = backend.step

    def diverging(targets: torch.Tensor) -> None:
        step(targets)
        backend.state.flat[1] = value

    monkeypatch.setattr(backend, "step", diverging)
    rollout.begin(environment.restart_all())
    stats = session.learner.iterate(0)
    assert rollout.failed[:, 1].all() and not rollout.failed[:, 0].any()
    assert torch.isfinite(rollout.state).all() and torch.isfinite(rollout.next_observation).all()
    assert torch.isfinite(torch.tensor([stats.ppo.value_loss, stats.ppo.policy_loss])).all()
    for network in (session.learner.actor, session.learner.critic, session.learner.prior.network):
        assert all(torch.isfinite(tensor).all() for tensor in network.state_dict().values())


@pytest.mark.parametrize("backend", ["mujoco", "mujoco_warp"])
@pytest.mark.parametrize("value", [float("nan"), 1e12])
def test_a_robot_that_explodes_leaves_the_state_before_the_step(backend: str, value: float) -> None:
    if backend == "mujoco_warp":
        pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
    session = build_session(small_recipe(f"simulation.backend={backend}"), "cpu")
    environment = session.environment
    environment.restart_all()
    before = environment.backend.state.flat[1].clone()
    velocity = vars(environment.backend)["_qvel"]
    velocity[1, 3] = value
    result = environment.step(torch.zeros(environment.num_envs, environment.action_dim))
    assert result.failed[1] and not result.failed[0]
    torch.testing.assert_close(result.state[1], before, rtol=0, atol=0)
    assert torch.isfinite(environment.observation).all()
    for _ in range(3):  # and is well after its restart
        result = environment.step(torch.zeros(environment.num_envs, environment.action_dim))
        assert not result.failed[1] and torch.isfinite(result.state).all()
