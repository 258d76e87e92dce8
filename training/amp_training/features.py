"""Discriminator observations: one function for policy and demonstration windows alike."""

from __future__ import annotations

from typing import Callable

from torch import Tensor

from amp_training.backends.base import SimState, StateLayout
from amp_training.terms import joint_space_features

FeatureFunction = Callable[[Tensor], Tensor]
"""Flat states of windows [n, H, size], oldest first, to features [n, H * F]."""


def joint_space(layout: StateLayout) -> FeatureFunction:
    """Each step in the robot's own frame, see ``terms.joint_space_features``."""

    def features(windows: Tensor) -> Tensor:
        state: SimState = layout.view(windows)
        return joint_space_features(state).flatten(1)

    return features
