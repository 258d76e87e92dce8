"""Is the record one of this policy, and where do the two contracts differ?"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator

import numpy as np

from amp_sdk.config import to_mapping
from amp_sdk.contract import JointContract, PolicyContract, Provenance
from amp_sdk.errors import InputError

_FIELDS = [f.name for f in dataclasses.fields(JointContract) if f.name != "name"]


def origin_sha256(contract: PolicyContract) -> str:
    """Hash of robot, variant and provenance: equal for a checkpoint and what is exported of it,
    whatever mistakes their contracts hold."""
    origin = [contract.robot, contract.variant, to_mapping(contract.provenance)]
    return hashlib.sha256(json.dumps(origin, sort_keys=True).encode()).hexdigest()


def check_same_policy(contract: PolicyContract, recorded: PolicyContract, where: str) -> None:
    """Raise InputError unless the record at ``where`` is of this policy, and can be compared."""
    ours, theirs = origin_sha256(contract), origin_sha256(recorded)
    if ours != theirs:
        raise InputError(
            f"{where} is the record of another policy ({theirs[:12]}: {_told(recorded)}); the "
            f"policy file is {ours[:12]}: {_told(contract)}; export and record the same checkpoint"
        )
    names, expected = sorted(contract.joint_names), sorted(recorded.joint_names)
    if names != expected:
        raise InputError(
            f"{where}: the record has the joints {', '.join(expected)}; the policy file has "
            f"{', '.join(names)}; expected the same names"
        )
    terms, expected_terms = _terms(contract), _terms(recorded)
    if terms != expected_terms:
        raise InputError(
            f"{where}: the recorded observation is {expected_terms}; the policy file's is {terms}; "
            "expected the same terms, sizes and histories; export the policy again"
        )


def _told(contract: PolicyContract) -> str:
    origin: Provenance = contract.provenance
    return (
        f"{contract.robot} {contract.variant}, recipe {origin.recipe!r} "
        f"{origin.recipe_sha256[:12]}, seed {origin.seed}, {origin.samples} samples, "
        f"{origin.created_utc}"
    )


def _terms(contract: PolicyContract) -> str:
    return ", ".join(f"{t.name} {t.size} x {t.history}" for t in contract.observation)


def contract_differences(contract: PolicyContract, recorded: PolicyContract) -> list[str]:
    """A line for everything that the file says otherwise than the record's own contract."""
    lines = list(_joint_lines(contract, recorded))
    if contract.joint_names != recorded.joint_names:
        at = [i for i, n in enumerate(contract.joint_names) if n != recorded.joint_names[i]]
        lines.append(
            f"joint order: from position {at[0]} on, trained {recorded.joint_names[at[0]]}, "
            f"file {contract.joint_names[at[0]]}"
        )
    for name in ("control_period_s", "action_clip", "commands"):
        theirs, ours = (to_mapping(c)[name] for c in (recorded, contract))
        if theirs != ours:
            lines.append(f"{name}: trained {theirs}, file {ours}")
    for theirs, ours in zip(recorded.observation, contract.observation, strict=True):
        for name in ("scale", "clip"):
            if getattr(theirs, name) != getattr(ours, name):
                values = f"trained {getattr(theirs, name)}, file {getattr(ours, name)}"
                lines.append(f"observation term {ours.name}: {name} {values}")
    return lines


def _joint_lines(contract: PolicyContract, recorded: PolicyContract) -> Iterator[str]:
    at = [contract.joint_names.index(name) for name in recorded.joint_names]
    for field in _FIELDS:
        theirs, ours = recorded.joint_array(field), contract.joint_array(field)[at]
        off = np.flatnonzero(theirs != ours)
        if not len(off):
            continue
        first = int(off[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = ours[off] / theirs[off]
        factor = f", the file's {ratio[0]:.4g} times" if np.allclose(ratio, ratio[0]) else ""
        yield (
            f"{field} of {len(off)} joint(s){factor}: {recorded.joint_names[first]} trained "
            f"{theirs[first]:.6g}, file {ours[first]:.6g}"
        )
