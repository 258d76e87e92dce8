"""A policy with one deliberate mistake each: what a gate must find.

Every mistake is one that happens: in training, in export or in deployment. The damaged policies are
valid files otherwise, whose golden vectors fit, so that nothing but how they walk gives them away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from amp_sdk.contract import METADATA_PROPERTY, Golden, PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.policy import Policy, load_policy, resolve
from amp_sim2sim.gate.suite import Suite

Weights = dict[str, np.ndarray]
"""The tensors of a policy file by name: ``normalizer_mean`` and ``normalizer_std [D]``,
``weight_0 [H, D]`` and so on to the last one ``[J, H]``, and their ``bias_0 [H]``."""
DELAY_STEPS = 2


def weights_noised(weights: Weights, contract: PolicyContract) -> PolicyContract:
    """Noise of half of each layer's own spread on its weights."""
    rng = np.random.default_rng(0)
    for name in _layers(weights):
        array = weights[name]
        weights[name] = array + 0.5 * array.std() * rng.standard_normal(array.shape)
    return contract


def normaliser_removed(weights: Weights, contract: PolicyContract) -> PolicyContract:
    """Observations are not normalised, as where its statistics were not exported."""
    weights["normalizer_mean"] = np.zeros_like(weights["normalizer_mean"])
    weights["normalizer_std"] = np.ones_like(weights["normalizer_std"])
    return contract


def joints_swapped(weights: Weights, contract: PolicyContract) -> PolicyContract:
    """Two joints of a leg change places between the network and the rest of the world, in what is
    observed and in what is done: those neighbours whose default angles differ most."""
    pose = contract.joint_array("default_pos_rad")
    first = int(np.argmax(np.abs(np.diff(pose))))
    joints = np.arange(contract.action_dim)
    joints[[first, first + 1]] = first + 1, first
    columns, start = np.arange(contract.obs_dim), 0
    for term in contract.observation:
        of_joints = term.name in ("joint_pos", "joint_vel", "last_action")
        for sample in range(start, start + term.width, term.size):
            if of_joints:
                columns[sample : sample + term.size] = sample + joints
        start += term.width
    _permute(weights, columns)
    layer = _layers(weights)[-1]
    for name in (layer, layer.replace("weight", "bias")):
        weights[name] = weights[name][joints]
    return contract


def history_reversed(weights: Weights, contract: PolicyContract) -> PolicyContract:
    """The samples of every term come newest first. Raises InputError where there is one each."""
    if all(term.history == 1 for term in contract.observation):
        raise InputError("the policy observes no history; expected a term of 2 samples or more")
    columns, start = [], 0
    for term in contract.observation:
        block = np.arange(start, start + term.width).reshape(term.history, term.size)
        columns.append(block[::-1].ravel())
        start += term.width
    _permute(weights, np.concatenate(columns))
    return contract


def gain_halved(weights: Weights, contract: PolicyContract) -> PolicyContract:
    """Half of the stiffness and damping that the policy was trained with."""
    return with_joints(contract, kp=0.5, kd=0.5)


def action_scale_doubled(weights: Weights, contract: PolicyContract) -> PolicyContract:
    """Every action moves its target twice as far."""
    return with_joints(contract, action_scale=2.0)


Change = Callable[[Weights, PolicyContract], PolicyContract]
FILES: dict[str, Change] = {
    "weights noised": weights_noised,
    "normaliser removed": normaliser_removed,
    "joint pair swapped": joints_swapped,
    "gain halved": gain_halved,
    "action scale doubled": action_scale_doubled,
    "history reversed": history_reversed,
}
"""The damages that a file can have: they change its tensors in place and return its contract."""


def write_damaged(name: str | Path, damage: str, path: Path) -> Policy:
    """Write the policy ``name`` with the ``damage``, a key of ``FILES``, to ``path``; load it.

    Raises InputError where that policy cannot have it, or was not exported by this package.
    """
    return write_changed(name, FILES[damage], path)


def write_changed(name: str | Path, change: Change, path: Path) -> Policy:
    """``write_damaged`` with a ``change`` of one's own."""
    contract = load_policy(name).contract
    model = onnx.load(str(resolve(name)))
    weights = {t.name: numpy_helper.to_array(t).copy() for t in model.graph.initializer}
    if not {"normalizer_mean", "normalizer_std", "weight_0"} <= set(weights):
        raise InputError(
            f"{name} has the tensors {', '.join(sorted(weights))}; expected a policy that this "
            "package exported, with normalizer_mean, normalizer_std, weight_0, ..."
        )
    contract = change(weights, contract)
    for tensor in model.graph.initializer:
        array = weights[tensor.name].astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    obs = np.array(contract.golden.obs, dtype=np.float32)
    actions = np.asarray(session.run(None, {"obs": obs})[0], dtype=np.float64)
    golden = Golden(contract.golden.obs, tuple(tuple(row) for row in actions.tolist()))
    contract = dataclasses.replace(contract, golden=golden)
    for entry in model.metadata_props:
        if entry.key == METADATA_PROPERTY:
            entry.value = contract.to_json()
    onnx.save(model, str(path))
    return load_policy(path)


def delayed(suite: Suite, contract: PolicyContract) -> Suite:
    """The suite with every measurement ``DELAY_STEPS`` control periods late, so that the policy
    answers what was."""
    late_s = DELAY_STEPS * contract.control_period_s
    scenarios = {}
    for name, scenario in suite.scenarios.items():
        c = scenario.conditions
        values = scenario.values
        if scenario.vary == "latency_s":
            values = tuple(value + late_s for value in values)
        scenarios[name] = dataclasses.replace(
            scenario,
            values=values,
            required=None if scenario.vary == "latency_s" else scenario.required,
            conditions=dataclasses.replace(c, latency_s=c.latency_s + late_s),
        )
    return dataclasses.replace(suite, scenarios=scenarios)


def _layers(weights: Weights) -> list[str]:
    names = [name for name in weights if name.startswith("weight_")]
    return sorted(names, key=lambda name: int(name.removeprefix("weight_")))


def _permute(weights: Weights, columns: np.ndarray) -> None:
    """The network gets observation ``columns[i]`` where it expects ``i``: pairs change places."""
    for name in ("normalizer_mean", "normalizer_std"):
        weights[name] = weights[name][columns]
    weights["weight_0"] = weights["weight_0"][:, columns]


def with_joints(contract: PolicyContract, **factors: float) -> PolicyContract:
    """The contract with fields of all its joints times ``factors``."""
    changed = tuple(
        dataclasses.replace(j, **{name: getattr(j, name) * f for name, f in factors.items()})
        for j in contract.joints
    )
    return dataclasses.replace(contract, joints=changed)
