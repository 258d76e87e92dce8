"""A network namespace of its own for a test, whose loopback interface has multicast."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_UP = 'ip link set lo up multicast on && exec "$@"'


def namespace() -> list[str]:
    """The command before a command that makes it run there; skips where the system refuses."""
    for tool in ("unshare", "ip"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs the program {tool} (Debian: apt install util-linux iproute2)")
    prefix = ["unshare", "-n" if os.geteuid() == 0 else "-rn", "sh", "-c", _UP, "sh"]
    tried = subprocess.run([*prefix, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no network namespace here: {tried.stderr.strip()}")
    return prefix


def need_dds() -> None:
    """Skips where the package was built without CycloneDDS."""
    if importlib.util.find_spec("amp_sdk._dds") is None:
        pytest.skip("built without CycloneDDS (apt install cyclonedds-dev cyclonedds-tools)")


def run_there(script: str, *arguments: str, timeout_s: float = 600.0) -> Any:
    """Run a script of this folder in a namespace of its own; returns its last line, as JSON."""
    need_dds()
    file = Path(__file__).with_name(script)
    done = subprocess.run(
        [*namespace(), sys.executable, str(file), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])
