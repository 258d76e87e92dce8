"""Where episodes start: windows of the clips and of standing still."""

from __future__ import annotations

import json
from typing import Any, Dict

import torch
from torch import Tensor

from amp_training.config import EpisodeConfig
from amp_training.reference import Reference
from amp_training.selection import is_mask

_RENEWED = 256
_DRAWN_FROM = 8192


class StartPool:
    """Start windows, sampled many at a time.

    To ids they are dealt out one by one, and sampled again when they run out. To a mask they are
    drawn with replacement by the device, which cannot say how many it needs: the pool is larger
    then, and part of it is sampled again between rollouts.
    """

    def __init__(
        self,
        reference: Reference,
        config: EpisodeConfig,
        num_envs: int,
        device: torch.device,
        masked: bool,
    ) -> None:
        self._reference = reference
        self._share, self._mode = config.reference_start_share, config.start
        self._size = _DRAWN_FROM if masked else max(num_envs, 256)
        self._device, self._masked = device, masked
        self._windows = torch.empty(0)
        self._next = 0
        self._generator = torch.Generator(device)
        if masked:
            self._windows = self._sampled(self._size)
            self._generator.manual_seed(int(reference.rng.integers(2**31)))

    def take(self, which: Tensor) -> Tensor:
        """Windows for the environments of a selection, [n, H, size]; at most the pool's size."""
        if is_mask(which):
            size, shape = len(self._windows), (len(which),)
            drawn = torch.randint(size, shape, generator=self._generator, device=self._device)
            return self._windows.index_select(0, drawn)
        n = len(which)
        if self._next + n > len(self._windows):
            self._windows, self._next = self._sampled(self._size), 0
        self._next += n
        return self._windows[self._next - n : self._next]

    def renew(self) -> None:
        """Between rollouts: sample anew some of the windows that masks draw from."""
        if not self._masked:
            return
        self._windows[self._next : self._next + _RENEWED] = self._sampled(_RENEWED)
        self._next = (self._next + _RENEWED) % self._size

    def _sampled(self, n: int) -> Tensor:
        rng = self._reference.rng
        if self._mode == "hybrid":
            on_clip = int(rng.binomial(n, self._share))
        else:
            on_clip = 0 if self._mode == "default" else n
        parts = []
        if on_clip:
            parts.append(self._reference.clip_windows(on_clip, self._mode == "start"))
        if on_clip < n:
            parts.append(self._reference.stand_windows(n - on_clip))
        order = torch.from_numpy(rng.permutation(n))
        return torch.cat(parts)[order].to(self._device)

    def snapshot(self) -> Dict[str, Any]:
        """Content for a checkpoint."""
        rng = json.dumps(self._reference.rng.bit_generator.state)
        content = {"windows": self._windows.clone(), "next": self._next, "rng": rng}
        if self._masked:
            content["drawn"] = self._generator.get_state()
        return content

    def resume(self, snapshot: Dict[str, Any]) -> None:
        """Take the content back."""
        self._windows = snapshot["windows"].to(self._device, copy=True)
        self._next = int(snapshot["next"])
        self._reference.rng.bit_generator.state = json.loads(snapshot["rng"])
        if self._masked:
            self._generator.set_state(snapshot["drawn"].cpu())
