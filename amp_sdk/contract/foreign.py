"""Reads what other projects write into their ONNX policies, and says what that leaves open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

_NOWHERE = (
    "the control period",
    "the robot's variant",
    "the size of each observation term",
    "action offset and clip",
    "effort limits",
    "whether the normaliser is inside the graph",
    "vectors to test the network with",
    "a schema version",
)
"""What neither format has a place for."""


@dataclass(frozen=True)
class ForeignMetadata:
    """The metadata of a policy of another project.

    ``joints`` has the joint names in order and ``per_joint`` numbers for each of them; ``facts``
    is everything else. ``missing`` names what a runtime would have to be told, ``problems`` what
    is there and contradicts itself.
    """

    format: str
    joints: Tuple[str, ...]
    per_joint: Dict[str, Tuple[float, ...]]
    facts: Dict[str, str]
    missing: Tuple[str, ...]
    problems: Tuple[str, ...]


def read_foreign(metadata: Mapping[str, str]) -> Optional[ForeignMetadata]:
    """The metadata in the format of mjlab/BeyondMimic or holosoma, None where it is neither."""
    if "joint_stiffness" in metadata or "joint_damping" in metadata:
        return _mjlab(metadata)
    if "dof_names" in metadata:
        return _holosoma(metadata)
    return None


def _mjlab(metadata: Mapping[str, str]) -> ForeignMetadata:
    """Comma separated lists, numbers cut to three decimals."""
    numbers = ("joint_stiffness", "joint_damping", "default_joint_pos", "action_scale")
    expected = ("joint_names", *numbers, "observation_names", "command_names")
    per_joint: Dict[str, Tuple[float, ...]] = {}
    problems: List[str] = []
    joints = tuple(_split(metadata.get("joint_names", "")))
    for key in numbers:
        if key in metadata:
            _add_numbers(per_joint, problems, key, _split(metadata[key]), len(joints))
    if any(round(v, 3) == v for v in per_joint.get("joint_stiffness", ())):
        problems.append(
            "its numbers have three decimals, so gains and action scales are not those of training"
        )
    used = {"joint_names", *per_joint}
    return ForeignMetadata(
        format="mjlab/BeyondMimic",
        joints=joints,
        per_joint=per_joint,
        facts={key: text for key, text in sorted(metadata.items()) if key not in used},
        missing=_missing(metadata, expected),
        problems=tuple(problems),
    )


def _holosoma(metadata: Mapping[str, str]) -> ForeignMetadata:
    """Every property is JSON; gains are a number for all joints, a list, or by joint name."""
    values: Dict[str, Any] = {}
    facts: Dict[str, str] = {}
    problems: List[str] = []
    for key, text in sorted(metadata.items()):
        try:
            values[key] = json.loads(text)
        except (ValueError, RecursionError):
            problems.append(f"property {key!r} is not JSON; holosoma itself refuses the file")
            facts[key] = text
    names = values.get("dof_names")
    joints: Tuple[str, ...] = ()
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        joints = tuple(names)
    elif names is not None:
        problems.append("dof_names is not a list of names")
    per_joint: Dict[str, Tuple[float, ...]] = {}
    for key in ("kp", "kd", "default_dof_pos", "action_scale"):
        if key in values:
            _add_numbers(per_joint, problems, key, _listed(values[key], joints), len(joints))
    for key in values:
        if key != "dof_names" and key not in per_joint:
            facts[key] = metadata[key]
    expected = ("dof_names", "kp", "kd", "default_dof_pos", "action_scale", "command_ranges")
    return ForeignMetadata(
        format="holosoma",
        joints=joints,
        per_joint=per_joint,
        facts=dict(sorted(facts.items())),
        missing=_missing(metadata, expected),
        problems=tuple(problems),
    )


def _missing(metadata: Mapping[str, str], expected: Tuple[str, ...]) -> Tuple[str, ...]:
    absent = tuple(f"the property {key!r}" for key in expected if not metadata.get(key))
    return absent + _NOWHERE


def _add_numbers(
    per_joint: Dict[str, Tuple[float, ...]],
    problems: List[str],
    key: str,
    cells: List[Any],
    joints: int,
) -> None:
    try:
        numbers = tuple(float(cell) for cell in cells)
    except (TypeError, ValueError):
        problems.append(f"{key} holds something that is no number")
        return
    if len(numbers) == 1:  # one number for all joints
        numbers *= max(joints, 1)
    if len(numbers) != joints:
        problems.append(f"{key} has {len(numbers)} numbers for {joints} joints")
        return
    per_joint[key] = numbers


def _listed(value: Any, joints: Tuple[str, ...]) -> List[Any]:
    if isinstance(value, dict):
        return [value.get(name) for name in joints]
    return value if isinstance(value, list) else [value]


def _split(text: str) -> List[str]:
    return [cell.strip() for cell in text.split(",")] if text.strip() else []
