"""The observation terms of another project's policy: what they mean, and their columns' order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from amp_sdk.adapters.completion import Completion, ForeignTerm
from amp_sdk.adapters.stated import Stated, StatedTerm
from amp_sdk.contract import OBSERVATION_NAMES, ObservationTerm
from amp_sdk.errors import InputError, closest

_USUAL_NAMES: Dict[str, Tuple[str, ...]] = {
    "base_ang_vel_b": ("base_ang_vel", "imu_ang_vel"),
    "projected_gravity_b": ("projected_gravity", "imu_projected_gravity"),
    "command": ("commands", "velocity_commands", "generated_commands", "velocity_command"),
    "joint_pos": ("joint_pos_rel", "dof_pos"),
    "joint_vel": ("joint_vel_rel", "dof_vel"),
    "last_action": ("actions", "last_actions", "action", "prev_actions"),
}
_OURS = {alias: name for name, aliases in _USUAL_NAMES.items() for alias in (name, *aliases)}
_IMPOSSIBLE = {
    "base_lin_vel": "the base's velocity is not measured on the robot",
    "height_scan": "the terrain is not measured on the robot",
}


@dataclass(frozen=True)
class Meaning:
    """The terms in the network's order, and those of them whose clip nobody stated."""

    terms: Tuple[ObservationTerm, ...]
    unclipped: Tuple[str, ...]


def resolve_terms(
    stated: Stated, told: Completion, joints: int, where: str, missing: List[str]
) -> Optional[Meaning]:
    """The network's terms; adds what nobody said to ``missing``. Raises InputError for a term
    that a robot cannot observe, or one that the network does not have."""
    given = {term.name: term for term in told.observation}
    known = stated.terms or tuple(StatedTerm(term.name) for term in told.observation)
    for name in given:
        if name not in {term.name for term in known}:
            names = closest(name, [term.name for term in known])
            raise InputError(f"{where}: observation: the network has no term {name!r}; {names}")
    if not known:
        missing.append("observation (every term, in order)")
    terms, unclipped, before = [], [], len(missing)
    for term in known:
        extra = given.get(term.name, ForeignTerm(term.name))
        name = _our_name(term.name, extra.term, where)
        scale = _first(
            "scale", term.name, missing, term.scale, extra.scale, told.term_defaults.scale
        )
        histories = (term.history, extra.history, told.term_defaults.history)
        history = _first("history", term.name, missing, *histories)
        clip = term.clip if term.clip_stated else extra.clip or told.term_defaults.clip
        if not term.clip_stated and clip is None:
            unclipped.append(term.name)
        sizes = {"base_ang_vel_b": 3, "projected_gravity_b": 3, "command": len(told.commands or ())}
        size = sizes.get(name, joints)
        if scale is not None and history is not None and size:
            terms.append(ObservationTerm(name, size, scale, clip, int(history)))
    if len(missing) > before or len(terms) < len(known) or not known:
        return None
    return Meaning(tuple(terms), tuple(unclipped))


def _our_name(theirs: str, told: Optional[str], where: str) -> str:
    if told is not None:
        if told not in OBSERVATION_NAMES:
            raise InputError(
                f"{where}: observation: unknown term {told!r}; {closest(told, OBSERVATION_NAMES)}"
            )
        return told
    if theirs in _OURS:
        return _OURS[theirs]
    why = _IMPOSSIBLE.get(theirs, "its meaning is unknown here")
    raise InputError(
        f"{where}: the network observes {theirs!r}: {why}; not supported, unless it is one of "
        f"{', '.join(OBSERVATION_NAMES)}; say so: observation: [{{name: {theirs}, term: ...}}]"
    )


def _first(what: str, name: str, missing: List[str], *values: Optional[float]) -> Optional[float]:
    for value in values:
        if value is not None:
            return value
    missing.append(f"{what} of the observation term {name!r}")
    return None


def network_columns(
    terms: Sequence[ObservationTerm], newest_first: bool, per_sample: bool, joint_order: np.ndarray
) -> np.ndarray:
    """For each column of the network the column of the contract's observation, ``[D]`` int64.

    ``joint_order [J]`` is the robot's index of each of the network's joints. The contract's
    observation has the same terms in the same order, each with its history oldest first.
    """
    starts = np.cumsum([0] + [term.width for term in terms])
    blocks = []  # per term [history, size], in the network's order of samples and elements
    for start, term in zip(starts, terms):
        block = start + np.arange(term.width).reshape(term.history, term.size)
        if term.name in ("joint_pos", "joint_vel", "last_action"):
            block = block[:, joint_order]
        blocks.append(block[::-1] if newest_first else block)
    if per_sample:
        return np.concatenate(blocks, axis=1).ravel()
    return np.concatenate([block.ravel() for block in blocks])
