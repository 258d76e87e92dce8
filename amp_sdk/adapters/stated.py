"""What the metadata of a policy of another project state, in one form for all of them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from amp_sdk.contract.foreign import ForeignMetadata, read_foreign
from amp_sdk.errors import InputError

_NUMBERS = {
    "joint_stiffness": "kp",
    "joint_damping": "kd",
    "default_joint_pos": "default_pos_rad",
    "kp": "kp",
    "kd": "kd",
    "default_dof_pos": "default_pos_rad",
    "action_scale": "action_scale",
}
_UNSET = ("", "none", "null")


@dataclass(frozen=True)
class StatedTerm:
    """One observation term as far as it is stated. ``clip_stated``: that there is none, too."""

    name: str
    scale: Optional[float] = None
    clip: Optional[Tuple[float, float]] = None
    clip_stated: bool = False
    history: Optional[int] = None


@dataclass(frozen=True)
class Stated:
    """Joints and terms in the network's order; ``numbers`` by the names of ``JointContract``."""

    format: str
    joints: Tuple[str, ...]
    numbers: Dict[str, Tuple[float, ...]]
    terms: Tuple[StatedTerm, ...]
    oldest_first_per_term: bool
    origin: str
    problems: Tuple[str, ...]


def read_stated(metadata: Mapping[str, str], where: str) -> Stated:
    """What ``metadata`` state. Raises InputError where that contradicts itself."""
    found = read_foreign(metadata)
    if found is None:
        return Stated("an unknown project", (), {}, (), False, "", ())
    mjlab = found.format != "holosoma"
    return Stated(
        format=found.format,
        joints=found.joints,
        numbers={_NUMBERS[key]: values for key, values in found.per_joint.items()},
        terms=_terms(metadata, where) if mjlab else (),
        oldest_first_per_term=mjlab,  # Isaac Lab and mjlab flatten each term so
        origin=metadata.get("run_path", ""),
        problems=_real_problems(found),
    )


def _real_problems(found: ForeignMetadata) -> Tuple[str, ...]:
    return tuple(p for p in found.problems if "three decimals" not in p)  # adapt names the joints


def _terms(metadata: Mapping[str, str], where: str) -> Tuple[StatedTerm, ...]:
    names = [name.strip() for name in metadata.get("observation_names", "").split(",")]
    names = [name for name in names if name]
    lengths = "observation_terms_history_length"
    if lengths not in metadata:
        lengths = "observation_history_lengths"
    scales = _cells(metadata, "observation_terms_scale", names, where)
    clips = _cells(metadata, "observation_terms_clip", names, where)
    histories = _cells(metadata, lengths, names, where)
    flat = _cells(metadata, "observation_terms_flatten_history_dim", names, where)
    terms = []
    for i, name in enumerate(names):
        history = None if histories is None else _history(histories[i], name, where)
        if flat is not None and (history or 1) > 1 and flat[i][0].lower() in ("false", "0"):
            raise InputError(
                f"{where}: term {name!r} has a history that is not flattened; expected a network "
                "of flat observations; export it with flatten_history_dim"
            )
        terms.append(
            StatedTerm(
                name,
                scale=None if scales is None else _scale(scales[i], name, where),
                clip=None if clips is None else _clip(clips[i], name, where),
                clip_stated=clips is not None,
                history=history,
            )
        )
    return tuple(terms)


def _cells(
    metadata: Mapping[str, str], key: str, names: Sequence[str], where: str
) -> Optional[List[List[str]]]:
    """The values of ``key`` for each term (separated by commas), which may be several (``;``)."""
    if key not in metadata:
        return None
    cells = [[x.strip() for x in cell.split(";")] for cell in metadata[key].split(",")]
    if len(cells) != len(names):
        raise InputError(
            f"{where}: the property {key!r} has {len(cells)} values for {len(names)} observation "
            "terms; expected one each; export the policy again"
        )
    return cells


def _scale(cell: List[str], name: str, where: str) -> float:
    if cell[0].lower() in _UNSET:
        return 1.0
    numbers = [_number(text, "scale", name, where) for text in cell]
    if len(set(numbers)) > 1:
        raise InputError(
            f"{where}: term {name!r} has different scales for its elements ({';'.join(cell)}); "
            "expected one: such a policy is not supported"
        )
    return numbers[0]


def _clip(cell: List[str], name: str, where: str) -> Optional[Tuple[float, float]]:
    if cell[0].lower() in _UNSET:
        return None
    if len(cell) != 2:
        raise InputError(
            f"{where}: the clip of term {name!r} is {';'.join(cell)!r}; expected lower;upper"
        )
    largest = sys.float_info.max  # a contract has finite numbers only
    bounds = [_number(text, "clip", name, where) for text in cell]
    if bounds == [float("-inf"), float("inf")]:
        return None
    return max(bounds[0], -largest), min(bounds[1], largest)


def _history(cell: List[str], name: str, where: str) -> int:
    if cell[0].lower() in _UNSET:
        return 1
    length = _number(cell[0], "history", name, where)
    if len(cell) != 1 or length != int(length) or length < 0:
        raise InputError(
            f"{where}: the history of term {name!r} is {';'.join(cell)!r}; expected a whole number"
        )
    return max(1, int(length))  # 0 is how these projects write that there is none


def _number(text: str, what: str, name: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if value != value:
        raise InputError(f"{where}: the {what} of term {name!r} is {text!r}; expected a number")
    return value
