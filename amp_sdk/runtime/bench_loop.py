"""``python -m amp_sdk.bench loop``: how late the loop is, beside the barest loop, in one run."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from amp_sdk import robots
from amp_sdk._cli import write_json
from amp_sdk._table import table
from amp_sdk.errors import CheckFailedError, InputError
from amp_sdk.runtime import messages
from amp_sdk.runtime._native import native
from amp_sdk.runtime.board import Board
from amp_sdk.runtime.configuration import loop_config
from amp_sdk.runtime.flight_start import begin_record, record_path
from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.settings import LoopSettings, SafetySettings
from amp_sdk.runtime.timing import Distribution, report_mapping, report_text
from amp_sdk.runtime.timing_picture import write_svg

LIMIT = 1.3
"""The loop's lateness is at most this many times the bare loop's."""
FIGURES = ("median_s", "p99_s", "max_s")
ROBOT = "g1_29dof"
# keeps a CPU busy for as long as the process that started it lives, however that one ends
_BUSY = """import os
os.sched_setaffinity(0, {{{cpu}}})
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(100_000):
        pass
"""


@dataclass(frozen=True)
class Measured:
    """Both loops at one rate. ``notes``: what the system did not permit."""

    rate_hz: float
    loop: Tuple[Distribution, ...]
    bare: Tuple[Distribution, ...]
    notes: Tuple[str, ...]

    def ratios(self) -> Dict[str, float]:
        """Lateness of the loop over that of the bare loop: median, p99 and max."""
        pair = [next(d for d in side if d.name == "lateness") for side in (self.loop, self.bare)]
        return {name: getattr(pair[0], name) / getattr(pair[1], name) for name in FIGURES}


def main(argv: Sequence[str]) -> int:
    """Measure, print, write JSON; with ``--check`` fail above the limit."""
    args = _parser().parse_args(argv)
    if args.seconds < 2 * args.slice or args.slice <= 0.0:
        raise InputError(
            f"--seconds {args.seconds:g} --slice {args.slice:g}: expected at least two slices"
        )
    cpu = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    with _load(cpu if args.load else None):
        results = [measure(rate, args.seconds, args.slice, cpu) for rate in args.rates]
    for result in results:
        print(_text(result))
        if args.svg is not None:
            name = args.svg.with_name(f"{args.svg.stem}_{result.rate_hz:g}hz.svg")
            sides = {"loop": result.loop, "bare loop": result.bare}
            shown = [replace(d, name=f"{k}: {d.name}") for k, side in sides.items() for d in side]
            write_svg(name, shown, f"{ROBOT}, {result.rate_hz:g} Hz")
    worst = max(max(result.ratios().values()) for result in results)
    write_json(args.json, _mapping(results, args, worst))
    if args.check and not worst <= LIMIT:
        raise CheckFailedError(
            f"the loop's lateness is up to {worst:.2f} times the bare loop's, limit {LIMIT:g}"
        )
    return 0


def _parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(prog="python -m amp_sdk.bench loop", description=__doc__)
    add = result.add_argument
    add("--seconds", type=float, default=60.0, help="for each loop and rate; default: 60")
    add("--slice", type=float, default=2.0, help="seconds until the other loop's turn; default: 2")
    add("--rates", type=float, nargs="+", default=[500.0, 1000.0], metavar="HZ")
    add("--load", action="store_true", help="keep all other CPUs busy")
    add("--check", action="store_true", help="exit 1 when the limit is missed")
    add("--json", metavar="FILE")
    add("--svg", type=Path, metavar="FILE", help="histograms as pictures, one for each rate")
    return result


def measure(rate_hz: float, seconds: float, slice_s: float, cpu: Optional[int]) -> Measured:
    """Both loops in turn, with the same scheduling, on the same CPU.

    The loop drives a mock robot, which stands, and records every tick. Raises InputError for a rate
    outside the loop's range.
    """
    # a stall must not change what the loop does, only how late it is
    patient = SafetySettings(
        state_timeout_s=1e3,
        frozen_timeout_s=1e3,
        state_loss_time_s=1e3,
        deadman_timeout_s=0.0,
        overrun_timeout_s=1e3,
    )
    settings = LoopSettings(
        driver="mock",
        period_s=1.0 / rate_hz,
        cpu=cpu,
        lock_memory=False,  # that of all of Python, which is not measured
        stand_time_s=0.2,
        damp_time_s=0.0,  # as many ticks as the bare loop
        safety=patient,
    )
    boards: Dict[str, List[Board]] = {"loop": [], "bare": []}
    with tempfile.TemporaryDirectory(prefix="amp-bench-") as folder:
        for i in range(max(1, round(seconds / slice_s))):
            record = Path(folder) / f"{i}.flight"
            boards["loop"].append(_run_loop(settings, record, slice_s))
            record.unlink()
            board = _board(settings, None)
            native().bare_loop(board.native, slice_s)
            boards["bare"].append(board)
    notes = {note for side in boards.values() for board in side for note in board.notes}
    return Measured(rate_hz, _timing(boards["loop"]), _timing(boards["bare"]), tuple(sorted(notes)))


def _run_loop(settings: LoopSettings, record: Path, seconds: float) -> Board:
    begin_record(record, robots.load(ROBOT), (), settings.period_s)
    board = _board(settings, record)
    thread = native().LoopThread(board.native)
    try:
        operator = messages.new(messages.OPERATOR)
        # down first, as the controller demands of an operator, then up
        for number, mode in enumerate((Mode.DAMP, Mode.STAND), start=1):
            operator["sequence"], operator["requested_mode"] = number, mode
            operator["time_ns"] = operator["deadman_ns"] = messages.now_ns()
            board.write_operator_input(operator)
            time.sleep(0.1 if mode is Mode.DAMP else seconds - 0.1)
    finally:
        thread.stop()
    return board


def _board(settings: LoopSettings, record: Optional[Path]) -> Board:
    config = loop_config(robots.load(ROBOT), (), settings)
    config["record_path"] = b"" if record is None else record_path(record)
    return Board.local(config)


def _timing(boards: Sequence[Board]) -> Tuple[Distribution, ...]:
    names = ("period", "lateness", "compute")
    return tuple(
        Distribution.of_histograms(name, [getattr(b.native, name) for b in boards])
        for name in names
    )


@contextlib.contextmanager
def _load(loop_cpu: Optional[int]) -> Iterator[None]:
    """A process that is always busy on each CPU but the loop's; none without ``loop_cpu``."""
    busy: List[Any] = []
    try:
        for cpu in sorted(os.sched_getaffinity(0)) if loop_cpu is not None else ():
            if cpu != loop_cpu:
                code = _BUSY.format(cpu=cpu)
                busy.append(subprocess.Popen([sys.executable, "-c", code]))
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def _text(result: Measured) -> str:
    ratios = result.ratios()
    rows = []
    for name, side in (("loop", result.loop), ("bare loop", result.bare)):
        d = next(d for d in side if d.name == "lateness")
        rows.append([name, str(d.count), *(f"{getattr(d, f) * 1e6:.1f}" for f in FIGURES)])
    rows.append(["ratio", "", *(f"{ratios[f]:.2f}" for f in FIGURES)])
    head = [f"{result.rate_hz:g} Hz: lateness in us", "ticks", "median", "p99", "max"]
    lines = [f"note: {note}" for note in result.notes]
    parts = [*lines, table(head, rows), "", report_text(result.loop), ""]
    return "\n".join(parts)


def _mapping(results: Sequence[Measured], args: argparse.Namespace, worst: float) -> Any:
    rates = [
        {
            "rate_hz": r.rate_hz,
            "loop": report_mapping(r.loop),
            "bare": report_mapping(r.bare),
            "lateness_ratios": r.ratios(),
            "notes": r.notes,
        }
        for r in results
    ]
    how = {"robot": ROBOT, "seconds": args.seconds, "slice_s": args.slice, "load": args.load}
    verdict = {"worst_ratio": worst, "limit": LIMIT, "passed": worst <= LIMIT}
    return {**how, "rates": rates, **verdict}
