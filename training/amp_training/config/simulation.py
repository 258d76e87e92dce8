"""The simulated robots and the differences between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from amp_training.config._checks import require


@dataclass(frozen=True)
class SimulationConfig:
    """Physics of one environment and how many there are.

    Dry friction of the joints (0.2 N m on a Go2) is one constraint a joint: a fifth of the time of
    a step. It is left out of training unless ``friction_loss``, and always in sim2sim.
    """

    backend: Literal["mujoco", "mujoco_warp", "isaacgym"] = "mujoco"
    num_envs: int = 512
    threads: int = 0
    physics_dt_s: float = 0.005
    control_period_s: float = 0.02
    friction_loss: bool = False

    def __post_init__(self) -> None:
        require(self.num_envs >= 1, "num_envs must be at least 1")
        require(self.threads >= 0, "threads must not be negative")
        require(0.0 < self.physics_dt_s <= 0.02, "physics_dt_s must be in (0, 0.02]")
        require(
            abs(self.decimation * self.physics_dt_s - self.control_period_s) < 1e-9,
            f"control_period_s {self.control_period_s} must be a whole number of physics steps of "
            f"{self.physics_dt_s} s",
        )

    @property
    def decimation(self) -> int:
        """Physics steps per control step."""
        return max(1, int(round(self.control_period_s / self.physics_dt_s)))
