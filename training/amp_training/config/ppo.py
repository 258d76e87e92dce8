"""The update of the policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Optional, Tuple

from amp_training.config._checks import require


@dataclass(frozen=True)
class PpoConfig:
    """Proximal policy optimisation.

    The action noise starts at ``initial_std``. With ``sigma`` fixed it stays there, learned it is
    learned, scheduled it falls to ``final_std`` exponentially between the two sample counts of
    ``std_decay``; without a choice it is scheduled where there is a ``final_std``, else learned.
    Values are in units of a step's reward, ``value_clip`` too. ``schedule`` concerns the actor
    alone: a critic that has to follow its learning rate down loses track of the returns. With
    ``optimizer`` joint there is one for both, at the actor's rate, and the critic's loss weighs
    ``value_coef``. Normalised advantages are held within ``advantage_clip``. The policy that is
    tested and exported has the actor's weights averaged over iterations with ``average_decay``
    (0: the last weights).

    ``symmetry`` makes use of the robot's mirror image: augmentation learns from every sample and
    its image, loss adds ``symmetry_coef`` times the squared distance between the action of the
    image and the image of the action; both does both.
    """

    horizon: int = 24
    epochs: int = 5
    minibatches: int = 4
    learning_rate: float = 1e-3
    critic_learning_rate: float = 1e-3
    schedule: Literal["adaptive", "constant"] = "adaptive"
    target_kl: float = 0.01
    gamma: float = 0.95
    lam: float = 0.95
    clip: float = 0.2
    value_clip: Optional[float] = None
    entropy_coef: float = 0.0
    bound_coef: float = 0.0
    max_grad_norm: float = 1.0
    average_decay: float = 0.95
    optimizer: Literal["separate", "joint"] = "separate"
    value_coef: float = 1.0
    advantage_clip: Optional[float] = None
    symmetry: Literal["none", "augmentation", "loss", "both"] = "none"
    symmetry_coef: float = 1.0
    sigma: Optional[Literal["fixed", "learned", "scheduled"]] = None
    initial_std: float = 1.0
    final_std: Optional[float] = 0.15
    std_decay: Tuple[int, int] = (0, 2_500_000)
    actor_hidden: Tuple[int, ...] = (256, 128)
    critic_hidden: Tuple[int, ...] = (256, 128)

    def __post_init__(self) -> None:
        require(self.horizon >= 2, "horizon must be at least 2")
        for name in ("epochs", "minibatches"):
            require(getattr(self, name) >= 1, f"{name} must be at least 1")
        for name in ("learning_rate", "critic_learning_rate", "target_kl", "clip", "max_grad_norm"):
            require(getattr(self, name) > 0, f"{name} must be positive")
        widths = self.actor_hidden + self.critic_hidden
        require(all(width >= 1 for width in widths), "every hidden width must be positive")
        require(0 < self.gamma < 1 and 0 <= self.lam <= 1, "gamma in (0, 1) and lam in [0, 1]")
        require(0 <= self.average_decay < 1, "average_decay must be in [0, 1)")
        require(self.initial_std > 0, "initial_std must be positive")
        require(self.final_std is None or self.final_std > 0, "final_std must be positive")
        require(
            self.sigma != "scheduled" or self.final_std is not None,
            "sigma scheduled needs a final_std to fall to",
        )
        for name in ("value_coef", "symmetry_coef", "entropy_coef", "bound_coef"):
            require(getattr(self, name) >= 0, f"{name} must not be negative")
        for name in ("value_clip", "advantage_clip"):
            value = getattr(self, name)
            require(value is None or value > 0, f"{name} must be positive")
        require(0 <= self.std_decay[0] < self.std_decay[1], "std_decay must be two rising numbers")

    @property
    def noise(self) -> Literal["fixed", "learned", "scheduled"]:
        """The kind of action noise; see the class."""
        if self.sigma is not None:
            return self.sigma
        return "learned" if self.final_std is None else "scheduled"
