"""Where episodes start: windows of the clips and of standing still."""

from __future__ import annotations

import json
from typing import Any, Dict

import torch
from torch import Tensor

from amp_training.config import EpisodeConfig
from amp_training.reference import Reference


class StartPool:
    """Start windows sampled many at a time and dealt out one by one."""

    def __init__(
        self, reference: Reference, config: EpisodeConfig, size: int, device: torch.device
    ) -> None:
        self._reference = reference
        self._share, self._mode = config.reference_start_share, config.start
        self._size, self._device = size, device
        self._windows = torch.empty(0)
        self._next = 0

    def take(self, n: int) -> Tensor:
        """[n, H, size]; n at most the pool's size."""
        if self._next + n > len(self._windows):
            self._refill()
        self._next += n
        return self._windows[self._next - n : self._next]

    def _refill(self) -> None:
        rng = self._reference.rng
        if self._mode == "hybrid":
            on_clip = int(rng.binomial(self._size, self._share))
        else:
            on_clip = 0 if self._mode == "default" else self._size
        parts = []
        if on_clip:
            parts.append(self._reference.clip_windows(on_clip, self._mode == "start"))
        if on_clip < self._size:
            parts.append(self._reference.stand_windows(self._size - on_clip))
        order = torch.from_numpy(rng.permutation(self._size))
        self._windows = torch.cat(parts)[order].to(self._device)
        self._next = 0

    def snapshot(self) -> Dict[str, Any]:
        """Content for a checkpoint."""
        rng = json.dumps(self._reference.rng.bit_generator.state)
        return {"windows": self._windows.clone(), "next": self._next, "rng": rng}

    def resume(self, snapshot: Dict[str, Any]) -> None:
        """Take the content back."""
        self._windows = snapshot["windows"].to(self._device, copy=True)
        self._next = int(snapshot["next"])
        self._reference.rng.bit_generator.state = json.loads(snapshot["rng"])
