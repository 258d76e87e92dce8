"""Mistakes made in training, or in what it recorded: each is named, and where it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("mujoco.batch", reason="sim2sim and training need MuJoCo")
pytest.importorskip("torch", reason="records come from training")

import torch
from parity_seeds import Training

from amp_sdk import robots
from amp_sim2sim.parity.parity import ParityResult, training_parity
from amp_training import observation
from amp_training.backends.disturbances import TargetDelay

GO2 = robots.load("go2")
THIGH, CALF = 1, 2  # thigh and calf of one leg
SWAPPED = list(range(12))
SWAPPED[THIGH], SWAPPED[CALF] = CALF, THIGH


@pytest.fixture(scope="module")
def training(tmp_path_factory) -> Training:
    return Training(tmp_path_factory.mktemp("training"), 3)


@pytest.fixture
def changing(training, monkeypatch):
    """The training, whose parts the test may change."""
    return training, training.session.environment, monkeypatch


def judge(training: Training, record) -> ParityResult:
    return training_parity(training.policy, GO2, record, "record")


def named(result: ParityResult) -> set[tuple[str, str]]:
    assert not result.in_parity and not result.unexplained
    return {(cause.link, cause.kind) for cause in result.causes}


def test_without_a_mistake_there_is_parity(training) -> None:
    result = judge(training, training.record)
    assert result.in_parity and not result.causes and not result.unexplained
    assert result.replay.same_bits == result.replay.steps == 160


def test_gains_halved(changing) -> None:
    training, environment, _ = changing
    batch = environment.backend.batch
    gain, bias = batch.expand("actuator_gainprm"), batch.expand("actuator_biasprm")
    kept = gain.copy(), bias.copy()
    gain[:] *= 0.5
    bias[:] *= 0.5
    try:
        result = judge(training, training.roll())
    finally:
        gain[:], bias[:] = kept
    assert named(result) == {("motion", "gains")}
    assert "0.5 times the kp and kd" in result.causes[0].text


@pytest.mark.parametrize("ratios", [(0.7, 1.0), (1.0, 2.0), (1.3, 0.6)])
def test_gains_of_other_ratios(changing, ratios) -> None:
    training, environment, _ = changing
    batch = environment.backend.batch
    gain, bias = batch.expand("actuator_gainprm"), batch.expand("actuator_biasprm")
    kept = gain.copy(), bias.copy()
    gain[..., 0] *= ratios[0]
    bias[..., 1:3] *= ratios
    try:
        result = judge(training, training.roll())
    finally:
        gain[:], bias[:] = kept
    assert named(result) == {("motion", "gains")}
    for ratio in set(ratios) - {1.0}:
        assert f"{ratio:g} times" in result.causes[0].text


def test_two_motors_swapped(changing) -> None:
    training, environment, patch = changing
    step = environment.backend.step
    patch.setattr(environment.backend, "step", lambda target: step(target[:, SWAPPED]))
    result = judge(training, training.roll())
    assert named(result) == {("motion", "joint_order")}
    assert "motors the joints FL_thigh_joint and FL_calf_joint are swapped" in result.causes[0].text


def test_two_joints_measured_for_each_other(changing) -> None:
    training, environment, patch = changing
    sample = environment.policy_observation.sample

    def swapping(state, *rest):
        changed = dataclasses.replace(
            state, joint_pos=state.joint_pos[:, SWAPPED], joint_vel=state.joint_vel[:, SWAPPED]
        )
        return sample(changed, *rest)

    patch.setattr(environment.policy_observation, "sample", swapping)
    result = judge(training, training.roll())
    assert named(result) == {("observation", "joint_order")}
    assert "FL_thigh_joint and FL_calf_joint are swapped" in result.causes[0].text
    assert set(result.causes[0].groups) == {"joint_pos", "joint_vel"}


def test_normaliser_dropped(changing) -> None:
    training, _, _ = changing
    actor = training.session.learner.ppo.average
    result = judge(training, training.roll(actor.mean))
    assert named(result) == {("action", "normaliser")}
    assert "without the normaliser" in result.causes[0].text
    assert "the run is at fault" in result.causes[0].text


def test_history_reversed(changing) -> None:
    training, environment, patch = changing
    observe = environment.policy_observation
    order = observe._order.view(-1)
    sizes = [term.size for term in training.contract.observation]
    blocks = order.split([3 * size for size in sizes])
    turned = torch.cat([b.view(3, -1).flip(0).flatten() for b in blocks])
    patch.setattr(observe, "_order", turned)
    result = judge(training, training.roll())
    assert named(result) == {("observation", "history_order")}
    assert "newest first" in result.causes[0].text


@pytest.mark.parametrize("roll", [1, -1])
def test_quaternion_order(changing, roll) -> None:
    training, _, patch = changing
    right = observation.projected_gravity
    patch.setattr(observation, "projected_gravity", lambda quat: right(torch.roll(quat, roll, -1)))
    result = judge(training, training.roll())
    assert named(result) == {("observation", "quaternion_order")}
    assert result.causes[0].groups == ("projected_gravity_b",)


def test_quaternion_order_of_the_recorded_states(training) -> None:
    def rolled(state):
        state = state.copy()
        state[..., 3:7] = np.roll(state[..., 3:7], -1, axis=-1)
        return state

    record = dataclasses.replace(
        training.record,
        state=rolled(training.record.state),
        next_state=rolled(training.record.next_state),
    )
    assert named(judge(training, record)) == {
        ("observation", "quaternion_order"),
        ("motion", "quaternion_order"),
    }


def test_action_scale(changing) -> None:
    training, environment, patch = changing
    patch.setattr(environment, "_scale", 2.0 * environment._scale)
    result = judge(training, training.roll())
    assert named(result) == {("target", "action_scale")}
    assert "swing 2 times" in result.causes[0].text


def test_action_scale_that_the_recorded_targets_do_not_show(changing) -> None:
    training, environment, patch = changing
    step, centre = environment.backend.step, environment._center
    patch.setattr(
        environment.backend, "step", lambda target: step(centre + 1.5 * (target - centre))
    )
    result = judge(training, training.roll())
    assert named(result) == {("motion", "action_scale")}
    assert "1.5 times" in result.causes[0].text


def test_targets_that_act_late(changing) -> None:
    training, environment, patch = changing
    for steps, words in ((4, "20 ms late (1 control"), (2, "10 ms late (0.5 control")):
        delay = TargetDelay(torch.full((environment.num_envs,), steps), 4, 12)
        patch.setattr(environment.backend, "delay", delay)
        training._clean["backend"]["delay"] = delay.snapshot()
        result = judge(training, training.roll())
        assert named(result) == {("motion", "delay")}
        assert words in result.causes[0].text


def test_actions_that_come_late(changing) -> None:
    training, environment, _ = changing
    actor = training.session.learner.ppo.average
    waiting = [torch.zeros(environment.num_envs, 12)]

    def late(seen):
        waiting.append(actor(seen))
        return waiting[-2]

    result = judge(training, training.roll(late))
    assert named(result) == {("action", "delay")}
    assert "1 control step" in result.causes[0].text


def test_observations_that_are_late(changing) -> None:
    training, environment, patch = changing
    sample, kept = environment.policy_observation.sample, {}

    def late(state, command, action, ids=None):
        if ids is not None:
            kept["sample"][ids] = sample(state, command, action, ids)
            return kept["sample"][ids]
        now, old = sample(state, command, action), kept["sample"].clone()
        kept["sample"] = now.clone()
        old[:, -12:] = now[:, -12:]
        return old

    kept["sample"] = torch.zeros(environment.num_envs, 45)
    patch.setattr(environment.policy_observation, "sample", late)
    result = judge(training, training.roll())
    assert ("observation", "delay") in named(result)


def test_noise_is_no_known_mistake(training) -> None:
    noise = np.random.default_rng(0).normal(size=training.record.target.shape) * 0.05
    record = dataclasses.replace(
        training.record, target=training.record.target + noise.astype(np.float32)
    )
    result = judge(training, record)
    assert not result.in_parity and not result.causes
    assert set(result.unexplained) == {"target: target", "motion: state"}


def test_a_single_motion_that_differs_is_not_explained_by_what_leaves_the_others(training) -> None:
    changed = training.record.next_state.copy()
    changed[20, 1, -THIGH] += 0.5
    result = judge(training, dataclasses.replace(training.record, next_state=changed))
    assert not result.in_parity and not result.causes
    assert result.unexplained == ("motion: state",)


def test_the_first_difference_is_found(training) -> None:
    changed = training.record.observation.copy()
    changed[7, 2, 4] += 0.01
    record = dataclasses.replace(training.record, observation=changed)
    (link, *_) = judge(training, record).links
    assert (link.first.step, link.first.robot) == (7, 2)
    assert link.first.element.startswith("observation ") and link.groups[0].name
    assert np.isclose(link.first.recorded - link.first.here, 0.01, atol=1e-5)
