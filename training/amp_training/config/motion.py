"""Reference clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from amp_training.config._checks import require


@dataclass(frozen=True)
class MotionConfig:
    """Reference clips: files or generator names, with sampling weights (default: by duration).

    A file that ends in ``.yaml`` is a data set (``amp_sdk.motion.dataset``), with weights of its
    own; those here then multiply them. ``hint`` says, for a recipe without clips, which it needs.
    """

    files: Tuple[str, ...] = ()
    weights: Tuple[float, ...] = ()
    fps: Optional[float] = None
    hint: Optional[str] = None

    def __post_init__(self) -> None:
        require(
            not self.weights or len(self.weights) == len(self.files),
            f"weights: expected one per file ({len(self.files)}), found {len(self.weights)}",
        )
        require(all(w > 0 for w in self.weights), "weights: every weight must be positive")
