"""What a linter says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

PROBLEM, NOTE = "problem", "note"


@dataclass(frozen=True)
class Finding:
    """One defect: the check's name, "problem" or "note", a sentence, the worst value (in the
    sentence's unit) and the first frames concerned, counted from 0."""

    check: str
    level: str
    message: str
    worst: Optional[float] = None
    frames: Tuple[int, ...] = ()

    def text(self) -> str:
        """One line for a person."""
        where = ", ".join(map(str, self.frames[:5])) + (", ..." if len(self.frames) > 5 else "")
        return f"{self.level:8s} {self.message}" + (f" (frames {where})" if where else "")
