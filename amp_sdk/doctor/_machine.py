"""Cores, memory and disk."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from pathlib import Path
from typing import Iterator, Optional

from amp_sdk.doctor._finding import NOTE, PROBLEM, Finding

GIB = 2**30
_LEAST_MEMORY_GIB = 2.0
_LEAST_DISK_GIB = 1.0


def machine() -> Iterator[Finding]:
    """The processor, the cores this process may use and the memory."""
    cores = _cores()
    found = f"{cores:g} core(s) for this process, of {os.cpu_count()}; {platform.machine()}"
    limit = os.environ.get("OMP_NUM_THREADS")
    if limit:
        found += f"; OMP_NUM_THREADS={limit} limits torch"
    if cores < 2:
        yield Finding("processor", found, NOTE, "2 or more to train on the CPU", "use more cores")
    else:
        yield Finding("processor", found)
    free = _memory()
    if free is None:
        return
    if free < _LEAST_MEMORY_GIB * GIB:
        advice = "close other programs, or train with fewer --num-envs"
        expected = f"{_LEAST_MEMORY_GIB:g} GiB to train"
        yield Finding("memory", f"{free / GIB:.1f} GiB free", NOTE, expected, advice)
    else:
        yield Finding("memory", f"{free / GIB:.1f} GiB free")


def disk() -> Iterator[Finding]:
    """Space in this folder, where runs are written, and in the temporary folder."""
    for what, folder in (("this folder", Path.cwd()), ("temporary", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(str(folder)).free
        found = f"{free / GIB:.1f} GiB free in {folder}"
        if not os.access(str(folder), os.W_OK):
            advice = "go to a folder of yours, or give --out a folder"
            yield Finding(f"disk, {what}", f"{folder} is read-only", NOTE, "write access", advice)
        elif free < _LEAST_DISK_GIB * GIB:
            expected, advice = f"{_LEAST_DISK_GIB:g} GiB for runs", "free space, or choose --out"
            yield Finding(f"disk, {what}", found, PROBLEM, expected, advice)
        else:
            yield Finding(f"disk, {what}", found)


def _cores() -> float:
    """Cores by affinity and, in a container, by its quota."""
    try:
        cores = float(len(os.sched_getaffinity(0)))
    except AttributeError:  # not on macOS
        cores = float(os.cpu_count() or 1)
    quota = _first_line("/sys/fs/cgroup/cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit() and quota[1].isdigit():
        cores = min(cores, round(int(quota[0]) / int(quota[1]), 1))
    return cores


def _memory() -> Optional[float]:
    """Free bytes of memory, with a container's limit; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    free = next((1024.0 * int(x.split()[1]) for x in lines if x.startswith("MemAvailable")), None)
    limit = _first_line("/sys/fs/cgroup/memory.max")
    used = _first_line("/sys/fs/cgroup/memory.current")
    if free is not None and limit.isdigit() and used.isdigit():
        free = min(free, float(limit) - float(used))
    return free


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
