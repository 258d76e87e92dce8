"""The motion prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Optional, Tuple

from amp_training.config._checks import require


@dataclass(frozen=True)
class DiscriminatorConfig:
    """The motion prior: features, window, loss and its own optimiser.

    A discriminator that tells all samples apart gives a reward without slope. Updates are left out
    while its prediction loss is below ``throttle_loss`` (0 when saturated; by chance 1 with lsgan
    and wasserstein, 0.69 with bce, where the same number throttles more). The losses and their
    rewards are in ``style_losses.py``; ``wasserstein_eta`` is the slope inside that one's tanh.
    ``mirror_demonstrations`` adds the left-right mirror image of every demonstration window.

    ``features`` "joint_space" describes each step of a window by ``terms`` in the robot's own
    frame; "character" by positions, rotations and velocities of the whole window in the heading
    frame of its last step (in the world frame without ``heading_invariant``; without the height of
    the base where ``root_height`` is false). A window has ``window`` steps, ``spacing`` control
    steps apart: states of a gait 20 ms apart look alike at any pace. ``joints`` and ``key_bodies``
    are those that the discriminator sees; empty: all of the robot's.

    With a ``final_learning_rate`` the learning rate falls to it between the two sample counts of
    ``learning_rate_decay``. A policy whose noise has fallen changes slowly; a discriminator that
    goes on as fast finds ever finer differences, until its reward has no slope.
    """

    loss: Literal["lsgan", "bce", "wasserstein"] = "lsgan"
    features: Literal["joint_space", "character"] = "joint_space"
    terms: Tuple[str, ...] = (
        "root_height",
        "gravity_b",
        "lin_vel_b",
        "ang_vel_b",
        "joint_pos",
        "key_pos_b",
    )
    joints: Tuple[str, ...] = ()
    key_bodies: Tuple[str, ...] = ()
    heading_invariant: bool = True
    root_height: bool = True
    window: int = 5
    spacing: int = 1
    hidden: Tuple[int, ...] = (256, 128)
    learning_rate: float = 1e-4
    final_learning_rate: Optional[float] = None
    learning_rate_decay: Tuple[int, int] = (2_500_000, 3_500_000)
    updates: int = 8
    batch: int = 2048
    gradient_penalty: float = 10.0
    penalty_on: Literal["demonstrations", "both"] = "both"
    throttle_loss: float = 0.2
    logit_penalty: float = 0.01
    weight_decay: float = 1e-4
    reward_scale: float = 1.0
    wasserstein_eta: float = 0.3
    mirror_demonstrations: bool = False
    replay_capacity: int = 200_000
    replay_share: float = 0.5
    replay_push: int = 2048
    normalizer_samples: int = 5_000_000
    demo_windows: int = 100_000

    def __post_init__(self) -> None:
        require(2 <= self.window <= 32, "window must be 2 to 32 steps")
        require(self.spacing >= 1, "spacing must be at least 1 control step")
        require(self.span <= 64, f"window and spacing span {self.span} control steps, 64 at most")
        require(len(self.terms) > 0, "terms must name at least one feature")
        for name in ("updates", "batch", "replay_capacity", "replay_push", "demo_windows"):
            require(getattr(self, name) >= 1, f"{name} must be at least 1")
        for name in ("gradient_penalty", "logit_penalty", "weight_decay", "throttle_loss"):
            require(getattr(self, name) >= 0, f"{name} must not be negative")
        for name in ("learning_rate", "reward_scale", "wasserstein_eta"):
            require(getattr(self, name) > 0, f"{name} must be positive")
        require(all(width >= 1 for width in self.hidden), "hidden: every width must be positive")
        final, decay = self.final_learning_rate, self.learning_rate_decay
        require(final is None or final > 0, "final_learning_rate must be positive")
        require(0 <= decay[0] < decay[1], "learning_rate_decay must be two rising numbers")
        require(0.0 <= self.replay_share < 1.0, "replay_share must be in [0, 1)")

    @property
    def span(self) -> int:
        """Control steps from the first to the last of a window, both included."""
        return (self.window - 1) * self.spacing + 1
