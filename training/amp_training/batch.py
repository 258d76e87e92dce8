"""What an iteration hands to the policy's update, and what that reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from torch import Tensor


@dataclass(frozen=True)
class MirrorBatch:
    """The mirror images of a batch's samples; observations normalised."""

    actor_input: Tensor  # [B, O]
    critic_input: Tensor  # [B, O + P]
    action: Tensor  # [B, A]

    def rows(self, ids: Tensor) -> MirrorBatch:
        """The rows ``ids``."""
        fields = (self.actor_input, self.critic_input, self.action)
        return MirrorBatch(*[field.index_select(0, ids) for field in fields])


@dataclass(frozen=True)
class Batch:
    """Samples of one iteration, flattened over time and environments; observations normalised."""

    actor_input: Tensor  # [B, O]
    critic_input: Tensor  # [B, O + P]
    action: Tensor  # [B, A]
    mean: Tensor  # [B, A] of the policy that acted
    log_prob: Tensor  # [B]
    advantage: Tensor  # [B] normalised
    value: Tensor  # [B, K]
    target: Tensor  # [B, K] value targets
    mirror: Optional[MirrorBatch] = None

    def rows(self, ids: Tensor) -> Batch:
        """The rows ``ids``."""
        mirror = None if self.mirror is None else self.mirror.rows(ids)
        names = [name for name in self.__dataclass_fields__ if name != "mirror"]
        fields = [getattr(self, name).index_select(0, ids) for name in names]
        return Batch(*fields, mirror=mirror)


@dataclass(frozen=True)
class PpoStats:
    """Means over the minibatches of one iteration."""

    policy_loss: float
    value_loss: float
    entropy: float
    kl: float
    symmetry: float
    """Squared distance from a policy that treats left and right alike; 0 where it is not asked."""
    learning_rate: float
