"""Mistakes in the policy file, against a record without one: each is named by what it does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("mujoco.batch", reason="sim2sim and training need MuJoCo")
pytest.importorskip("torch", reason="records come from training")

from parity_seeds import Training

from amp_sdk import robots
from amp_sim2sim.bench.damage import FILES, with_joints, write_changed, write_damaged
from amp_sim2sim.parity.parity import ParityResult, training_parity

THIGH, CALF = 1, 2  # thigh and calf of one leg
ORDER = np.arange(12)
ORDER[[THIGH, CALF]] = CALF, THIGH


@pytest.fixture(scope="module")
def training(tmp_path_factory) -> Training:
    return Training(tmp_path_factory.mktemp("training"), 3)


@pytest.fixture
def judge(training, tmp_path):
    """The result of a policy file after a damage; every difference must be explained."""

    def judged(damage) -> tuple[ParityResult, set[tuple[str, str]]]:
        policy = write_changed(training.file, damage, tmp_path / "damaged.onnx")
        result = training_parity(policy, robots.load("go2"), training.record, "record")
        assert not result.in_parity and not result.unexplained
        return result, {(cause.link, cause.kind) for cause in result.causes}

    return judged


def test_gains_halved(judge) -> None:
    result, named = judge(lambda weights, contract: with_joints(contract, kp=0.5, kd=0.5))
    assert named == {("motion", "gains")}
    assert "moved with 2 times the kp and kd of the policy file" in result.causes[0].text
    assert any(
        line.startswith("kp of 12 joint(s), the file's 0.5 times")
        for line in result.contract_differences
    )


def test_action_scale(judge) -> None:
    result, named = judge(lambda weights, contract: with_joints(contract, action_scale=2.0))
    assert named == {("target", "action_scale")}
    assert "swing 0.5 times" in result.causes[0].text
    assert any("action_scale of 12 joint(s)" in line for line in result.contract_differences)


def test_action_scale_of_one_joint(judge) -> None:
    def damage(weights, contract):
        joints = list(contract.joints)
        joints[4] = dataclasses.replace(joints[4], action_scale=joints[4].action_scale * 4.0)
        return dataclasses.replace(contract, joints=tuple(joints))

    result, named = judge(damage)
    assert named == {("target", "action_scale")}
    assert f"{result.links[2].first.element.split()[-1]} 0.25 times" in result.causes[0].text


def test_gain_of_one_joint(judge) -> None:
    def damage(weights, contract):
        joints = list(contract.joints)
        joints[4] = dataclasses.replace(joints[4], kp=joints[4].kp * 2.0)
        return dataclasses.replace(contract, joints=tuple(joints))

    result, named = judge(damage)
    assert named == {("motion", "gains")}
    assert "FR_thigh_joint moved with 0.5 times the kp and 1 times" in result.causes[0].text


def test_normaliser_dropped(judge) -> None:
    def damage(weights, contract):
        weights["normalizer_mean"] *= 0.0
        weights["normalizer_std"] = np.ones_like(weights["normalizer_std"])
        return contract

    result, named = judge(damage)
    assert named == {("action", "normaliser")}
    assert "lacks the normaliser" in result.causes[0].text
    assert "not the trained one" in result.causes[0].text


def test_two_actions_swapped_in_the_network(judge) -> None:
    def damage(weights, contract):
        last = max(name for name in weights if name.startswith("weight"))
        weights[last] = weights[last][ORDER]
        weights[last.replace("weight", "bias")] = weights[last.replace("weight", "bias")][ORDER]
        return contract

    result, named = judge(damage)
    assert named == {("action", "joint_order")}
    assert "FL_thigh_joint and FL_calf_joint are swapped" in result.causes[0].text


def history_blocks(contract):
    ends = np.cumsum([term.width for term in contract.observation])
    return [
        np.arange(end - t.width, end) for t, end in zip(contract.observation, ends, strict=True)
    ]


def inputs(weights, columns) -> None:
    """The network reads column ``columns[i]`` where it read column ``i``."""
    for name in ("normalizer_mean", "normalizer_std"):
        weights[name] = weights[name][columns]
    weights["weight_0"] = weights["weight_0"][:, columns]


def test_two_joints_swapped_at_the_inputs(judge) -> None:
    def damage(weights, contract):
        columns = np.arange(contract.obs_dim)
        for term, block in zip(contract.observation, history_blocks(contract), strict=True):
            if term.size == 12:
                columns[block] = block.reshape(3, 12)[:, ORDER].ravel()
        inputs(weights, columns)
        return contract

    result, named = judge(damage)
    assert named == {("action", "joint_order")}
    assert "inputs the joints FL_thigh_joint and FL_calf_joint are swapped" in result.causes[0].text


def test_two_joints_swapped_in_the_contract(judge) -> None:
    def damage(weights, contract):
        joints = [contract.joints[i] for i in ORDER]
        return dataclasses.replace(contract, joints=tuple(joints))

    result, named = judge(damage)
    assert named == {("observation", "joint_order"), ("target", "joint_order")}
    assert all("FL_" in cause.text and "are swapped" in cause.text for cause in result.causes)
    assert any(line.startswith("joint order") for line in result.contract_differences)


def test_an_observation_scale(judge) -> None:
    def damage(weights, contract):
        terms = [
            dataclasses.replace(t, scale=t.scale * 20.0) if t.name == "joint_vel" else t
            for t in contract.observation
        ]
        return dataclasses.replace(contract, observation=tuple(terms))

    result, named = judge(damage)
    assert named == {("observation", "observation_scale")}
    assert "joint_vel is recorded as 0.05 times" in result.causes[0].text


def test_another_default_pose(judge) -> None:
    def damage(weights, contract):
        joints = [
            dataclasses.replace(j, default_pos_rad=j.default_pos_rad + 0.01)
            for j in contract.joints
        ]
        return dataclasses.replace(contract, joints=tuple(joints))

    _, named = judge(damage)
    assert named == {("observation", "observation_offset")}


def test_two_mistakes_at_once(judge) -> None:
    def damage(weights, contract):
        weights["normalizer_mean"] *= 0.0
        weights["normalizer_std"] = np.ones_like(weights["normalizer_std"])
        return with_joints(contract, kp=0.5, kd=0.5, action_scale=2.0)

    _, named = judge(damage)
    assert named == {("action", "normaliser"), ("target", "action_scale"), ("motion", "gains")}


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("normaliser removed", {("action", "normaliser")}),
        ("joint pair swapped", {("action", "joint_order")}),
        ("gain halved", {("motion", "gains")}),
        ("action scale doubled", {("target", "action_scale")}),
        ("history reversed", {("action", "history_order")}),
        ("weights noised", set()),
    ],
)
def test_the_damages_that_a_gate_must_find(training, tmp_path, damage, expected) -> None:
    policy = write_damaged(training.file, damage, tmp_path / "damaged.onnx")
    result = training_parity(policy, robots.load("go2"), training.record, "record")
    assert not result.in_parity and bool(result.unexplained) == (not expected)
    assert {(cause.link, cause.kind) for cause in result.causes} == expected


def test_every_damage_of_a_file_is_tried() -> None:
    (mark,) = test_the_damages_that_a_gate_must_find.pytestmark
    assert {damage for damage, _ in mark.args[1]} == set(FILES)
