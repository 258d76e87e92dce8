"""A rollout on MuJoCo Warp never makes the host wait for the device."""

from __future__ import annotations

import pytest
import torch
from no_host import AsksTheHost, NoHost
from small_session import small_recipe

from amp_training.build import Session, build_session

EVERYTHING = (
    "observation.history=3",
    "episode.length_s=0.2",
    "episode.contact_termination=true",
    "episode.max_pose_distance_rad=0.5",
    "command.lin_vel_x=[0.2, 1.0]",
    "command.resample_s=[0.05, 0.1]",
    "randomization.delay_s=[0.0, 0.03]",
    "randomization.push_interval_s=[0.04, 0.1]",
    "harness.enabled=true",
    "randomization.slope_rad=[0.0, 0.15]",
    "randomization.sensors.joint_pos_noise_rad=0.01",
)
RECIPES = {
    "imitation": ("task.kind=none",),
    "velocity": EVERYTHING,
    "location": ("task.kind=location", "task.location.resample_s=[0.05, 0.1]"),
    "steering": ("task.kind=steering", "task.steering.resample_s=[0.05, 0.1]"),
}


def rollout(session: Session) -> None:
    """All that the learner asks of a rollout before it draws its first batch."""
    learner = session.learner
    learner.rollout.collect(session.environment, learner.actor, session.generator)
    learner.rewards(learner.rollout.discriminator_windows(learner.features))
    learner.rollout.critic_inputs(session.environment)


@pytest.mark.parametrize("task", RECIPES)
def test_a_rollout_on_mujoco_warp_waits_for_nothing(task: str) -> None:
    pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
    recipe = small_recipe("simulation.backend=mujoco_warp", "ppo.horizon=8", *RECIPES[task])
    session = build_session(recipe, "cpu")
    session.learner.rollout.begin(session.environment.restart_all(session.generator))
    with NoHost():
        for _ in range(2):
            rollout(session)
    if task == "velocity":
        assert session.learner.rollout.done.any()


def test_the_refusal_sees_a_backend_that_asks() -> None:
    session = build_session(small_recipe("ppo.horizon=8"))
    with pytest.raises(AsksTheHost), NoHost():
        rollout(session)


@pytest.mark.parametrize(
    "asking",
    [
        lambda x: float(x.sum()),
        lambda x: bool((x > 0).any()),
        lambda x: x[x > 0],
        lambda x: x.nonzero(),
        lambda x: x.masked_select(x > 0),
        lambda x: x.cpu(),
        lambda x: x.tolist(),
        lambda x: x + torch.tensor([1.0]),
    ],
)
def test_the_refusal_sees_every_way_of_asking(asking) -> None:
    x = torch.randn(4)
    with pytest.raises(AsksTheHost), NoHost():
        asking(x)
