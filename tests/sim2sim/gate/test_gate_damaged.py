"""The shipped policy passes where its damaged variants fail, and what fails is named."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from amp_sdk.contract import METADATA_PROPERTY, Golden, PolicyContract
from amp_sdk.policy import Policy, load_policy, resolve
from amp_sim2sim.gate.gate import run_gate
from amp_sim2sim.gate.suite import load_suite

NAMES = ("nominal", "motor_strength", "friction")


def suite():
    """Three scenarios of the default suite, with its thresholds but the one that needs a clip."""
    whole = load_suite("default", "go2")
    chosen = {name: dataclasses.replace(whole.scenarios[name], repeats=1) for name in NAMES}
    return dataclasses.replace(whole, scenarios=chosen, duration_s=4.0)


def gate(policy: Policy):
    return run_gate(policy, suite(), "default", threads=1).results


def noised(weights, contract):
    rng = np.random.default_rng(0)
    for name in [n for n in weights if n.startswith("weight")]:
        array = weights[name]
        weights[name] = array + 0.5 * array.std() * rng.standard_normal(array.shape)
    return contract


def without_normaliser(weights, contract):
    weights["normalizer_mean"] *= 0.0
    weights["normalizer_std"] = np.ones_like(weights["normalizer_std"])
    return contract


def swapped_joints(weights, contract):
    order = np.arange(contract.action_dim)
    order[[1, 2]] = 2, 1  # thigh and calf of one leg
    weights["weight_4"], weights["bias_4"] = weights["weight_4"][order], weights["bias_4"][order]
    return contract


def upside_down(weights, contract):
    weights["weight_0"][:, 3:6] *= -1.0
    return contract


def silent(weights, contract):
    weights["weight_4"] *= 0.0
    return contract


def joints(contract, **factors) -> PolicyContract:
    changed = tuple(
        dataclasses.replace(j, **{name: getattr(j, name) * f for name, f in factors.items()})
        for j in contract.joints
    )
    return dataclasses.replace(contract, joints=changed)


def half_gain(weights, contract):
    return joints(contract, kp=0.5, kd=0.5)


def double_scale(weights, contract):
    return joints(contract, action_scale=2.0)


def damaged(path, damage) -> Policy:
    """The shipped policy after ``damage(weights, contract) -> contract``, as a valid file."""
    model = onnx.load(str(resolve("go2_trot")))
    contract = load_policy("go2_trot").contract
    weights = {t.name: numpy_helper.to_array(t).copy() for t in model.graph.initializer}
    contract = damage(weights, contract)
    for tensor in model.graph.initializer:
        array = weights[tensor.name].astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    obs = np.array(contract.golden.obs, dtype=np.float32)
    (actions,) = session.run(None, {"obs": obs})
    golden = Golden(contract.golden.obs, tuple(tuple(map(float, row)) for row in actions))
    contract = dataclasses.replace(contract, golden=golden)
    for entry in model.metadata_props:
        if entry.key == METADATA_PROPERTY:
            entry.value = contract.to_json()
    onnx.save(model, str(path))
    return load_policy(path)


class Late(Policy):
    """A policy whose answers come two control periods late."""

    def __init__(self, policy: Policy) -> None:
        self.__dict__.update(policy.__dict__)
        self._waiting: list[np.ndarray] = []

    def act(self, obs: np.ndarray) -> np.ndarray:
        self._waiting.append(super().act(obs))
        return self._waiting[max(0, len(self._waiting) - 3)]


def test_the_shipped_policy_passes_here() -> None:
    results = gate(load_policy("go2_trot"))
    assert results.passed, [(s.name, s.reason) for s in results.scenarios]


@pytest.mark.parametrize(
    "damage",
    [
        noised,
        without_normaliser,
        swapped_joints,
        upside_down,
        silent,
        half_gain,
        double_scale,
    ],
)
def test_a_damaged_variant_fails_and_names_where(tmp_path, damage) -> None:
    results = gate(damaged(tmp_path / "damaged.onnx", damage))
    assert not results.passed and "nominal" in results.failing
    reasons = {s.name: s.reason for s in results.scenarios if s.status == "fail"}
    assert all(reasons.values())


def test_a_delayed_policy_fails() -> None:
    results = gate(Late(load_policy("go2_trot")))
    assert not results.passed and "nominal" in results.failing
