"""Keep the best policy of a run by what is measured, and a record of the measurements."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Dict, Tuple

from amp_training.build import Session
from amp_training.checkpoint import Progress, save_best
from amp_training.film import FILM, MOTION, make_film, save_motion
from amp_training.progress_file import ProgressFile
from amp_training.quality import Evaluator, Quality

RECORD = "evaluation.csv"


class BestPolicy:
    """Measures a session's policy where it is due; ``folder`` gets the record and the best."""

    def __init__(self, folder: Path, session: Session, progress: Progress) -> None:
        self._folder, self._session = folder, session
        self._config = session.recipe.evaluation
        self._evaluator = None
        if self._config.period_samples is not None:
            self._evaluator = Evaluator(session.recipe, str(session.generator.device))
        self._record = ProgressFile(folder / RECORD, progress.iterations)

    def due(self, before: Progress, after: Progress) -> bool:
        """Whether a measurement is due between two moments."""
        return self._evaluator is not None and self._config.due(before.samples, after.samples)

    def measure(self, progress: Progress) -> Tuple[Progress, Quality]:
        """Measure, and keep the policy if none was better; progress with the best cost.

        Raises OSError or InputError where the policy could not be kept: the former best one is.
        """
        assert self._evaluator is not None
        quality = self._evaluator.measure(self._session.learner.ppo.average)
        if progress.best_cost is None or quality.cost <= progress.best_cost:
            progress = dataclasses.replace(progress, best_cost=quality.cost)
            save_best(self._folder, self._session, progress)
        return progress, quality

    def record(self, progress: Progress, quality: Quality) -> None:
        """Write down what ``measure`` returned, and the motion of a policy that it kept.

        Apart from it, so that no failure here loses the best cost. Raises OSError, InputError.
        """
        try:
            if quality.cost == progress.best_cost:
                self._keep_motion()
        finally:
            row = {"iteration": progress.iterations, "samples": progress.samples}
            self._record.write({**row, **scalars(quality)})

    def _keep_motion(self) -> None:
        """What the best policy did, to be filmed, in place of the former one's."""
        for name in (MOTION, FILM):
            (self._folder / name).unlink(missing_ok=True)
        track = self._evaluator.track if self._evaluator is not None else None
        if track is not None:
            period_s = self._session.recipe.simulation.control_period_s
            save_motion(self._folder / MOTION, track, period_s)

    def film(self) -> str:
        """Make a film of the best policy where there is a newer one than filmed; returns why there
        is none, or an empty text."""
        motion, film = self._folder / MOTION, self._folder / FILM
        if not motion.exists():
            return ""
        if film.exists() and film.stat().st_mtime >= motion.stat().st_mtime:
            return ""
        return make_film(motion, film, self._session.interface.robot.name)

    def close(self) -> None:
        """Close the record."""
        self._record.close()


def scalars(quality: Quality) -> Dict[str, float]:
    """Named figures; those that could not be measured are NaN."""

    def number(value: object) -> float:
        return float(value) if isinstance(value, float) else float("nan")

    motion = dataclasses.asdict(quality.motion)
    return {
        "quality/fall_share": quality.fall_share,
        "quality/speed_error_m_s": number(quality.speed_error_m_s),
        **{f"quality/{name}": number(value) for name, value in motion.items()},
        "quality/cost": quality.cost,
    }
