"""What a user tells about a policy of another project: the YAML file beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Literal, Optional, Tuple

from amp_sdk.contract import CommandTerm


@dataclass(frozen=True)
class ForeignTerm:
    """One observation term of the network. ``name`` is its name there, ``term`` ours (None: by the
    usual names); the rest is as in ``contract.ObservationTerm``."""

    name: str
    term: Optional[str] = None
    scale: Optional[float] = None
    clip: Optional[Tuple[float, float]] = None
    history: Optional[int] = None


@dataclass(frozen=True)
class TermDefaults:
    """For all terms of which neither the metadata nor ``observation`` says it."""

    scale: Optional[float] = None
    clip: Optional[Tuple[float, float]] = None
    history: Optional[int] = None


@dataclass(frozen=True)
class Completion:
    """What the metadata do not say; what they do say may be given with more decimals.

    ``robot`` is the name of a robot of the package, or the YAML file of one (relative to this
    file). ``joint_names`` are the network's joints in its order; ``rename_joints`` maps its names
    to the robot's. Numbers of joints (``kp``, ``kd``, ``default_pos_rad``, ``action_scale``) are
    given by the robot's joint names or patterns of them (``"*_knee_joint"``; the first one that
    fits counts). ``action_offset``: what is added to the scaled action. ``commands`` are in the
    network's order.

    ``observation`` completes terms by name, or lists all of them where the metadata have none.
    ``history_order`` and ``history_layout`` (each term with its whole history, or whole samples one
    after the other) are asked for where a term has a history and the project does not fix them.
    ``test_vectors`` is an ``.npz`` file of ``obs [n, D]`` and ``actions [n, A]`` in the network's
    own order, which prove that the network is the trained one.
    """

    robot: Optional[str] = None
    control_period_s: Optional[float] = None
    normalizer_in_graph: Optional[bool] = None
    action_offset: Optional[Literal["default_pose", "zero"]] = None
    action_clip: Optional[float] = None
    commands: Optional[Tuple[CommandTerm, ...]] = None
    joint_names: Optional[Tuple[str, ...]] = None
    rename_joints: Dict[str, str] = field(default_factory=dict)
    kp: Dict[str, float] = field(default_factory=dict)
    kd: Dict[str, float] = field(default_factory=dict)
    default_pos_rad: Dict[str, float] = field(default_factory=dict)
    action_scale: Dict[str, float] = field(default_factory=dict)
    observation: Tuple[ForeignTerm, ...] = ()
    term_defaults: TermDefaults = field(default_factory=TermDefaults)
    history_order: Optional[Literal["oldest_first", "newest_first"]] = None
    history_layout: Optional[Literal["per_term", "per_sample"]] = None
    test_vectors: Optional[str] = None
