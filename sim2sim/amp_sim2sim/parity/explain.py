"""Which known mistake explains a difference? Every candidate is tried, the best one is named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from amp_sim2sim.parity.compare import Group, Link

EXPLAINS = 0.1
"""A mistake is named where it leaves at most this share of the difference (root mean square)..."""
EXPLAINS_ELSEWHERE = 0.5
"""... and this one where another physics engine leaves a difference of its own."""
PHYSICS_LEAVES = 0.5
"""Other physics may differ by this share of how much the recorded numbers vary, and no more."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """What would be here if the mistake ``kind`` were made on this side too: ``values [T, N, K]``,
    NaN where that is not known. ``text`` says which side did what."""

    kind: str
    text: str
    values: np.ndarray


@dataclass(frozen=True)
class Cause:
    """A named mistake, and the difference before and after it is allowed for (RMS)."""

    kind: str
    text: str
    link: str
    groups: tuple[str, ...]
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class _Trial:
    """The differing groups that a candidate explains, those of them within the tolerance, and how
    many groups that do not differ it would make differ."""

    candidate: Candidate
    explained: tuple[Group, ...]
    within: tuple[Group, ...]
    contradicted: int

    @property
    def exact(self) -> int:
        return len(self.within)

    def of(self, left: list[Group]) -> list[Group]:
        return [group for group in left if group in self.explained]

    def merit(self, left: list[Group]) -> tuple[int, int, int]:
        exact = sum(group in left for group in self.within)
        return exact, len(self.of(left)), -self.contradicted


def explain(
    link: Link,
    groups: Iterable[Group],
    candidates: Iterable[Candidate],
    share: float = EXPLAINS,
) -> tuple[list[Cause], list[Group]]:
    """The mistakes behind the differing ``groups``, and the groups that none of them explains:
    none leaves at most ``share`` of their difference.

    A candidate that explains more groups, explains them within the tolerance and contradicts no
    other one is preferred; of equal ones the first.
    """
    left = [group for group in groups if link.differing(group.columns).any()]
    fine = [group for group in link.groups if not link.differing(group.columns).any()]
    trials: list[_Trial] = []
    for candidate in candidates if left else ():
        trials.append(_try(link, left, fine, candidate, share))
        if trials[-1].exact == len(left) and not trials[-1].contradicted:
            break  # no other one can be better
    causes: list[Cause] = []
    while left:
        best = max(trials, key=lambda trial: trial.merit(left), default=None)
        if best is None or not best.of(left):
            break
        causes.append(_cause(link, best.candidate, best.of(left)))
        left = [group for group in left if group not in best.explained]
    return causes, left


def like_physics(link: Link, group: Group) -> bool:
    """Whether each part of ``group`` differs by no more than other physics may."""
    parts = [part for part in link.groups if np.isin(part.columns, group.columns).all()]
    return bool(np.isfinite(link.here[link.known]).all()) and all(
        _residuals(link, [part], link.here)[0] <= PHYSICS_LEAVES * _spread(link, part)
        for part in parts
    )


def _try(
    link: Link, left: list[Group], fine: list[Group], candidate: Candidate, share: float
) -> _Trial:
    values = candidate.values
    explained = tuple(group for group in left if _explains(link, group, values, share))
    return _Trial(
        candidate=candidate,
        explained=explained,
        within=tuple(group for group in explained if not _differs(link, group, values)),
        contradicted=sum(_differs(link, group, values) for group in fine),
    )


def _differs(link: Link, group: Group, values: np.ndarray) -> bool:
    return bool((link.scaled_error(values)[..., group.columns] > 1.0).any())


def _explains(link: Link, group: Group, values: np.ndarray, share: float) -> bool:
    """A mistake must tell something of a row that differs, and leave less than the recorded numbers
    vary: a fit that makes everything small explains nothing."""
    told = np.isfinite(values[..., group.columns]).all(axis=-1)
    if not (told & link.differing(group.columns)).any():
        return False
    before, after = _residuals(link, [group], values)
    within = not _differs(link, group, values)
    return bool(within or after <= share * min(before, _spread(link, group)))


def _spread(link: Link, group: Group) -> float:
    recorded = link.recorded[..., group.columns][link.known].astype(np.float64)
    return _rms(recorded - recorded.mean(axis=0))


def _residuals(link: Link, groups: Iterable[Group], values: np.ndarray) -> tuple[float, float]:
    """RMS of the difference before and after, over the rows of which ``values`` says something."""
    columns = np.concatenate([group.columns for group in groups])
    recorded = link.recorded[..., columns].astype(np.float64)
    told = link.known & np.isfinite(values[..., columns]).all(axis=-1)
    if not told.any():
        return 0.0, np.inf
    before, after = ((v[..., columns] - recorded)[told] for v in (link.here, values))
    return _rms(before), _rms(after)


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _cause(link: Link, candidate: Candidate, groups: list[Group]) -> Cause:
    before, after = _residuals(link, groups, candidate.values)
    names = tuple(group.name for group in groups)
    return Cause(candidate.kind, candidate.text, link.name, names, before, after)
