"""Domain randomisation: each environment is a slightly different robot.

The differences are drawn once, independently of the engine, and handed to the backend
(``Backend.vary``), which applies them when it is built; they cost nothing per step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np

from amp_training.config import RandomizationConfig


@dataclass(frozen=True)
class Variations:
    """How N robots of J joints differ from the nominal one."""

    kp_ratio: np.ndarray
    """[N, J], proportional gain over its nominal value."""
    kd_ratio: np.ndarray
    """[N, J], derivative gain over its nominal value."""
    damping_nm_s: np.ndarray
    """[N, J] N m s/rad, added to the joints' passive damping."""
    friction: np.ndarray
    """[N], sliding friction of all the robot's geoms, in place of their own."""
    base_mass_kg: np.ndarray
    """[N] kg, added to the base body; its inertia stays."""

    @classmethod
    def draw(cls, config: RandomizationConfig, envs: int, joints: int, seed: int) -> Variations:
        """Uniform in the bounds of ``config``."""
        rng = np.random.default_rng(seed)

        def uniform(bounds: Tuple[float, float], *shape: int) -> np.ndarray:
            return rng.uniform(bounds[0], bounds[1], (envs, *shape))

        return cls(
            kp_ratio=uniform(config.gain_ratio, joints),
            kd_ratio=uniform(config.gain_ratio, joints),
            damping_nm_s=uniform(config.damping_nm_s, joints),
            friction=uniform(config.friction, 1)[:, 0],
            base_mass_kg=uniform(config.base_mass_kg),
        )
