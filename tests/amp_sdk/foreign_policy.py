"""Policies as mjlab and holosoma write them: small networks with metadata of their kind."""

from __future__ import annotations

import numpy as np
import yaml
from onnx import TensorProto, helper, numpy_helper

from amp_sdk import robots

GO2 = robots.load("go2")
# breadth first, as Isaac Lab orders joints: hips, then thighs, then calves
ORDER = np.arange(12).reshape(4, 3).T.ravel()
NAMES = [GO2.joint_names[i] for i in ORDER]
TERMS = {  # their name: ours, size
    "base_ang_vel": ("base_ang_vel_b", 3),
    "velocity_commands": ("command", 2),
    "joint_pos_rel": ("joint_pos", 12),
    "joint_vel_rel": ("joint_vel", 12),
    "actions": ("last_action", 12),
}
KP = np.linspace(20.0, 31.0, 12)
SCALE = np.linspace(0.2004, 0.3111, 12)
COMMANDS = [
    {"name": "lin_vel_x", "lower": -1.0, "upper": 1.0, "nominal": 0.5},
    {"name": "ang_vel_z", "lower": -1.0, "upper": 1.0, "nominal": 0.0},
]
TOLD = {
    "robot": "go2",
    "control_period_s": 0.02,
    "normalizer_in_graph": True,
    "action_offset": "default_pose",
    "action_clip": 100.0,
    "commands": COMMANDS,
}


def text(numbers, digits=3):
    return ",".join(f"{x:.{digits}f}" for x in numbers)


def mjlab(digits=3, history=2, **changes):
    return {
        "joint_names": ",".join(NAMES),
        "joint_stiffness": text(KP[ORDER], digits),
        "joint_damping": text(KP[ORDER] / 20, digits),
        "default_joint_pos": text(GO2.default_joint_pos_rad[ORDER], digits),
        "action_scale": text(SCALE[ORDER], digits),
        "observation_names": ",".join(TERMS),
        "command_names": "twist",
        "observation_terms_scale": "1.0,1.0;1.0,1.0,0.05,None",
        "observation_terms_clip": "-inf;inf,-inf;inf,-inf;inf,-10.0;10.0,-inf;inf",
        "observation_terms_history_length": f"{history},0,{history},{history},1",
        "observation_terms_flatten_history_dim": "True,True,True,True,True",
        **changes,
    }


def holosoma(**changes):
    numbers = dict(zip(GO2.joint_names, KP.tolist(), strict=True))
    return {
        "dof_names": str(NAMES).replace("'", '"'),
        "kp": str(numbers).replace("'", '"'),
        "kd": str((KP[ORDER] / 20).tolist()),
        "command_ranges": '{"lin_vel_x": [-1, 1]}',
        **changes,
    }


def write(folder, metadata, width, told=None, names=("obs", "actions"), rows=1):
    """A linear network of other names; ``(its file, the YAML file, its weight)``."""
    weight = np.random.default_rng(3).normal(size=(width, 12)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", [names[0], "w"], [names[1]])],
        "theirs",
        [helper.make_tensor_value_info(names[0], TensorProto.FLOAT, [rows, width])],
        [helper.make_tensor_value_info(names[1], TensorProto.FLOAT, [rows, 12])],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 11)])
    helper.set_model_props(model, metadata)
    (folder / "theirs.onnx").write_bytes(model.SerializeToString())
    (folder / "told.yaml").write_text(yaml.safe_dump({**TOLD, **(told or {})}, sort_keys=False))
    return folder / "theirs.onnx", folder / "told.yaml", weight
