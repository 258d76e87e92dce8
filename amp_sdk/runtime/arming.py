"""May this policy drive this robot? Asked once more, right before it does."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Sequence

from amp_sdk.contract import SCHEMA_VERSION, check_robot
from amp_sdk.errors import InputError
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec


def check_armable(
    policy: Policy, robot: RobotSpec, joint_names: Sequence[str], tick_s: float
) -> None:
    """Raise InputError, with everything that is wrong, unless ``policy`` may drive ``robot``.

    Checked: the policy's files are those that were loaded; its schema; robot, variant, joint names
    and limits (``contract.check_robot``); ``joint_names`` of the loop are the contract's, in its
    order; the control period is a whole number of the loop's ticks of ``tick_s`` seconds.
    """
    for source in policy.sources:
        _check_unchanged(source.path, source.sha256)
    contract = policy.contract
    if contract.schema_version != SCHEMA_VERSION:
        raise InputError(
            f"{policy.path}: contract schema {contract.schema_version!r}; expected "
            f"{SCHEMA_VERSION}; export the policy again"
        )
    check_robot(contract, robot)
    if tuple(joint_names) != contract.joint_names:
        pairs = zip(contract.joint_names, joint_names)
        i = next((i for i, (ours, theirs) in enumerate(pairs) if ours != theirs), None)
        where = "" if i is None else f"; at position {i}: {joint_names[i]!r}"
        raise InputError(
            f"{policy.path}: the loop has {len(joint_names)} joints, expected the contract's "
            f"{contract.action_dim} in its order{where}; start the loop for this policy's robot"
        )
    check_period(contract.control_period_s, tick_s, policy.path)


def check_period(period_s: float, tick_s: float, where: str) -> None:
    """Raise InputError unless ``period_s`` is a whole number of ticks of ``tick_s``."""
    ticks = round(period_s / tick_s) if tick_s > 0.0 else 0
    if ticks < 1 or abs(ticks * tick_s - period_s) > 1e-6 * period_s:
        raise InputError(
            f"{where}: the policy's control period is {period_s!r} s; expected a whole number of "
            f"the loop's ticks of {tick_s!r} s; choose another rate of the loop"
        )


def _check_unchanged(path: str, sha256: str) -> None:
    try:
        found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(
            f"{path} can no longer be read ({error.strerror or error}), so it cannot be compared "
            "with what was loaded; restore it and load the policy again"
        ) from error
    if found != sha256:
        raise InputError(
            f"{path} has changed since it was loaded (SHA-256 {found[:12]}, loaded {sha256[:12]}); "
            "it may be damaged; copy or export it again, then load it again"
        )
