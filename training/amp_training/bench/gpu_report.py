"""``python -m amp_training.bench.gpu_report FOLDER``: what ``training/gpu_bench.sh`` found.

A line for each demand, whether it is met, missed or was not measured. Exit status 1 where one is
missed.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from amp_sdk._cli import guarded
from amp_sdk.errors import InputError

COLLECTION, MJLAB = 0.7, 1.3
_ROBOTS = ("go2", "g1")
_HOST_BOUND = 0.9


@dataclass(frozen=True)
class Line:
    """A demand: ``met`` is None where it was not measured, or where nothing is demanded."""

    what: str
    found: str
    met: Optional[bool] = None

    def __str__(self) -> str:
        verdict = {True: "met", False: "MISSED", None: "-"}[self.met]
        return f"{verdict:7}{self.what}: {self.found}"


def lines(folder: Path) -> List[Line]:
    """Everything that ``folder`` says."""
    found = [*_steps(folder)]
    for robot in _ROBOTS:
        found += _throughput(robot, _json(folder / f"{robot}.json"))
    for robot in _ROBOTS:
        found.append(_learned(robot, folder / f"{robot}_run" / "progress.csv"))
        found.append(_verified(robot, _json(folder / f"{robot}_sim2sim.json")))
    return found


def _steps(folder: Path) -> Iterator[Line]:
    """The script's own steps, which are done or not."""
    path = folder / "steps.txt"
    if not path.is_file():
        raise InputError(f"{folder} has no steps.txt: it is not a folder of training/gpu_bench.sh")
    for row in path.read_text(encoding="utf-8").splitlines():
        name, status = row.split(maxsplit=1)
        ran = ("0", "1") if name.startswith("sim2sim") else ("0",)  # 1 is its verdict, see below
        met = None if status.startswith("left out") else status in ran
        found = {True: "done", False: f"exit status {status}", None: status}[met]
        yield Line(f"step {name}", found, met)


def _throughput(robot: str, content: Optional[Dict[str, Any]]) -> Iterator[Line]:
    if content is None:
        yield Line(f"{robot} throughput", "not measured")
        return
    theirs = {row["num_envs"]: row["samples_per_s"] for row in content["mjlab"]}
    for f in content["figures"]:
        where = f"{f['robot']}, {f['num_envs']} environments on {f['device']}"
        ratio = f["collection_ratio"]
        speed = f"{f['collection_steps_per_s']:.0f} of {f['bare_steps_per_s']:.0f} steps/s"
        text = f"{ratio:.2f} of bare physics ({speed}; at least {COLLECTION})"
        yield Line(f"collection, {where}", text, ratio >= COLLECTION)
        yield _host(where, f["host_share"])
        ours = f["whole_samples_per_s"]
        text = f"{ours:.0f} samples/s, {f['times_bare']:.2f} times the bare parts"
        if f["num_envs"] in theirs:
            share = ours / theirs[f["num_envs"]]
            text += f", {share:.2f} times mjlab's (at least {MJLAB})"
            yield Line(f"whole training, {where}", text, share >= MJLAB)
        else:
            yield Line(f"whole training, {where}", f"{text}; mjlab not measured")


def _host(where: str, share: Optional[float]) -> Line:
    """Whether capturing the whole control step as one CUDA graph would pay."""
    what = f"CUDA graph of the whole control step, {where}"
    if share is None:
        return Line(what, "not measured: no GPU")
    pays = "would pay: the GPU waits for it" if share >= _HOST_BOUND else "would not pay"
    return Line(what, f"{pays} (the host takes {share:.2f} of collection's time)")


def _learned(robot: str, path: Path) -> Line:
    """Where the learning curve ended."""
    if not path.is_file():
        return Line(f"{robot} learning", "not measured")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        return Line(f"{robot} learning", "no iteration", False)
    last = rows[-1]
    numbers = (f"{name} {float(last[name]):.3g}" for name in ("reward/task", "reward/style"))
    minutes = float(last["seconds"]) / 60.0
    text = f"{int(last['samples']):,} samples in {minutes:.1f} min, {', '.join(numbers)}"
    return Line(f"{robot} learning", f"{text}; curve: {path.with_name('report.html')}")


def _verified(robot: str, content: Optional[Dict[str, Any]]) -> Line:
    if content is None:
        return Line(f"{robot} in sim2sim", "not measured")
    passed = bool(content["passed"])
    return Line(f"{robot} in sim2sim", "passed" if passed else "failed", passed)


def _json(path: Path) -> Optional[Dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def main(argv: Optional[List[str]] = None) -> int:
    """Print the lines."""
    p = argparse.ArgumentParser(prog="python -m amp_training.bench.gpu_report")
    p.add_argument("folder", type=Path)
    p.add_argument("--steps-only", action="store_true", help="only steps count: a dry run")
    args = p.parse_args(argv)
    found = lines(args.folder)
    print("\n".join(str(line) for line in found))
    counted = [line for line in found if not args.steps_only or line.what.startswith("step ")]
    return 1 if any(line.met is False for line in counted) else 0


if __name__ == "__main__":
    sys.exit(guarded(main))
