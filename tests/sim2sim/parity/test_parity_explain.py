"""What may be named as the cause of a difference, and what is left to the physics."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="sim2sim needs MuJoCo (extra 'sim')")

from amp_sim2sim.parity.compare import Group, Link
from amp_sim2sim.parity.explain import PHYSICS_LEAVES, Candidate, explain, like_physics

RECORDED = np.random.default_rng(0).normal(size=(50, 2, 3))
GROUP = Group("all", np.arange(3))


def link_of(here: np.ndarray) -> Link:
    known = np.ones(here.shape[:2], dtype=bool)
    return Link("motion", RECORDED, here, ["a", "b", "c"], [GROUP], known, 1e-4)


def told_of(rows: slice) -> Candidate:
    """What was recorded, but known of some rows only."""
    values = np.full(RECORDED.shape, np.nan)
    values[rows] = RECORDED[rows]
    return Candidate("delay", "late", values)


def test_a_candidate_that_tells_nothing_of_what_differs_explains_nothing() -> None:
    here = RECORDED.copy()
    here[7, 1] += 1.0
    link = link_of(here)
    assert explain(link, [GROUP], [told_of(slice(10, 20))]) == ([], [GROUP])
    causes, left = explain(link, [GROUP], [told_of(slice(5, 15))])
    assert [cause.kind for cause in causes] == ["delay"] and not left


@pytest.mark.parametrize(("share", "physics"), [(0.9, True), (1.1, False)])
def test_other_physics_leaves_a_share_of_what_varies(share: float, physics: bool) -> None:
    away = share * PHYSICS_LEAVES * (RECORDED - RECORDED.mean(axis=(0, 1)))
    assert like_physics(link_of(RECORDED + away), GROUP) == physics


def test_what_cannot_be_computed_here_is_no_physics() -> None:
    here = RECORDED.copy()
    here[7, 1] = np.nan
    link = link_of(here)
    assert not like_physics(link, GROUP) and explain(link, [GROUP], [])[1] == [GROUP]
