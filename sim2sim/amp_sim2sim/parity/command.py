"""``python -m amp_sdk.sim2sim POLICY --parity RECORD``: 0 in parity, 1 not, 2 bad input."""

from __future__ import annotations

import argparse
from pathlib import Path

from amp_sdk import robots
from amp_sdk._cli import write_json
from amp_sdk.errors import InputError
from amp_sdk.policy import Policy, load_policy
from amp_sdk.rollout_record import read_record
from amp_sdk.runtime.flight_header import MAGIC
from amp_sim2sim.parity.console import print_parity
from amp_sim2sim.parity.flight import flight_parity
from amp_sim2sim.parity.identity import check_same_policy
from amp_sim2sim.parity.parity import ParityResult, training_parity

_ZIP = b"PK"


def run(args: argparse.Namespace) -> int:
    """Compare, write, print."""
    result = parity(load_policy(args.policy, complete=args.complete), args.parity)
    write_json(args.json, result)
    print_parity(result)
    return 0 if result.in_parity else 1


def parity(policy: Policy, path: Path) -> ParityResult:
    """``policy`` against the record at ``path``, a rollout of training or a flight record.

    Raises InputError where the file is neither, damaged, or of another policy.
    """
    begin = _begin(path)
    if begin.startswith(MAGIC):
        return flight_parity(policy, path)
    if not begin.startswith(_ZIP):
        raise InputError(
            f"{path} is no record; expected what 'python -m amp_sdk.test RUN --record FILE' "
            "writes, or the flight record of a control loop"
        )
    record = read_record(path)
    check_same_policy(policy.contract, record.contract, str(path))
    return training_parity(policy, robots.load(policy.contract.robot), record, str(path))


def _begin(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
