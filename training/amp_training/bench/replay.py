"""Bare physics of any backend: the control steps of a rollout again, the engine's work alone."""

from __future__ import annotations

import time
from typing import Callable, Dict, List, Tuple

import torch
from torch import Tensor

from amp_training.backends.base import Backend


class Recorder:
    """Records what every control step of ``backend`` began with.

    Used as a context; afterwards ``replay_s`` repeats the steps, and ``own_s`` are the seconds that
    the recording took of whoever was recorded (on a GPU, where copies take no time of the host's,
    it stays zero: they are at the recorded's expense).
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._step: Callable[[Tensor], None] = backend.step
        self._begins: List[Tuple[Dict[str, Tensor], Tensor]] = []
        self.own_s = 0.0

    def __enter__(self) -> Recorder:
        self._begins.clear()
        self.own_s = 0.0
        self._replace(self._recording_step)
        return self

    def __exit__(self, *_: object) -> None:
        self._replace(self._step)

    def _replace(self, step: Callable[[Tensor], None]) -> None:
        setattr(self._backend, "step", step)  # noqa: B010  of this object, not of its class

    def _recording_step(self, targets: Tensor) -> None:
        begin = time.perf_counter()
        self._begins.append((self._backend.snapshot(), targets.clone()))
        if self._backend.state.flat.device.type == "cpu":
            self.own_s += time.perf_counter() - begin
        self._step(targets)

    def replay_s(self) -> float:
        """Seconds of the physics of all recorded steps, from the same states with the same
        targets; the backend is left where the recording ended."""
        backend = self._backend
        end, seconds = backend.snapshot(), 0.0
        for begin, targets in self._begins:
            backend.resume(begin)
            backend.command(targets)
            seconds += elapsed_s(backend.physics, backend.device)
        backend.resume(end)
        return seconds


def elapsed_s(work: Callable[[], object], device: torch.device) -> float:
    """Seconds of ``work`` on ``device``, all of it finished; its own time on a GPU."""
    if device.type == "cpu":
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize(device)
    start.record()
    work()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1000.0
