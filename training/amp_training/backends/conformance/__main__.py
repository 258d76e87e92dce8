"""The command line of the conformance checks."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from amp_sdk._cli import guarded, write_json
from amp_sdk.config import to_mapping
from amp_training.backends.conformance import CASES
from amp_training.backends.registry import NAMES, resolve_device

Row = Dict[str, Any]
"""A measurement and its verdict, as in the JSON file."""


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = argparse.ArgumentParser(
        prog="python -m amp_training.backends.conformance",
        description="Check a simulator backend against its contract, number by number. Exit "
        "status 1 when a check fails.",
    )
    p.add_argument("--backend", choices=NAMES, required=True)
    p.add_argument("--device", metavar="DEVICE", help="cpu, cuda, cuda:N (default: a GPU if any)")
    p.add_argument("--check", choices=sorted(CASES), action="append", help="only this (repeatable)")
    p.add_argument("--json", type=Path, metavar="FILE", help="write every measurement as JSON")
    return p


def main(argv: Optional[List[str]] = None) -> int:
    """Run the checks; see ``parser``."""
    args = parser().parse_args(argv)
    resolve_device(args.backend, args.device)
    names = args.check or list(CASES)
    results = {}
    for name in names:
        if len(names) == 1:
            results[name] = _run(name, args.backend, args.device)
        else:
            results[name] = _run_apart(name, args.backend, args.device)
    failed = [name for name in names if not _passed(results[name])]
    print(f"{len(names) - len(failed)} of {len(names)} checks passed on {args.backend}")
    if failed:
        print(f"failed: {', '.join(failed)}")
    write_json(args.json, {"backend": args.backend, "failed": failed, "checks": results})
    return 1 if failed else 0


def _run(name: str, backend: str, device: Optional[str]) -> List[Row]:
    """Run one check, print its measurements and return them."""
    rows: List[Row] = []
    for m in CASES[name].run(backend, device):
        rows.append({**to_mapping(m), "passed": m.passed})
        verdict = "ok  " if m.passed else "FAIL"
        print(f"{verdict} {name}: {m.name}: {m.found:.5g} ({m.expected:.5g} +- {m.tolerance:.2g})")
    return rows


def _run_apart(name: str, backend: str, device: Optional[str]) -> List[Row]:
    """Run one check in a process of its own: Isaac Gym makes one simulation in a process, and the
    crash of one check must not end the others. Returns no row where the process broke off."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", __spec__.name.rpartition(".")[0], "--backend", backend]
        command += ["--check", name, "--json", str(result)]
        command += [] if device is None else ["--device", device]
        sys.stdout.flush()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        lines = done.stdout.splitlines()
        print("\n".join(line for line in lines if f" {name}: " in line), flush=True)
        if not result.is_file():
            print(f"FAIL {name}: the process ended with status {done.returncode}", flush=True)
            return []
        return json.loads(result.read_text(encoding="utf-8"))["checks"][name]


def _passed(rows: List[Row]) -> bool:
    return bool(rows) and all(bool(row["passed"]) for row in rows)


if __name__ == "__main__":
    sys.exit(guarded(main))
