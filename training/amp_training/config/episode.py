"""Episodes: length, starts, falls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Optional, Tuple

from amp_training.config._checks import require


@dataclass(frozen=True)
class EpisodeConfig:
    """Episode length, where episodes start, and what counts as a fall.

    Short episodes at first (``first_length_s``, growing to ``length_s`` over ``growth_samples``)
    keep most samples near the clip while the policy cannot stay there yet. An episode also ends,
    as a failure, when the mean joint distance to the nearest pose of the clips exceeds
    ``max_pose_distance_rad``; starts away from the clips have ``pose_grace_s`` to get there.

    ``start``: "default" is the robot's stand pose, "start" the first frame of a clip, "random" any
    time of one, "hybrid" random for ``reference_start_share`` of the episodes and else default.
    With ``contact_termination`` an episode fails when a link other than the robot's feet and
    ``contact_allowed`` touches the ground. Without ``early_termination`` nothing but a diverged
    simulation ends an episode early.
    """

    length_s: float = 10.0
    first_length_s: Optional[float] = 1.0
    growth_samples: int = 3_000_000
    max_pose_distance_rad: Optional[float] = None
    pose_grace_s: float = 1.0
    reference_start_share: float = 0.8
    start: Literal["default", "start", "random", "hybrid"] = "hybrid"
    max_tilt_rad: float = 1.0
    min_height_ratio: float = 0.5
    contact_termination: bool = False
    contact_allowed: Tuple[str, ...] = ()
    early_termination: bool = True

    def __post_init__(self) -> None:
        require(0.0 <= self.reference_start_share <= 1.0, "reference_start_share must be in [0, 1]")
        require(self.length_s > 0.1, "length_s must be above 0.1")
        require(self.growth_samples >= 1, "growth_samples must be at least 1")
        require(self.max_tilt_rad > 0, "max_tilt_rad must be positive")
        limit = self.max_pose_distance_rad
        require(limit is None or limit > 0, "max_pose_distance_rad must be positive")
