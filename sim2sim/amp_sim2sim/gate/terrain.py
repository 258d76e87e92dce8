"""Floors that are not flat: height fields, the same for every run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from amp_sim2sim.scene import FLOOR

EXTENT_M = 24.0
FLAT_M = 0.8
TREAD_M = 0.4
_CELL_M = {"rough": 0.1, "steps": 0.05}


@dataclass(frozen=True, eq=False)
class Terrain:
    """Heights ``[R, R]`` m above the start, rows along y; None for a plane. Level at the start."""

    heights_m: np.ndarray | None

    def height(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The nearest cell's height ``[N]`` at ``x``, ``y [N]`` (no NaN); the edge's beyond it."""
        if self.heights_m is None:
            return np.zeros_like(x)
        scale = (len(self.heights_m) - 1) / EXTENT_M
        column, row = (
            ((v.clip(-EXTENT_M / 2, EXTENT_M / 2) + EXTENT_M / 2) * scale).round().astype(int)
            for v in (x, y)
        )
        return self.heights_m[row, column]

    @property
    def top_m(self) -> float:
        """Its highest point."""
        return 0.0 if self.heights_m is None else float(self.heights_m.max())


class Floors:
    """The floors of ``N`` runs, which share a model: all of them planes, or none."""

    def __init__(self, floors: Sequence[tuple[str, float]], seed: int) -> None:
        made = {floor: make_terrain(*floor, seed) for floor in dict.fromkeys(floors)}
        # the highest first: the model's bounding boxes are its, and hold the others
        order = sorted(made, key=lambda floor: -made[floor].top_m)
        self.terrains = [made[floor] for floor in order]
        self._which = np.array([order.index(floor) for floor in floors])

    def height(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The height ``[N]`` of every run's floor at ``x``, ``y [N]``."""
        result = np.zeros_like(x)
        for i, terrain in enumerate(self.terrains):
            rows = self._which == i
            result[rows] = terrain.height(x[rows], y[rows])
        return result

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Add the floor to a model, on a mocap body: a frame that each simulation can turn."""
        body = spec.worldbody.add_body(name=f"{FLOOR}_body", mocap=True)
        contact = {"contype": 1, "conaffinity": 1}
        if self.terrains[0].heights_m is None:
            plane = mujoco.mjtGeom.mjGEOM_PLANE
            body.add_geom(name=FLOOR, type=plane, size=(0, 0, 0.05), **contact)
            return
        for i, terrain in enumerate(self.terrains):
            _add_field(spec, f"{FLOOR}_{i}", terrain)
        field = mujoco.mjtGeom.mjGEOM_HFIELD
        body.add_geom(name=FLOOR, type=field, hfieldname=f"{FLOOR}_0", **contact)

    def choose(self, batch) -> None:
        """Give every simulation of a ``mujoco.batch.Batch`` its own floor."""
        if self.terrains[0].heights_m is not None:
            batch.expand("geom_dataid")[:, batch.model.geom(FLOOR).id] = self._which


def _add_field(spec: mujoco.MjSpec, name: str, terrain: Terrain) -> None:
    heights, top = terrain.heights_m, max(terrain.top_m, 1e-6)
    assert heights is not None and heights.min() == 0.0, "level at the start"
    spec.add_hfield(
        name=name,
        nrow=len(heights),
        ncol=len(heights),
        size=(EXTENT_M / 2, EXTENT_M / 2, top, 0.5),
        userdata=(heights / top).ravel().tolist(),
    )


def make_terrain(kind: str, height_m: float, seed: int) -> Terrain:
    """``flat``; ``rough``: independent bumps from 0 to the height every 10 cm; ``steps``: stairs
    that go up from a level square in all four directions, by the height every 40 cm."""
    if kind == "flat":
        return Terrain(None)
    cells = round(EXTENT_M / _CELL_M[kind]) + 1
    axis = np.linspace(-EXTENT_M / 2, EXTENT_M / 2, cells)
    distance = np.maximum(np.abs(axis)[:, None], np.abs(axis)[None, :])
    if kind == "rough":
        heights = np.random.default_rng([seed, 2]).uniform(0.0, height_m, (cells, cells))
        return Terrain(np.where(distance <= FLAT_M, 0.0, heights))
    # stairs of a height that no building has would only be a wall: ten of them, then level
    stairs = np.clip(np.ceil((distance - FLAT_M) / TREAD_M - 1e-9), 0, 10)
    return Terrain(stairs * height_m)
