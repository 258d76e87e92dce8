"""The figures of a run on Weights & Biases, for who asks for it."""

from __future__ import annotations

import importlib
import secrets
from pathlib import Path
from typing import Any, Dict, Optional

from amp_sdk._files import atomic_write
from amp_sdk.config import to_mapping
from amp_sdk.errors import InputError
from amp_training.config import Recipe

ID = "wandb_id.txt"
"""In the run's folder: the run that a resumed training goes on in."""


def check_installed() -> Any:
    """The package ``wandb``. Raises InputError where it is missing."""
    try:
        return importlib.import_module("wandb")
    except ImportError as error:
        raise InputError(
            f"--wandb needs the package wandb ({error}); pip install 'amp-sdk[wandb]'"
        ) from error


class WandbLog:
    """One run of the project ``project``, named after its folder; a training that ``goes_on`` takes
    up the run that it began there.

    ``WANDB_MODE=offline`` keeps it in the folder, as wandb itself has it. Raises InputError where
    it cannot begin; a failure afterwards ends the logging, not the training.
    """

    def __init__(self, project: str, folder: Path, recipe: Recipe, goes_on: bool) -> None:
        wandb = check_installed()
        known = _known_id(folder) if goes_on else None
        run_id = known or secrets.token_hex(8)
        try:
            self._run: Any = wandb.init(
                project=project,
                name=folder.resolve().name,
                id=run_id,
                resume="allow" if known else "never",
                dir=str(folder),
                config=to_mapping(recipe),
            )
            self._run.define_metric("samples")
            self._run.define_metric("*", step_metric="samples")
        except Exception as error:  # wandb's own errors, of the network too
            raise InputError(
                f"wandb cannot begin a run of {project!r}: {error}; log in (wandb login), or set "
                "WANDB_MODE=offline"
            ) from error

        self._failed = False
        if not known:
            with atomic_write(folder / ID, binary=False) as file:
                file.write(f"{run_id}\n")

    def write(self, samples: int, values: Dict[str, float]) -> str:
        """Figures at ``samples`` environment steps; why there will be no more, said once, or an
        empty text."""
        if self._failed:
            return ""
        try:
            self._run.log({"samples": samples, **values})
        except Exception as error:  # wandb's own errors, of the network too
            return self._fail(error)
        return ""

    def close(self) -> str:
        """End the run; returns what ``write`` does. Safe to call twice."""
        run, self._run = self._run, None
        if run is None:
            return ""
        try:
            run.finish()
        except Exception as error:
            return "" if self._failed else self._fail(error)
        return ""

    def _fail(self, error: Exception) -> str:
        self._failed = True
        return " ".join(str(error).split()) or type(error).__name__


def _known_id(folder: Path) -> Optional[str]:
    """The id of the run that was begun in ``folder``, if one was."""
    try:
        return (folder / ID).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
