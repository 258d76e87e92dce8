"""A policy file for measurements: the G1 with 29 joints, a history, a network with random weights.

Written without torch and the onnx package, which a robot does not have: the few messages of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto that a chain of layers needs, as protocol
buffers (https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

import dataclasses
import struct
from typing import List, Sequence, Tuple

import numpy as np

from amp_sdk import __version__
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
from amp_sdk.robots import RobotSpec

_IR_VERSION, _OPSET, _FLOAT = 8, 13, 1
_Layers = List[Tuple[np.ndarray, np.ndarray]]


def policy_file(robot: RobotSpec, history: int, hidden: Sequence[int]) -> bytes:
    """A policy of every observation term with ``history`` samples and ELU layers ``hidden``."""
    contract = _contract(robot, history)
    rng = np.random.default_rng(0)
    sizes = [contract.obs_dim, *hidden, contract.action_dim]
    layers = [
        ((rng.normal(size=(a, b)) / np.sqrt(a)).astype(np.float32), np.zeros(b, np.float32))
        for a, b in zip(sizes, sizes[1:])
    ]
    obs = rng.normal(size=(2, contract.obs_dim)).astype(np.float32)
    golden = Golden(_rows(obs), _rows(_forward(layers, obs)))
    contract = dataclasses.replace(contract, golden=golden)
    return _model(layers, contract.to_json())


def _contract(robot: RobotSpec, history: int) -> PolicyContract:
    joints = len(robot.joint_names)
    commands = tuple(
        CommandTerm(n, -1.0, 1.0, 0.0) for n in ("lin_vel_x", "lin_vel_y", "ang_vel_z")
    )
    sizes = {"base_ang_vel_b": 3, "projected_gravity_b": 3, "command": len(commands)}
    terms = tuple(
        ObservationTerm(name, sizes.get(name, joints), history=history)
        for name in OBSERVATION_NAMES
    )
    return PolicyContract(
        schema_version=1,
        robot=robot.name,
        variant=robot.variant,
        joints=tuple(_joint(robot, i) for i in range(joints)),
        observation=terms,
        commands=commands,
        control_period_s=0.02,
        action_clip=100.0,
        quaternion="wxyz",
        history_order="oldest_first",
        normalizer_in_graph=True,
        provenance=Provenance(
            __version__, "measurement", "0" * 64, 0, 0, (), "none", "1970-01-01T00:00:00Z"
        ),
        golden=Golden(((0.0,) * sum(t.width for t in terms),), ((0.0,) * joints,)),
    )


def _joint(robot: RobotSpec, i: int) -> JointContract:
    return JointContract(
        name=robot.joint_names[i],
        default_pos_rad=robot.default_joint_pos_rad[i],
        kp=robot.kp[i],
        kd=robot.kd[i],
        action_scale=robot.action_scale[i],
        action_offset_rad=robot.default_joint_pos_rad[i],
        effort_limit_nm=robot.effort_limit_nm[i],
        lower_rad=robot.joint_lower_rad[i],
        upper_rad=robot.joint_upper_rad[i],
    )


def _forward(layers: _Layers, obs: np.ndarray) -> np.ndarray:
    x = obs.astype(np.float64)
    for i, (weight, bias) in enumerate(layers):
        x = x @ weight + bias
        if i < len(layers) - 1:
            x = np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0)))
    return x


def _rows(array: np.ndarray) -> Tuple[Tuple[float, ...], ...]:
    return tuple(tuple(row) for row in array.tolist())


def _model(layers: _Layers, contract_json: str) -> bytes:
    graph, last = b"", "obs"
    for i, (weight, bias) in enumerate(layers):
        final = i == len(layers) - 1
        output = "actions" if final else f"linear_{i}"
        graph += _field(1, _node("Gemm", [last, f"weight_{i}", f"bias_{i}"], output))
        graph += _field(5, _tensor(f"weight_{i}", weight)) + _field(5, _tensor(f"bias_{i}", bias))
        last = output
        if not final:
            graph += _field(1, _node("Elu", [last], f"elu_{i}"))
            last = f"elu_{i}"
    graph += _field(2, b"policy")
    graph += _field(11, _value("obs", layers[0][0].shape[0]))
    graph += _field(12, _value("actions", layers[-1][0].shape[1]))
    opset = _field(1, b"") + _number(2, _OPSET)
    entry = _field(1, METADATA_PROPERTY.encode()) + _field(2, contract_json.encode())
    return _number(1, _IR_VERSION) + _field(7, graph) + _field(8, opset) + _field(14, entry)


def _node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    names = b"".join(_field(1, name.encode()) for name in inputs)
    return names + _field(2, output.encode()) + _field(4, kind.encode())


def _tensor(name: str, array: np.ndarray) -> bytes:
    dims = b"".join(_number(1, size) for size in array.shape)
    data = array.astype("<f4").tobytes()
    return dims + _number(2, _FLOAT) + _field(8, name.encode()) + _field(9, data)


def _value(name: str, width: int) -> bytes:
    batch, columns = _field(1, _field(2, b"n")), _field(1, _number(1, width))
    tensor = _number(1, _FLOAT) + _field(2, batch + columns)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    digits = []
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return struct.pack(f"{len(digits) + 1}B", *digits, value)
