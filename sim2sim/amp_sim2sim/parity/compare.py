"""Two sides of one link of the chain, number by number: what was recorded, and what is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Group:
    """Numbers that belong together, such as an observation term: their columns."""

    name: str
    columns: np.ndarray


@dataclass(frozen=True, eq=False)
class Link:
    """``recorded`` and ``here`` ``[T, N, K]`` with a name for each of the K ``elements``.

    Rows outside ``known [T, N]`` are not compared. Numbers differ by more than ``tolerance``,
    relative for those above 1.
    """

    name: str
    recorded: np.ndarray
    here: np.ndarray
    elements: Sequence[str]
    groups: Sequence[Group]
    known: np.ndarray
    tolerance: float

    def scaled_error(self, values: np.ndarray) -> np.ndarray:
        """``[T, N, K]``: distance of ``values`` from what was recorded, in tolerances; 0 where a
        row is not compared, NaN where ``values`` is."""
        recorded = self.recorded.astype(np.float64)
        error = np.abs(values - recorded) / (self.tolerance * np.maximum(1.0, np.abs(recorded)))
        error[~self.known] = 0.0
        return error

    def differing(self, columns: np.ndarray) -> np.ndarray:
        """``[T, N]``: rows in which a number of ``columns`` differs, or is none here."""
        with np.errstate(invalid="ignore"):
            alike = self.scaled_error(self.here)[..., columns] <= 1.0
        return np.asarray(~alike.all(axis=-1))


@dataclass(frozen=True)
class FirstDifference:
    """The first number that differs."""

    step: int
    robot: int
    element: str
    recorded: float
    here: float


@dataclass(frozen=True)
class GroupResult:
    """One group of a link: rows that differ, and the largest difference."""

    name: str
    differing_rows: int
    largest: float


@dataclass(frozen=True)
class LinkResult:
    """One link of the chain."""

    name: str
    in_parity: bool
    rows: int
    tolerance: float
    largest: float
    first: FirstDifference | None
    groups: tuple[GroupResult, ...]


def compare(link: Link) -> LinkResult:
    """Count and find the first difference of ``link``."""
    error = link.scaled_error(link.here)
    with np.errstate(invalid="ignore"):
        differs = ~(error <= 1.0)  # a number that is none here differs too
    groups = [_group(link, group, differs) for group in link.groups]
    return LinkResult(
        name=link.name,
        in_parity=not differs.any(),
        rows=int(link.known.sum()),
        tolerance=link.tolerance,
        largest=max((group.largest for group in groups), default=0.0),
        first=_first(link, differs),
        groups=tuple(groups),
    )


def _group(link: Link, group: Group, differs: np.ndarray) -> GroupResult:
    distance = np.abs(link.here - link.recorded.astype(np.float64))[link.known]
    return GroupResult(
        name=group.name,
        differing_rows=int(differs[..., group.columns].any(axis=-1).sum()),
        largest=float(distance[:, group.columns].max(initial=0.0)),
    )


def _first(link: Link, differs: np.ndarray) -> FirstDifference | None:
    if not differs.any():
        return None
    step, robot, column = (int(i) for i in np.argwhere(differs)[0])
    return FirstDifference(
        step=step,
        robot=robot,
        element=link.elements[column],
        recorded=float(link.recorded[step, robot, column]),
        here=float(link.here[step, robot, column]),
    )
