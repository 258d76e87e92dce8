"""When a run is over: the robot fell, its loop damped it, or the simulation diverged."""

from __future__ import annotations

import numpy as np

from amp_sim2sim import metrics
from amp_sim2sim.episode import MAX_TILT_RAD, MIN_HEIGHT_SHARE, Fall
from amp_sim2sim.gate.loops import Loops
from amp_sim2sim.gate.starts import Starts
from amp_sim2sim.gate.terrain import Floors

CONTROLLER = "controller: "
"""What the reason begins with where the robot's own loop found a fault and damped it."""


class Falls:
    """Which of ``N`` runs go on: ``active [N]`` bool, and why the others ended."""

    def __init__(self, starts: Starts, floors: Floors) -> None:
        count = len(starts.base_pose_w)
        self.active = np.ones(count, dtype=bool)
        self.ended: list[Fall | None] = [None] * count
        self._starts, self._floors = starts, floors

    def look(
        self, time_s: float, base_pose_w: np.ndarray, finite: np.ndarray, trunk_down: np.ndarray
    ) -> None:
        """End the runs that fell: ``base_pose_w [N, 7]``, whether the simulation holds numbers that
        make sense and whether the trunk touches the floor, ``[N]`` bool."""
        with np.errstate(invalid="ignore", over="ignore"):
            height = (base_pose_w[:, :3] * self._starts.normal_w).sum(axis=1)
            x, y = np.nan_to_num(base_pose_w[:, :2]).T
            height = height - self._floors.height(x, y)
            tilted = metrics.tilt_rad(base_pose_w[:, 3:]) > MAX_TILT_RAD
        reasons = (
            (~finite, "the simulation diverged"),
            (tilted, f"tilted by more than {MAX_TILT_RAD:g} rad"),
            (
                height < MIN_HEIGHT_SHARE * self._starts.stand_height_m,
                f"base below {MIN_HEIGHT_SHARE:g} of its standing height",
            ),
            (trunk_down, "trunk on the floor"),
        )
        for which, reason in reasons:
            for i in np.flatnonzero(which & self.active):
                self._end(int(i), Fall(time_s, reason))

    def look_at_loops(self, loops: Loops) -> None:
        """End the runs whose loop has damped the robot."""
        for i in np.flatnonzero(loops.damped() & self.active):
            time_s, faults = loops.why(int(i))
            self._end(int(i), Fall(time_s, CONTROLLER + faults))

    def _end(self, i: int, fall: Fall) -> None:
        self.ended[i], self.active[i] = fall, False
