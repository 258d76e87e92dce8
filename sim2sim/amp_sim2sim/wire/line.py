"""What happens to messages on their way: latency, jitter, loss."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from amp_sdk.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class LineSettings:
    """``latency_s`` of every message, up to ``jitter_s`` more (uniform), and the share ``loss``."""

    latency_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0

    def __post_init__(self) -> None:
        for name in ("latency_s", "jitter_s"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(f"{name} is {getattr(self, name)!r}; expected 0 to 1 second")
        if not 0.0 <= self.loss < 1.0:
            raise InputError(f"loss is {self.loss!r}; expected a share from 0, below 1")


class Line(Generic[T]):
    """A direction of the line. Messages stay in order: a late one holds back those behind it."""

    def __init__(self, settings: LineSettings, rng: np.random.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._queue: deque[tuple[float, T]] = deque()
        self.lost = 0

    def put(self, time_s: float, message: T) -> None:
        """Send ``message`` at ``time_s``."""
        s = self._settings
        if s.loss > 0.0 and self._rng.random() < s.loss:
            self.lost += 1
            return
        due_s = time_s + s.latency_s + s.jitter_s * self._rng.random()
        if self._queue:
            due_s = max(due_s, self._queue[-1][0])
        self._queue.append((due_s, message))

    def take(self, time_s: float) -> list[T]:
        """What has arrived by ``time_s``, in order."""
        arrived = []
        while self._queue and self._queue[0][0] <= time_s:
            arrived.append(self._queue.popleft()[1])
        return arrived
