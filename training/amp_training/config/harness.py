"""A harness that holds the robots up while the policy is young."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from amp_training.config._checks import require


@dataclass(frozen=True)
class HarnessConfig:
    """Springs and dampers that hold the base up, where ``enabled``.

    A biped falls a second after its start whatever an untrained policy does, and sees little else
    than falling. In the harness it learns the gait first, and its balance as the springs give way:
    they are whole up to the first of the two sample counts of ``fade``, then weaker in proportion,
    and gone from the second on. ``upright_nm_rad`` pulls the base's vertical axis to the world's,
    ``lift_n_m`` pulls it up to ``height_ratio`` of its standing height. The policy that comes out
    has no harness, nor has a test of it. An idea of Yu et al. 2018 (arXiv:1801.08093).
    """

    enabled: bool = False
    fade: Tuple[int, int] = (1_000_000, 4_000_000)
    upright_nm_rad: float = 300.0
    upright_nm_s_rad: float = 20.0
    lift_n_m: float = 1500.0
    lift_n_s_m: float = 60.0
    height_ratio: float = 0.97

    def __post_init__(self) -> None:
        require(0 <= self.fade[0] < self.fade[1], "fade must be two rising sample counts")
        for name in ("upright_nm_rad", "upright_nm_s_rad", "lift_n_m", "lift_n_s_m"):
            require(getattr(self, name) >= 0, f"{name} must not be negative")
        require(0 < self.height_ratio <= 1.2, "height_ratio must be in (0, 1.2]")

    def strength(self, samples: int) -> float:
        """Share of the full stiffness after ``samples`` environment steps, 1 to 0."""
        first, last = self.fade
        return float(self.enabled) * min(1.0, max(0.0, (last - samples) / (last - first)))
