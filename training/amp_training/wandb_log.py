"""The figures of a run on Weights & Biases, for who asks for it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Dict

from amp_sdk.config import to_mapping
from amp_sdk.errors import InputError
from amp_training.config import Recipe


def check_installed() -> Any:
    """The package ``wandb``. Raises InputError where it is missing."""
    try:
        return importlib.import_module("wandb")
    except ImportError as error:
        raise InputError(
            f"--wandb needs the package wandb ({error}); pip install 'amp-sdk[wandb]'"
        ) from error


class WandbLog:
    """One run of the project ``project``, named after its folder; a resumed run goes on in it.

    ``WANDB_MODE=offline`` keeps it in the folder, as wandb itself has it. Raises InputError where
    it cannot begin.
    """

    def __init__(self, project: str, folder: Path, recipe: Recipe) -> None:
        wandb = check_installed()
        name = folder.resolve().name
        try:
            self._run = wandb.init(
                project=project,
                name=name,
                id=name,
                resume="allow",
                dir=str(folder),
                config=to_mapping(recipe),
            )
        except Exception as error:  # wandb's own errors, of the network too
            raise InputError(
                f"wandb cannot begin a run of {project!r}: {error}; log in (wandb login), or set "
                "WANDB_MODE=offline"
            ) from error

    def write(self, samples: int, values: Dict[str, float]) -> None:
        """Figures at ``samples`` environment steps."""
        self._run.log({"samples": samples, **values})

    def close(self) -> None:
        """End the run; safe to call twice."""
        self._run.finish()
