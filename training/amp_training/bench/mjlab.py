"""Training of mjlab beside ours: the same environments, horizon, layers, epochs and minibatches.

mjlab 1.6 needs MuJoCo 3.11 and cannot share an environment with MuJoCo 4, so it runs with the
Python of its own. Its task is the closest one, not the same one: it has no discriminator.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict

from amp_sdk.errors import InputError
from amp_training.config import PpoConfig


@dataclass(frozen=True)
class MjlabFigures:
    """The median over iterations, in environment steps a second of whole training."""

    task: str
    version: str
    num_envs: int
    samples_per_s: float


def measure(
    python: Path, task: str, ppo: PpoConfig, num_envs: int, iterations: int, device: str
) -> MjlabFigures:
    """Train ``task`` for some iterations with the mjlab of ``python``. Raises InputError."""
    worker = Path(__file__).with_name("mjlab_worker.py")
    with tempfile.TemporaryDirectory() as folder:
        options: Dict[str, Any] = {
            "task": task,
            "num_envs": num_envs,
            "horizon": ppo.horizon,
            "actor": ppo.actor_hidden,
            "critic": ppo.critic_hidden,
            "epochs": ppo.epochs,
            "minibatches": ppo.minibatches,
            "iterations": iterations,
            "device": device,
            "folder": folder,
        }
        command = [str(python), str(worker), json.dumps(options)]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except OSError as error:
            raise InputError(f"--mjlab-python {python}: {error.strerror}") from error
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise InputError(f"{python} could not train mjlab's {task}: {reason}")
    result = json.loads(lines[-1])
    seconds = statistics.median(result["seconds"])
    return MjlabFigures(task, result["version"], num_envs, num_envs * ppo.horizon / seconds)
