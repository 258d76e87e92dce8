"""What a run leaves behind: log, checkpoints, snapshots, the best policy, the report."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Optional

from amp_sdk.errors import AmpSdkError
from amp_training.advice import CollapseAlarm
from amp_training.best import BestPolicy, scalars
from amp_training.build import Session
from amp_training.checkpoint import Progress, save_checkpoint
from amp_training.export import export_policy
from amp_training.learner import IterationStats
from amp_training.log import TrainingLog
from amp_training.report import write_report
from amp_training.session_contract import session_contract
from amp_training.wandb_log import WandbLog

CHECKPOINT_PERIOD_S = 60.0


class RunRecord:
    """Writes to ``folder``. A full disk must not end the run, but must be seen.

    Args:
        folder: of the run.
        session: whose policy is kept.
        progress: where the run begins or goes on.
        snapshot_s: how often the policy is also exported to ``snapshots/``.
        project: of Weights & Biases, to log there too.
    """

    def __init__(
        self,
        folder: Path,
        session: Session,
        progress: Progress,
        snapshot_s: Optional[float],
        project: Optional[str] = None,
    ) -> None:
        self._folder, self._session, self._snapshot_s = folder, session, snapshot_s
        self._title = f"{session.recipe.name}: {session.interface.robot.name}"
        wandb = None
        if project is not None:
            wandb = WandbLog(project, folder, session.recipe, goes_on=progress.iterations > 0)
        self._log = TrainingLog(folder, self._title, progress, wandb)
        self._best = BestPolicy(folder, session, progress)
        prior = session.recipe.discriminator
        self._alarm = CollapseAlarm(prior.loss, prior.reward_scale)
        self._saved = self._snapshot = progress.seconds
        self._no_film = ""

    def iteration(
        self,
        before: Progress,
        progress: Progress,
        stats: IterationStats,
        throughput: float,
        share: float,
    ) -> Progress:
        """Record an iteration, after which ``share`` of the run is done; progress with the cost of
        the best policy."""
        if self._best.due(before, progress):
            progress = self._measure(progress)
        left_s = progress.seconds * (1.0 - share) / max(share, 1e-6)
        self._log.write(progress, stats, throughput, share, left_s)
        warning = self._alarm.check(stats.prior.accuracy, stats.style_reward)
        if warning is not None:
            self._log.note(f"warning: {warning}")
        if progress.seconds - self._saved >= CHECKPOINT_PERIOD_S:
            self._saved = progress.seconds
            try:
                save_checkpoint(self._folder, self._session, progress)
            except AmpSdkError as error:
                self._log.note(f"warning: checkpoint not written: {error}")
        if self._snapshot_s and progress.seconds - self._snapshot >= self._snapshot_s:
            self._snapshot = progress.seconds
            self._export(progress)
        return progress

    def finish(self, progress: Progress, stopped_by: Optional[int]) -> None:
        """The last checkpoint and, unless stopped, the film.

        Raises InputError where the checkpoint cannot be written.
        """
        save_checkpoint(self._folder, self._session, progress)
        if stopped_by is not None:
            name = signal.Signals(stopped_by).name
            self._log.note(f"stopped by {name}; go on with --resume {self._folder}")
            return  # who stops a run does not wait for a film
        self._no_film = self._best.film()
        if self._no_film:
            self._log.note(f"warning: no film of the best policy: {self._no_film}")

    def close(self) -> None:
        """Close everything and write the report."""
        self._log.close()
        self._best.close()
        try:
            write_report(self._folder, self._title, self._no_film)
        except AmpSdkError as error:
            print(f"warning: report not written: {error}", flush=True)

    def _measure(self, progress: Progress) -> Progress:
        try:
            progress, quality = self._best.measure(progress)
        except (OSError, AmpSdkError) as error:
            self._log.note(f"warning: best policy not written: {error}")
            return progress
        try:
            self._best.record(progress, quality)
        except (OSError, AmpSdkError) as error:
            self._log.note(f"warning: evaluation not written: {error}")
        self._log.quality(progress, scalars(quality))
        return progress

    def _export(self, progress: Progress) -> None:
        name = f"{progress.seconds / 60:06.2f}min_{progress.samples}.onnx"
        contract = session_contract(self._session, progress.samples)
        policy = self._session.learner.ppo.average
        try:
            export_policy(policy, contract, self._folder / "snapshots" / name)
        except AmpSdkError as error:
            self._log.note(f"warning: snapshot not written: {error}")
