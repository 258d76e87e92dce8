"""The contract between the environment and a task.

A goal is what stays until there is a new one: a place or a direction of the world. A command is
what the policy sees of it from where it stands, in the heading frame, so that a robot can be told
the same thing. Rewards are pure functions of states and goals, for whole rollouts at once.
"""

from __future__ import annotations

from typing import Dict, Protocol

from torch import Tensor

from amp_training.backends.base import SimState


class Task(Protocol):
    """Goals of N environments."""

    goal: Tensor
    """[N, G] the goals now; what a row means is the task's affair."""
    command: Tensor
    """[N, C] what the policy is told now, in the order of the contract's commands."""

    def schedule(self, samples: int) -> None:
        """Set the difficulty that belongs to ``samples`` environment steps of training."""
        ...

    def restart(self, which: Tensor, state: SimState) -> None:
        """New goals for ``which`` (``selection.py``), which now stand in ``state`` [n or N]."""
        ...

    def tick(self, state: SimState) -> None:
        """One control step led to ``state`` [N]: goals whose time is over are drawn again, and
        commands follow the robots."""
        ...

    def reward(self, state: SimState, goal: Tensor) -> Tensor:
        """Reward [...] in [0, 1] for being in ``state`` [...] with ``goal`` [..., G]."""
        ...

    def snapshot(self) -> Dict[str, Tensor]:
        """Content for a checkpoint."""
        ...

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        ...
