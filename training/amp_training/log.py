"""What training shows: a live view on a terminal, plain lines elsewhere, CSV and TensorBoard."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Dict, Optional

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from torch.utils.tensorboard import SummaryWriter

from amp_sdk.errors import AmpSdkError
from amp_training.checkpoint import Progress
from amp_training.learner import IterationStats
from amp_training.progress_file import NAME, ProgressFile
from amp_training.wandb_log import WandbLog

PLAIN_PERIOD_S = 5.0


def scalars(stats: IterationStats, throughput: float) -> Dict[str, float]:
    """Named figures of one iteration, as they go to CSV and TensorBoard."""
    return {
        "reward/style": stats.style_reward,
        "reward/task": stats.task_reward,
        "reward/style_weighted": stats.shares.style,
        "reward/task_weighted": stats.shares.task,
        "reward/style_share": stats.shares.style_share,
        "episode/falls_per_s": stats.falls_per_s,
        "policy/std": stats.std,
        "policy/entropy": stats.ppo.entropy,
        "policy/kl": stats.ppo.kl,
        "policy/learning_rate": stats.ppo.learning_rate,
        "policy/asymmetry": stats.ppo.symmetry,
        "policy/surrogate": stats.ppo.policy_loss,
        "value/loss": stats.ppo.value_loss,
        "value/explained": stats.value_explained,
        "discriminator/loss": stats.prior.loss,
        "discriminator/applied_share": stats.prior.applied_share,
        "discriminator/policy_logit": stats.prior.policy_logit,
        "discriminator/demo_logit": stats.prior.demo_logit,
        "discriminator/accuracy": stats.prior.accuracy,
        "time/samples_per_s": throughput,
        "time/collect_s": stats.collect_s,
        "time/learn_s": stats.learn_s,
    }


class TrainingLog:
    """Writes every iteration to ``progress.csv`` and TensorBoard, and shows it to a person."""

    def __init__(
        self, folder: Path, title: str, progress: Progress, wandb: Optional[WandbLog] = None
    ) -> None:
        self._wandb = wandb
        # what an interrupted run wrote after its last checkpoint is written again
        purge = progress.samples + 1 if progress.samples else None
        self._writer = SummaryWriter(str(folder / "tensorboard"), purge_step=purge)
        self._progress = ProgressFile(folder / NAME, progress.iterations)
        self._title = title
        self._lost = False
        self._printed_s = float("-inf")
        console = Console()
        self._live = Live(console=console, refresh_per_second=4) if console.is_terminal else None
        if self._live is not None:
            self._live.start()

    def write(
        self,
        progress: Progress,
        stats: IterationStats,
        throughput: float,
        share: float,
        eta_s: float,
    ) -> None:
        """Record one iteration; ``share`` of the run is done, ``eta_s`` is left."""
        values = scalars(stats, throughput)
        try:
            self._record(progress, values)
        except (OSError, AmpSdkError) as error:
            if not self._lost:
                self._lost = True
                self.note(f"warning: the log is not written any more: {error}")
        if self._wandb is not None:
            self._note_wandb(self._wandb.write(progress.samples, values))
        if self._live is not None:
            self._live.update(self._view(progress, values, share, eta_s))
        elif progress.seconds - self._printed_s >= PLAIN_PERIOD_S or share >= 1.0:
            self._printed_s = progress.seconds
            print(_line(progress, values, share, eta_s), flush=True)

    def _record(self, progress: Progress, values: Dict[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, progress.samples)
        row = {
            "iteration": progress.iterations,
            "samples": progress.samples,
            "seconds": round(progress.seconds, 3),
            **values,
        }
        self._progress.write(row)

    def quality(self, progress: Progress, values: Dict[str, float]) -> None:
        """Record an evaluation."""
        finite = {name: value for name, value in values.items() if math.isfinite(value)}
        for name, value in finite.items():
            self._writer.add_scalar(name, value, progress.samples)
        if self._wandb is not None:
            self._note_wandb(self._wandb.write(progress.samples, finite))
        self.note(
            f"evaluated at {progress.samples:,} samples: "
            f"falls {values['quality/fall_share']:.0%}, "
            f"speed error {values['quality/speed_error_m_s']:.2f} m/s, "
            f"joint error {values['quality/joint_error_rad']:.3f} rad, "
            f"pose error {values['quality/pose_error_m']:.4f} m"
        )

    def note(self, text: str) -> None:
        """One line for the person, above the live view."""
        if self._live is not None:
            self._live.console.print(text, highlight=False)
        else:
            print(text, flush=True)

    def close(self) -> None:
        """Flush everything; safe to call twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._writer.close()
        self._progress.close()
        if self._wandb is not None:
            self._note_wandb(self._wandb.close())
        sys.stdout.flush()

    def _note_wandb(self, why: str) -> None:
        if why:
            self.note(f"warning: nothing is logged to wandb any more: {why}")

    def _view(
        self, progress: Progress, values: Dict[str, float], share: float, eta_s: float
    ) -> Group:
        table = Table(title=self._title, show_header=False, min_width=64)
        table.add_column(style="bold")
        table.add_column(justify="right")
        table.add_row("time", f"{_clock(progress.seconds)} (left {_clock(eta_s)})")
        table.add_row("samples", f"{progress.samples:,}")
        table.add_row("throughput", f"{values['time/samples_per_s']:,.0f} samples/s")
        table.add_row("task reward", f"{values['reward/task']:.3f} of 1")
        table.add_row("style reward", f"{values['reward/style']:.3f}")
        table.add_row("style share of the reward", f"{values['reward/style_share']:.0%}")
        table.add_row("falls a robot and second", f"{values['episode/falls_per_s']:.3f}")
        table.add_row("discriminator accuracy", f"{values['discriminator/accuracy']:.0%}")
        table.add_row("action noise", f"{values['policy/std']:.3f}")
        return Group(table, ProgressBar(total=1.0, completed=min(1.0, share), width=64))


def _line(progress: Progress, values: Dict[str, float], share: float, eta_s: float) -> str:
    return (
        f"{share:4.0%} {_clock(progress.seconds)} {progress.samples:>11,} samples "
        f"{values['time/samples_per_s']:>7,.0f}/s  task {values['reward/task']:.3f}  "
        f"style {values['reward/style']:.3f} ({values['reward/style_share']:.0%})  "
        f"falls/s {values['episode/falls_per_s']:.3f}  "
        f"disc {values['discriminator/accuracy']:.0%}  std {values['policy/std']:.2f}  "
        f"left {_clock(eta_s)}"
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    return f"{minutes:d}:{rest:02d}"
