"""The training run: iterate until a limit, keep checkpoints, stop cleanly on a signal."""

from __future__ import annotations

import dataclasses
import math
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Optional, Tuple

from amp_sdk.errors import CheckFailedError
from amp_training import workers
from amp_training.build import Session
from amp_training.checkpoint import Progress
from amp_training.learner import IterationStats
from amp_training.record import RunRecord


@dataclass(frozen=True)
class Limits:
    """When a run ends: whichever comes first."""

    max_samples: int
    max_seconds: float = float("inf")
    snapshot_seconds: Optional[float] = None
    """Export the policy to ``snapshots/`` this often, to draw learning curves with."""
    wandb_project: Optional[str] = None
    """Log to this project of Weights & Biases too."""


class _StopFlag:
    """Turns the first SIGINT or SIGTERM into a request; the second one interrupts."""

    def __init__(self) -> None:
        self.number: Optional[int] = None
        self._previous = {}

    def __enter__(self) -> _StopFlag:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _: Optional[FrameType]) -> None:
        if self.number is not None:
            raise KeyboardInterrupt
        self.number = number


def train(
    session: Session, folder: Path, limits: Limits, progress: Progress
) -> Tuple[Progress, Optional[int]]:
    """Train until a limit or a signal; the folder then holds a resumable checkpoint.

    A session without progress starts all its episodes; one with progress, restored or in memory,
    goes on where it was. Iterations, samples and seconds count from the run's first start. Returns
    the progress and the number of the signal that ended it, if one did. Raises
    CheckFailedError where the networks diverge; the last checkpoint is then kept. Of several
    processes (``workers.py``) the first one writes, and all stop together.
    """
    if progress.iterations == 0:
        session.environment.schedule(0)
        session.learner.rollout.begin(session.environment.restart_all(session.generator))
    record = None
    if workers.rank() == 0:
        record = RunRecord(folder, session, progress, limits.snapshot_seconds, limits.wandb_project)
    per_iteration = session.learner.rollout.action.shape[0] * session.environment.num_envs
    per_iteration *= workers.size()
    begin = time.monotonic() - progress.seconds
    try:
        with _StopFlag() as stop:
            while not workers.agreed(stop.number is not None or over(progress, limits)):
                start, before = time.perf_counter(), progress
                stats = session.learner.iterate(progress.samples)
                throughput = per_iteration / (time.perf_counter() - start)
                progress = dataclasses.replace(
                    progress,
                    iterations=progress.iterations + 1,
                    samples=progress.samples + per_iteration,
                    seconds=time.monotonic() - begin,
                )
                _check_finite(stats, progress)
                if record is not None:
                    share = _share(progress, limits)
                    progress = record.iteration(before, progress, stats, throughput, share)
            if record is not None:
                record.finish(progress, stop.number)
    finally:
        if record is not None:
            record.close()
    return progress, stop.number


def _check_finite(stats: IterationStats, progress: Progress) -> None:
    """Stop before a checkpoint takes in what has diverged."""
    losses = (stats.ppo.policy_loss, stats.ppo.value_loss, stats.prior.loss, stats.std)
    if stats.prior.applied_share == 0.0:  # it was left alone and may have no loss
        losses = (losses[0], losses[1], stats.std)
    if not all(math.isfinite(loss) for loss in losses):
        raise CheckFailedError(
            f"training diverged at {progress.samples} samples (policy, value and discriminator "
            f"loss, noise: {losses}); the last checkpoint is kept; lower the learning rates"
        )


def over(progress: Progress, limits: Limits) -> bool:
    """Whether a limit is reached."""
    return progress.samples >= limits.max_samples or progress.seconds >= limits.max_seconds


def _share(progress: Progress, limits: Limits) -> float:
    by_time = progress.seconds / limits.max_seconds
    return min(1.0, max(progress.samples / limits.max_samples, by_time))
