"""``python -m amp_sdk.runtime.policy_process BOARD POLICY...``: the process that runs the policies.

It attaches to the board of a running loop, arms every policy for the loop's robot, and answers
measurements until it is told to end (interrupt, SIGTERM) or something is wrong: then it says so
in one line and ends with status 1. The loop damps the robot without it.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import time
from typing import Any, Dict, Optional, Sequence

from amp_sdk import robots
from amp_sdk._cli import guarded
from amp_sdk.errors import InputError
from amp_sdk.policy import load_policy
from amp_sdk.runtime import messages
from amp_sdk.runtime.board import Board, Role
from amp_sdk.runtime.policy_worker import PolicyWorker
from amp_sdk.runtime.runner import PolicyRunner

BUSY_WAIT_S = 0.0003
"""Between two looks at the board while a policy is wanted: how late it may notice a measurement."""
IDLE_WAIT_S = 0.005


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Load, arm, run. Raises InputError (status 2) or CheckFailedError (status 1)."""
    args = _parser().parse_args(argv)
    if args.cpu is not None:
        _pin(args.cpu)
    robot = robots.load(args.robot)
    files = _completions(args.complete, len(args.policies))
    policies = [load_policy(p, complete=files.get(i)) for i, p in enumerate(args.policies)]
    runners = [PolicyRunner(policy) for policy in policies]
    board = Board.attach(args.board)
    board.claim(Role.POLICY)
    signal.signal(signal.SIGTERM, _end)
    try:
        worker = PolicyWorker(board, robot, runners)
        for number, runner in enumerate(runners):
            print(f"policy {number} is armed: {runner.policy.path}", flush=True)
        _run(worker)
    finally:
        board.release(Role.POLICY)
    return 0


def _run(worker: PolicyWorker) -> None:
    # the step leaves no cycles behind; a collection in the middle of one would only delay it
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        while True:
            wanted = worker.poll(messages.now_ns())
            time.sleep(BUSY_WAIT_S if wanted else IDLE_WAIT_S)
    except SystemExit:
        print(f"ended: {worker.steps} answers, {worker.late} late", flush=True)
    finally:
        gc.enable()


def _completions(options: Sequence[str], policies: int) -> Dict[int, str]:
    """The completing file of each slot, from ``SLOT=FILE``."""
    files: Dict[int, str] = {}
    for option in options:
        slot, sep, file = option.partition("=")
        if not (sep and file and slot.isdigit() and int(slot) < policies):
            raise InputError(
                f"--complete {option!r}: expected SLOT=FILE with a slot from 0 to {policies - 1}"
            )
        files[int(slot)] = file
    return files


def _end(*_: Any) -> None:
    raise SystemExit(0)


def _pin(cpu: int) -> None:
    if not hasattr(os, "sched_setaffinity"):
        raise InputError("--cpu: this system cannot bind a process to a CPU; leave it out")
    try:
        os.sched_setaffinity(0, {cpu})
    except (OSError, ValueError) as error:
        free = sorted(os.sched_getaffinity(0))
        raise InputError(f"--cpu {cpu}: expected one of {free}, which it may run on") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m amp_sdk.runtime.policy_process",
        description="Run policies for a loop: they answer its measurements through shared memory.",
    )
    parser.add_argument("board", metavar="BOARD", help="the name of the loop's board")
    parser.add_argument(
        "policies", metavar="POLICY", nargs="+", help="ONNX file or shipped name, for slots 0, 1..."
    )
    parser.add_argument("--robot", required=True, help=f"one of {', '.join(robots.names())}")
    parser.add_argument(
        "--complete",
        metavar="SLOT=FILE",
        action="append",
        default=[],
        help="YAML file with what the metadata of another project's policy do not say",
    )
    parser.add_argument("--cpu", type=int, help="the CPU to run on")
    return parser


if __name__ == "__main__":
    sys.exit(guarded(main))
