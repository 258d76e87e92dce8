"""Policies of other projects go through the gate: G1 networks as mjlab exports them, and bare ones
as TorchScript converts to, with what their metadata do not say in a file."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper
from small_policy import CommandTerm, robot_contract, write_policy

from amp_sdk import robots
from amp_sdk._cli import guarded
from amp_sim2sim import cli

G1 = robots.load("g1_29dof")
# left and right in turns, as mjlab and Isaac Lab order joints: not the robot's order
ORDER = np.argsort([i % 15 for i in range(29)], kind="stable")
NAMES = [G1.joint_names[i] for i in ORDER]
TERMS = {"base_ang_vel": 3, "projected_gravity": 3, "command": 3, "joint_pos": 29}
TERMS |= {"joint_vel": 29, "actions": 29}
TOLD = {
    "robot": "g1_29dof",
    "control_period_s": 0.02,
    "normalizer_in_graph": True,
    "action_offset": "default_pose",
    "action_clip": 100.0,
    "commands": [
        {"name": name, "lower": -0.5, "upper": 0.5, "nominal": 0.0}
        for name in ("lin_vel_x", "lin_vel_y", "ang_vel_z")
    ],
}
SUITE = """
robots: [g1_29dof]
duration_s: 3.0
thresholds: {max_fall_share: 1.0, max_saturation_share: 1.0}
scenarios:
  nominal: {about: undisturbed, repeats: 1}
  forward: {about: commands, vary: forward_share, values: [1.0], repeats: 1}
"""


def text(numbers) -> str:
    return ",".join(f"{x:.3f}" for x in numbers)


def mjlab() -> dict[str, str]:
    return {
        "joint_names": ",".join(NAMES),
        "joint_stiffness": text(G1.kp[ORDER]),
        "joint_damping": text(G1.kd[ORDER]),
        "default_joint_pos": text(G1.default_joint_pos_rad[ORDER]),
        "action_scale": text(np.asarray(G1.action_scale)[ORDER]),
        "observation_names": ",".join(TERMS),
        "command_names": "twist",
        "observation_terms_scale": ",".join("1.0" for _ in TERMS),
        "observation_terms_clip": ",".join("-inf;inf" for _ in TERMS),
        "observation_terms_history_length": ",".join("0" for _ in TERMS),
    }


def by_joint(values) -> dict[str, float]:
    return {name: float(value) for name, value in zip(G1.joint_names, values, strict=True)}


FULL = {  # the metadata have three decimals of these
    "kp": by_joint(G1.kp),
    "kd": by_joint(G1.kd),
    "default_pos_rad": by_joint(G1.default_joint_pos_rad),
    "action_scale": by_joint(G1.action_scale),
}
BARE = {
    **FULL,
    "joint_names": NAMES,
    "observation": [{"name": name, "scale": 1.0, "history": 1} for name in TERMS],
}


def weight_of(columns, joints) -> np.ndarray:
    """Ankles that follow the gyro and their own angle: one column each, so that sums are exact."""
    weight = np.zeros((sum(TERMS.values()), 29), np.float32)
    for i, name in enumerate(joints):
        if "ankle_pitch" in name:
            weight[4, i] = 0.2  # gravity
        elif "shoulder_pitch" in name:
            weight[9 + columns.index(name), i] = 0.5  # its own angle
    return weight


def write(folder, metadata, told):
    """A network in the order of its project, one observation at a time."""
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width])
        for name, width in (("obs", sum(TERMS.values())), ("actions", 29))
    ]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["obs", "w"], ["actions"])],
        "theirs",
        ends[:1],
        ends[1:],
        [numpy_helper.from_array(weight_of(NAMES, NAMES), "w")],
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    helper.set_model_props(model, metadata)
    file, completion = folder / "theirs.onnx", folder / "told.yaml"
    file.write_bytes(model.SerializeToString())
    completion.write_text(yaml.safe_dump({**TOLD, **told}))
    return file, completion


def gate(folder, file, *more, name="out.json") -> tuple[int, dict]:
    suite, out = folder / "suite.yaml", folder / name
    suite.write_text(SUITE)
    args = [file, "--gate", suite, "--threads", 1, "--json", out, *more]
    status = guarded(lambda: cli.main([str(a) for a in args]))
    return status, json.loads(out.read_text()) if out.exists() else {}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """What the gate says of the same policy as this package exports it, in the robot's order."""
    folder, names = tmp_path_factory.mktemp("ours"), list(G1.joint_names)
    commands = tuple(CommandTerm(**c) for c in TOLD["commands"])
    contract = robot_contract(G1, commands, action_clip=100.0)
    write_policy(folder / "ours.onnx", contract, weight_of(names, names))
    return gate(folder, folder / "ours.onnx")


@pytest.mark.filterwarnings("ignore::amp_sdk.errors.PolicyWarning")
@pytest.mark.parametrize(("metadata", "told"), [(mjlab(), FULL), ({}, BARE)], ids=["mjlab", "bare"])
def test_a_foreign_policy_is_judged_as_ours_would_be(tmp_path, ours, metadata, told) -> None:
    file, completion = write(tmp_path, metadata, told)
    status, results = gate(tmp_path, file, "--complete", completion)
    assert status == ours[0] == 0 and results["robot"] == "g1_29dof" and results["runs"] == 2
    assert results["scenarios"] == ours[1]["scenarios"], "the same to the last digit"


def test_what_is_missing_is_named(tmp_path, capsys) -> None:
    file, _ = write(tmp_path, mjlab(), {})
    assert gate(tmp_path, file)[0] == 2
    error = capsys.readouterr().err
    assert "control_period_s" in error and "commands" in error


@pytest.mark.filterwarnings("ignore::amp_sdk.errors.PolicyWarning")
def test_two_of_one_project_are_compared_with_one_completion(tmp_path) -> None:
    file, completion = write(tmp_path, mjlab(), FULL)
    more = ["--complete", completion, "--compare", file]
    status, (first, second) = gate(tmp_path, file, *more)
    assert status == 0 and first == second
