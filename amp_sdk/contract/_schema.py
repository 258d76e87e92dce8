"""PolicyContract: the whole contract, its checks across parts and its JSON form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Dict, Iterable, List, Tuple

import numpy as np

from amp_sdk.config import from_mapping, to_mapping
from amp_sdk.contract._terms import (
    CommandTerm,
    Golden,
    JointContract,
    ObservationTerm,
    Provenance,
    require_floats,
)
from amp_sdk.errors import InputError

SCHEMA_VERSION = 1
MAX_JSON_CHARACTERS = 16 * 1024 * 1024
_EXPORT_AGAIN = "export the policy again: python -m amp_sdk.export RUN -o POLICY.onnx"


@dataclass(frozen=True)
class PolicyContract:
    """What a policy expects of a runtime. All arrays of joints are in the order of ``joints``.

    Raises InputError at construction for anything that does not fit together.
    """

    schema_version: int
    robot: str
    variant: str
    joints: Tuple[JointContract, ...]
    observation: Tuple[ObservationTerm, ...]
    commands: Tuple[CommandTerm, ...]
    control_period_s: float
    action_clip: float
    quaternion: str
    history_order: str
    normalizer_in_graph: bool
    provenance: Provenance
    golden: Golden

    def __post_init__(self) -> None:
        require_floats(self)
        for field in ("joints", "observation", "commands"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        _check_fixed(self)
        _check_joints_and_commands(self)
        _check_observation(self)
        _check_golden(self)

    @property
    def obs_dim(self) -> int:
        """Width of an observation."""
        return sum(term.width for term in self.observation)

    @property
    def action_dim(self) -> int:
        """Width of an action: one number for each joint."""
        return len(self.joints)

    @property
    def joint_names(self) -> Tuple[str, ...]:
        """Joint names in the order of actions and observations."""
        return tuple(joint.name for joint in self.joints)

    @cached_property
    def nominal_command(self) -> np.ndarray:
        """The command ``[C]`` float64 to use where nobody commands, read-only."""
        return _read_only(command.nominal for command in self.commands)

    @cached_property
    def _arrays(self) -> Dict[str, np.ndarray]:
        names = [f for f in JointContract.__dataclass_fields__ if f != "name"]
        return {f: _read_only(getattr(joint, f) for joint in self.joints) for f in names}

    def joint_array(self, field: str) -> np.ndarray:
        """One field of ``JointContract`` for all joints, ``[J]`` float64, read-only."""
        return self._arrays[field]

    def applied_action(self, action: np.ndarray) -> np.ndarray:
        """The action ``[..., J]`` after ``action_clip``: what is applied and observed next."""
        return np.clip(action, -self.action_clip, self.action_clip)

    def joint_target_rad(self, applied_action: np.ndarray) -> np.ndarray:
        """PD targets ``[..., J]`` in rad of an action that ``applied_action`` has clipped."""
        return self.joint_array("action_offset_rad") + self.joint_array("action_scale") * (
            applied_action
        )

    def command_index(self, name: str) -> int:
        """The position of a command, or -1 where this policy has no such command."""
        names = [command.name for command in self.commands]
        return names.index(name) if name in names else -1

    def to_json(self) -> str:
        """One JSON object; every number is written so that it reads back to the same bits."""
        return json.dumps(to_mapping(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str, where: str) -> PolicyContract:
        """Read and check the JSON form; ``where`` names the file in errors (InputError)."""
        mapping = _parse(text, where)
        version = mapping.get("schema_version")
        if version != SCHEMA_VERSION or isinstance(version, bool):
            raise InputError(
                f"{where}: contract schema version {version!r} is unknown; this amp-sdk reads "
                f"version {SCHEMA_VERSION}; update amp-sdk, or {_EXPORT_AGAIN}"
            )
        return from_mapping(cls, mapping, where)


def _parse(text: str, where: str) -> Dict[str, Any]:
    if len(text) > MAX_JSON_CHARACTERS:
        raise InputError(
            f"{where}: the contract has {len(text)} characters; expected at most "
            f"{MAX_JSON_CHARACTERS}; {_EXPORT_AGAIN}"
        )
    try:
        mapping = json.loads(
            text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_int=_integer
        )
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{where}: the contract is not valid JSON ({error}); {_EXPORT_AGAIN}"
        ) from error
    if not isinstance(mapping, dict):
        raise InputError(
            f"{where}: the contract is a JSON {type(mapping).__name__}; expected an object; "
            f"{_EXPORT_AGAIN}"
        )
    return mapping


def _no_duplicates(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(k for k in keys if keys.count(k) > 1)!r} appears twice")
    return mapping


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError(f"the number {digits[:20]}... is too long")
    return int(digits)


def _read_only(values: Iterable[float]) -> np.ndarray:
    array = np.array(list(values), dtype=np.float64)
    array.flags.writeable = False
    return array


def _check_fixed(c: PolicyContract) -> None:
    if c.schema_version != SCHEMA_VERSION:
        raise InputError(f"schema_version is {c.schema_version!r}; expected {SCHEMA_VERSION}")
    if not c.robot or not c.variant:
        raise InputError("robot and variant: expected names, found an empty one")
    if not 1e-4 <= c.control_period_s <= 1.0:
        raise InputError(
            f"control_period_s is {c.control_period_s!r}; expected seconds from 0.0001 to 1"
        )
    if c.action_clip <= 0.0:
        raise InputError(f"action_clip is {c.action_clip!r}; expected > 0")
    if c.quaternion != "wxyz":
        raise InputError(f"quaternion is {c.quaternion!r}; expected 'wxyz'")
    if c.history_order != "oldest_first":
        raise InputError(f"history_order is {c.history_order!r}; expected 'oldest_first'")
    if c.normalizer_in_graph is not True:
        raise InputError(
            f"normalizer_in_graph is {c.normalizer_in_graph!r}; expected true: a policy whose "
            f"normaliser is outside its graph cannot be run correctly; {_EXPORT_AGAIN}"
        )


def _check_joints_and_commands(c: PolicyContract) -> None:
    if not c.joints:
        raise InputError("joints is empty; expected every actuated joint in order")
    _unique("joints", c.joint_names)
    _unique("commands", tuple(command.name for command in c.commands))
    if not any(term.name == "command" for term in c.observation):
        for command in c.commands:
            if command.lower != command.upper:
                raise InputError(
                    f"commands: the policy does not observe 'command', so it cannot follow "
                    f"{command.name!r} from {command.lower!r} to {command.upper!r}; expected "
                    "lower = nominal = upper, or an observation term 'command'"
                )


def _check_observation(c: PolicyContract) -> None:
    if not c.observation:
        raise InputError("observation is empty; expected at least one term")
    _unique("observation", tuple(term.name for term in c.observation))
    joints, commands = len(c.joints), len(c.commands)
    sizes = {"base_ang_vel_b": 3, "projected_gravity_b": 3, "command": commands}
    for term in c.observation:
        expected = sizes.get(term.name, joints)
        if term.size != expected:
            raise InputError(
                f"observation: term {term.name!r} has size {term.size}; expected {expected} "
                f"({joints} joints, {commands} commands)"
            )


def _check_golden(c: PolicyContract) -> None:
    for field, width in (("obs", c.obs_dim), ("actions", c.action_dim)):
        for i, row in enumerate(getattr(c.golden, field)):
            if len(row) != width:
                raise InputError(
                    f"golden.{field}[{i}] has {len(row)} numbers; expected {width}, as the "
                    "contract's terms add up to"
                )


def _unique(field: str, names: Tuple[str, ...]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{field}: {name!r} appears twice; expected unique names")
