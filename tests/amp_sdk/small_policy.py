"""Small valid policies for tests: a linear network whose weights the test chooses."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Optional

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from amp_sdk.contract import (
    METADATA_PROPERTY,
    OBSERVATION_NAMES,
    CommandTerm,
    Golden,
    JointContract,
    ObservationTerm,
    PolicyContract,
    Provenance,
)

TERMS = tuple(OBSERVATION_NAMES)


def make_contract(joints=("a", "b"), history: int = 1, commands=None, **changes) -> PolicyContract:
    """A valid contract over ``joints`` (names or JointContract); golden vectors all zero."""
    joints = tuple(j if isinstance(j, JointContract) else make_joint(j) for j in joints)
    commands = (CommandTerm("lin_vel_x", 0.0, 1.5, 0.7),) if commands is None else tuple(commands)
    sizes = {"base_ang_vel_b": 3, "projected_gravity_b": 3, "command": len(commands)}
    terms = tuple(
        ObservationTerm(name, sizes.get(name, len(joints)), history=history)
        for name in TERMS
        if name != "command" or commands
    )
    width = sum(term.width for term in terms)
    values = dict(
        schema_version=1,
        robot="toy",
        variant="toy_1",
        joints=joints,
        observation=terms,
        commands=commands,
        control_period_s=0.02,
        action_clip=10.0,
        quaternion="wxyz",
        history_order="oldest_first",
        normalizer_in_graph=True,
        provenance=Provenance("0.1.0", "toy", "0" * 64, 1, 0, (), "none", "2025-01-01T00:00:00Z"),
        golden=Golden(obs=((0.0,) * width,), actions=((0.0,) * len(joints),)),
    )
    return PolicyContract(**{**values, **changes})


def make_joint(name: str, **changes) -> JointContract:
    """A joint with plain numbers."""
    joint = JointContract(name, 0.1, 20.0, 0.5, 0.25, 0.1, 23.7, -1.0, 1.0)
    return dataclasses.replace(joint, **changes)


def make_model(obs_dim: int, action_dim: int, weight=None, metadata=None) -> onnx.ModelProto:
    """``actions = obs @ weight`` with ``weight [obs_dim, action_dim]``, zero unless given."""
    weight = np.zeros((obs_dim, action_dim)) if weight is None else weight
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["obs", "weight"], ["actions"])],
        "linear",
        [helper.make_tensor_value_info("obs", TensorProto.FLOAT, ["n", obs_dim])],
        [helper.make_tensor_value_info("actions", TensorProto.FLOAT, ["n", action_dim])],
        [numpy_helper.from_array(np.asarray(weight, np.float32), "weight")],
    )
    model = helper.make_model(
        graph, producer_name="tests", ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    helper.set_model_props(model, metadata or {})
    return model


def write_policy(
    path: Path, contract: PolicyContract, weight: Optional[np.ndarray] = None, seed: int = 0
) -> PolicyContract:
    """Write a linear policy whose golden vectors are right; returns the contract written."""
    obs_dim, action_dim = contract.obs_dim, contract.action_dim
    weight = np.zeros((obs_dim, action_dim), np.float32) if weight is None else weight
    obs = np.random.default_rng(seed).normal(size=(4, obs_dim)).astype(np.float32)
    actions = obs.astype(np.float64) @ np.asarray(weight, np.float64)
    contract = dataclasses.replace(
        contract,
        golden=Golden(tuple(map(tuple, obs.tolist())), tuple(map(tuple, actions.tolist()))),
    )
    model = make_model(obs_dim, action_dim, weight, {METADATA_PROPERTY: contract.to_json()})
    Path(path).write_bytes(model.SerializeToString())
    return contract


def robot_contract(robot, commands=(), **changes) -> PolicyContract:
    """A contract for a real robot: its gains, limits and default pose; stands on zero actions."""
    joints = [
        JointContract(
            name=name,
            default_pos_rad=robot.default_joint_pos_rad[i],
            kp=robot.kp[i],
            kd=robot.kd[i],
            action_scale=robot.action_scale[i],
            action_offset_rad=robot.default_joint_pos_rad[i],
            effort_limit_nm=robot.effort_limit_nm[i],
            lower_rad=robot.joint_lower_rad[i],
            upper_rad=robot.joint_upper_rad[i],
        )
        for i, name in enumerate(robot.joint_names)
    ]
    commands = commands or (CommandTerm("lin_vel_x", 0.0, 0.0, 0.0),)
    values = dict(joints=joints, commands=commands, robot=robot.name, variant=robot.variant)
    return make_contract(**{**values, **changes})
