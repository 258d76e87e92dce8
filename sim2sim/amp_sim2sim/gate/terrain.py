"""Floors that are not flat: height fields, the same for every run."""

from __future__ import annotations

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
        """The nearest cell's height ``[N]`` at ``x``, ``y [N]`` (the edge's, beyond the field)."""
        if self.heights_m is None:
            return np.zeros_like(x)
        top = len(self.heights_m) - 1
        scale = top / EXTENT_M
        column, row = (
            np.clip(np.nan_to_num((v + EXTENT_M / 2) * scale), 0, top).round().astype(int)
            for v in (x, y)
        )
        return self.heights_m[row, column]

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Add the floor to a model, on a mocap body: a frame that each simulation can turn."""
        body = spec.worldbody.add_body(name=f"{FLOOR}_body", mocap=True)
        contact = {"contype": 1, "conaffinity": 1}
        if self.heights_m is None:
            plane = mujoco.mjtGeom.mjGEOM_PLANE
            body.add_geom(name=FLOOR, type=plane, size=(0, 0, 0.05), **contact)
            return
        low, high = float(self.heights_m.min()), float(self.heights_m.max())
        half, cells = EXTENT_M / 2, len(self.heights_m)
        spec.add_hfield(
            name=FLOOR,
            nrow=cells,
            ncol=cells,
            size=(half, half, max(high - low, 1e-6), 0.5),
            userdata=((self.heights_m - low) / max(high - low, 1e-6)).ravel().tolist(),
        )
        body.add_geom(
            name=FLOOR,
            type=mujoco.mjtGeom.mjGEOM_HFIELD,
            hfieldname=FLOOR,
            pos=(0, 0, low),
            **contact,
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
