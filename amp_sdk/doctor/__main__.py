"""The command line of the doctor."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Sequence

from amp_sdk._cli import guarded, write_json
from amp_sdk.doctor import _abilities, _machine, _packages, _simulators
from amp_sdk.doctor._finding import NOTE, OK, PROBLEM, Finding

CHECKS: Sequence[Callable[[], Iterator[Finding]]] = (
    _packages.python,
    _packages.installation,
    _packages.packages,
    _abilities.kernels,
    _abilities.robots,
    _abilities.policies,
    _abilities.simulation,
    _simulators.mujoco_warp,
    _simulators.isaacgym,
    _abilities.gpu,
    _machine.machine,
    _machine.disk,
)


def diagnose(uses: Sequence[str] = ()) -> Iterator[Finding]:
    """All findings, as they are made; what one of ``uses`` needs is a problem where missing."""
    for check in CHECKS:
        for finding in check():
            if finding.level == NOTE and set(uses) & set(finding.needed_by):
                finding = dataclasses.replace(finding, level=PROBLEM)
            yield finding


def main(argv: Optional[List[str]] = None) -> int:
    """Print the findings; 1 where there is a problem."""
    parser = argparse.ArgumentParser(
        prog="python -m amp_sdk.doctor",
        description="Say what this machine can do with amp-sdk, and what is wrong with it. Exit "
        "status 1 when there is a problem; a note is something optional that is missing.",
    )
    parser.add_argument(
        "--need",
        action="append",
        choices=["train", "sim"],
        default=[],
        help="also count what this use lacks as a problem (may be repeated)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings as JSON")
    args = parser.parse_args(argv)
    findings = []
    for finding in diagnose(args.need):
        print(finding.text(), flush=True)
        findings.append(finding)
    count = {level: sum(f.level == level for f in findings) for level in (OK, NOTE, PROBLEM)}
    print(f"{count[PROBLEM]} problem(s), {count[NOTE]} note(s)")
    write_json(args.json, {"problems": count[PROBLEM], "notes": count[NOTE], "findings": findings})
    return 1 if count[PROBLEM] else 0


if __name__ == "__main__":
    sys.exit(guarded(main))
