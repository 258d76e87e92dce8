"""One line of the doctor's report, and how probes run."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

OK, NOTE, PROBLEM = "ok", "note", "problem"
PROBE_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found and, unless it is fine, what was expected and helps.

    ``level`` is "ok", "note" (something optional is missing) or "problem". ``needed_by`` names the
    uses ("run", "train", "sim") for which a note is a problem.
    """

    what: str
    found: str
    level: str = OK
    expected: str = ""
    advice: str = ""
    needed_by: Tuple[str, ...] = ()

    def text(self) -> str:
        """The finding for a person: one line, and one more each for ``expected`` and ``advice``."""
        lines = [f"{self.level:<8} {self.what:<24} {self.found}"]
        if self.level != OK:
            lines += [f"{'':<8} {'':<24} expected: {self.expected}"] if self.expected else []
            lines += [f"{'':<8} {'':<24} do: {self.advice}"] if self.advice else []
        return "\n".join(lines)


def run_command(
    command: List[str], environment: Optional[Dict[str, str]] = None
) -> Tuple[bool, str]:
    """Whether ``command`` succeeded, and its output, or the last line of its complaint."""
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            env={**os.environ, **(environment or {})},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {PROBE_TIMEOUT_S:.0f} s"
    except OSError as error:
        return False, error.strerror or str(error)
    if result.returncode == 0:
        return True, result.stdout.decode(errors="replace").strip()
    complaint = result.stderr.decode(errors="replace").strip().splitlines()
    status = f"exit status {result.returncode}"
    if result.returncode < 0:
        status = f"killed by signal {-result.returncode}"
    return False, complaint[-1] if complaint else status


def probe(code: str, environment: Optional[Dict[str, str]] = None) -> Tuple[bool, str]:
    """Run Python code in a process of its own: a broken library may crash or hang it."""
    return run_command([sys.executable, "-c", code], environment)
