"""Where the time of one training iteration goes: torch's own profile of it."""

from __future__ import annotations

from pathlib import Path

from torch.profiler import ProfilerActivity, profile

from amp_sdk._files import atomic_write
from amp_training.build import Session

_ROWS = 40


def write_profile(session: Session, path: Path) -> None:
    """Profile one iteration and write its most expensive operations, on a GPU its kernels."""
    device = session.environment.backend.device
    activities, order = [ProfilerActivity.CPU], "self_cpu_time_total"
    if device.type == "cuda":
        activities, order = [*activities, ProfilerActivity.CUDA], "self_cuda_time_total"
    with profile(activities=activities) as seen:
        session.learner.iterate(0)
    head = f"{session.recipe.name}, {session.environment.num_envs} environments, {device}"
    lines = seen.key_averages().table(sort_by=order, row_limit=_ROWS)
    with atomic_write(path, binary=False) as file:
        file.write(f"{head}\n{lines}\n")
