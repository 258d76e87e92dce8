"""The training run: iterate until a limit, keep checkpoints, stop cleanly on a signal."""

from __future__ import annotations

import math
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Optional, Tuple

from amp_sdk.errors import AmpSdkError, CheckFailedError
from amp_training.advice import CollapseAlarm
from amp_training.build import Session
from amp_training.checkpoint import Progress, save_checkpoint
from amp_training.export import export_policy
from amp_training.learner import IterationStats
from amp_training.log import TrainingLog
from amp_training.session_contract import session_contract

CHECKPOINT_PERIOD_S = 60.0


@dataclass(frozen=True)
class Limits:
    """When a run ends: whichever comes first."""

    max_samples: int
    max_seconds: float = float("inf")
    snapshot_seconds: Optional[float] = None
    """Export the policy to ``snapshots/`` this often, to draw learning curves with."""


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
    CheckFailedError where the networks diverge; the last checkpoint is then kept.
    """
    if progress.iterations == 0:
        session.environment.schedule(0)
        session.learner.rollout.begin(session.environment.restart_all(session.generator))
    log = TrainingLog(folder, f"{session.recipe.name}: {session.interface.robot.name}", progress)
    per_iteration = session.learner.rollout.action.shape[0] * session.environment.num_envs
    prior = session.recipe.discriminator
    alarm = CollapseAlarm(prior.loss, prior.reward_scale)
    begin = time.monotonic() - progress.seconds
    saved = snapshot = progress.seconds
    try:
        with _StopFlag() as stop:
            while stop.number is None and not over(progress, limits):
                start = time.perf_counter()
                stats = session.learner.iterate(progress.samples)
                throughput = per_iteration / (time.perf_counter() - start)
                progress = Progress(
                    progress.iterations + 1,
                    progress.samples + per_iteration,
                    time.monotonic() - begin,
                )
                _check_finite(stats, progress)
                share = _share(progress, limits)
                left_s = progress.seconds * (1.0 - share) / max(share, 1e-6)
                log.write(progress, stats, throughput, share, left_s)
                warning = alarm.check(stats.prior.accuracy, stats.style_reward)
                if warning is not None:
                    log.note(f"warning: {warning}")
                if progress.seconds - saved >= CHECKPOINT_PERIOD_S:
                    saved = progress.seconds
                    _save(folder, session, progress, log)
                if (
                    limits.snapshot_seconds
                    and progress.seconds - snapshot >= limits.snapshot_seconds
                ):
                    snapshot = progress.seconds
                    _snapshot(folder, session, progress, log)
            save_checkpoint(folder, session, progress)
            if stop.number is not None:
                name = signal.Signals(stop.number).name
                log.note(f"stopped by {name}; go on with --resume {folder}")
    finally:
        log.close()
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


def _save(folder: Path, session: Session, progress: Progress, log: TrainingLog) -> None:
    """A periodic checkpoint; a full disk must not end the run, but must be seen."""
    try:
        save_checkpoint(folder, session, progress)
    except AmpSdkError as error:
        log.note(f"warning: checkpoint not written: {error}")


def _snapshot(folder: Path, session: Session, progress: Progress, log: TrainingLog) -> None:
    name = f"{progress.seconds / 60:06.2f}min_{progress.samples}.onnx"
    contract = session_contract(session, progress.samples)
    try:
        export_policy(session.learner.ppo.average, contract, folder / "snapshots" / name)
    except AmpSdkError as error:
        log.note(f"warning: snapshot not written: {error}")


def over(progress: Progress, limits: Limits) -> bool:
    """Whether a limit is reached."""
    return progress.samples >= limits.max_samples or progress.seconds >= limits.max_seconds


def _share(progress: Progress, limits: Limits) -> float:
    by_time = progress.seconds / limits.max_seconds
    return min(1.0, max(progress.samples / limits.max_samples, by_time))
