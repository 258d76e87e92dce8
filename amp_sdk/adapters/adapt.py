"""From a policy of another project and what is told about it to a contract and a network."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from amp_sdk import __version__, robots
from amp_sdk._network import Network
from amp_sdk.adapters.completion import Completion
from amp_sdk.adapters.files import Files, beside, golden_vectors, read
from amp_sdk.adapters.graph import check_width, input_and_output, takes_one
from amp_sdk.adapters.joints import joint_contracts, joint_numbers, joint_order
from amp_sdk.adapters.stated import Stated, read_stated
from amp_sdk.adapters.terms import Meaning, network_columns, resolve_terms
from amp_sdk.config import from_mapping, load_yaml
from amp_sdk.contract import SCHEMA_VERSION, Golden, PolicyContract, Provenance
from amp_sdk.contract._file import check_self_contained
from amp_sdk.contract._onnx import OnnxOutline
from amp_sdk.errors import InputError, PolicyWarning
from amp_sdk.robots import RobotSpec

_REQUIRED = (
    "robot",
    "control_period_s",
    "normalizer_in_graph",
    "action_offset",
    "action_clip",
    "commands",
)


@dataclass(frozen=True, eq=False)
class Adapted:
    """A policy that can be run; ``files`` are further files it was made of, with their SHA-256."""

    contract: PolicyContract
    network: Network
    files: Tuple[Tuple[str, str], ...]


def adapt(
    outline: OnnxOutline,
    session: Any,
    where: str,
    sha256: str,
    complete: Optional[Union[str, Path]],
) -> Adapted:
    """Make the policy ``where`` runnable with the YAML file ``complete``.

    Doubtful things are warnings (PolicyWarning), one each. Raises InputError for a policy that
    cannot be run here, and for missing values, all of them by name.
    """
    check_self_contained(outline, where)
    source, result = input_and_output(outline, where)
    stated = read_stated(outline.metadata, where)
    told = Completion()
    files: Files = []
    if complete is not None:
        told = from_mapping(Completion, load_yaml(complete), str(complete))
        read(Path(complete), files)
    missing = [name for name in _REQUIRED if getattr(told, name) is None]
    if not stated.joints and not told.joint_names:
        missing.append("joint_names")
    doubtful: List[str] = []
    joints = len(stated.joints or told.joint_names or ())
    meaning = resolve_terms(stated, told, joints, where, missing)
    if told.robot is None or "joint_names" in missing:
        raise _incomplete(where, stated, missing)
    robot = _robot(told.robot, complete, files)
    order = joint_order(stated, told, robot, where)
    numbers, absent, rounded = joint_numbers(stated, told, robot, order, where)
    missing += absent
    doubtful += rounded
    newest, per_sample = _history(stated, told, meaning, missing, where)
    if missing or meaning is None:
        raise _incomplete(where, stated, missing)
    columns = network_columns(meaning.terms, newest, per_sample, order)
    parts = ", ".join(f"{t.name} {t.size} x {t.history}" for t in meaning.terms)
    check_width("input", source, len(columns), parts, where)
    check_width("output", result, joints, f"one for each of {joints} joints", where)
    to_robot = np.argsort(order)  # the network's output for each of the robot's joints
    single = takes_one(source, where)
    network = Network(session, source.name, result.name, columns, to_robot, single)
    contract = _contract(stated, told, robot, numbers, meaning, sha256, where)
    golden = golden_vectors(network, contract, told, complete, files)
    if told.test_vectors is None:
        doubtful.append("no test_vectors: nothing proves that it is the trained network")
    if meaning.unclipped:
        doubtful.append(f"clip of {', '.join(meaning.unclipped)} is stated nowhere, taken as none")
    for text in doubtful:
        warnings.warn(f"{where}: {text}", PolicyWarning, stacklevel=3)
    return Adapted(dataclasses.replace(contract, golden=golden), network, tuple(files))


def _robot(name: str, complete: Optional[Union[str, Path]], files: Files) -> RobotSpec:
    if not name.endswith((".yaml", ".yml")):
        return robots.load(name)
    path = beside(name, complete)
    robot = robots.load_file(path)
    read(path, files)
    return robot


def _incomplete(where: str, stated: Stated, missing: List[str]) -> InputError:
    problems = f" ({'; '.join(stated.problems)})" if stated.problems else ""
    return InputError(
        f"{where} is a policy of {stated.format} without a contract; missing: "
        f"{'; '.join(missing)}{problems}; write these into a YAML file and give it: "
        "load_policy(path, complete='missing.yaml')"
    )


def _history(
    stated: Stated, told: Completion, meaning: Optional[Meaning], missing: List[str], where: str
) -> Tuple[bool, bool]:
    """Whether histories are newest first, and whether whole samples follow each other."""
    lengths = {term.history for term in meaning.terms} if meaning is not None else {1}
    order, layout = told.history_order, told.history_layout
    if lengths != {1} and not stated.oldest_first_per_term:
        missing += [] if order else ["history_order"]
        missing += [] if layout else ["history_layout"]
    if layout == "per_sample" and len(lengths) > 1:
        raise InputError(
            f"{where}: history_layout is per_sample, but the terms' histories differ: "
            f"{sorted(lengths)}; expected one length for all, or per_term"
        )
    return order == "newest_first", layout == "per_sample"


def _contract(
    stated: Stated,
    told: Completion,
    robot: RobotSpec,
    numbers: Dict[str, np.ndarray],
    meaning: Meaning,
    sha256: str,
    where: str,
) -> PolicyContract:
    """The contract, with golden vectors that are all zero. Raises InputError."""
    recipe = f"{stated.format}: {stated.origin}" if stated.origin else stated.format
    width, joints = sum(term.width for term in meaning.terms), len(robot.joint_names)
    told_values: Dict[str, Any] = {
        name: getattr(told, name)
        for name in ("control_period_s", "action_clip", "normalizer_in_graph", "commands")
    }
    try:
        return PolicyContract(
            schema_version=SCHEMA_VERSION,
            robot=robot.name,
            variant=robot.variant,
            joints=joint_contracts(numbers, robot, told.action_offset == "default_pose"),
            observation=meaning.terms,
            quaternion="wxyz",
            history_order="oldest_first",
            provenance=Provenance(__version__, recipe, sha256, 0, 0, (), "unknown", "unknown"),
            golden=Golden(((0.0,) * width,), ((0.0,) * joints,)),
            **told_values,
        )
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
