"""Beginning a flight record: who runs what on which machine, and the layout of its records."""

from __future__ import annotations

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Sequence, Tuple, Union

import amp_sdk
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime._native import native
from amp_sdk.runtime.flight_header import Field, Header, RecordedPolicy, write_header


def begin_record(
    path: Union[str, Path],
    robot: RobotSpec,
    policies: Sequence[Union[Policy, PolicyContract]],
    loop_period_s: float,
) -> None:
    """Write the header of a run of ``policies`` (slot ``i`` is ``policies[i]``) on ``robot``.

    Joints are in the order of the policies' contracts, the robot's own without any. Raises
    InputError where the file is there already or cannot be written.
    """
    names = _contract(policies[0]).joint_names if policies else robot.joint_names
    write_header(path, make_header(robot.name, robot.variant, names, policies, loop_period_s))


def make_header(
    robot: str,
    variant: str,
    joint_names: Sequence[str],
    policies: Sequence[Union[Policy, PolicyContract]],
    loop_period_s: float,
) -> Header:
    """The header of a run that begins now, on this machine."""
    layout = native().record_layout(len(joint_names))
    now = datetime.datetime.now(datetime.timezone.utc)
    return Header(
        robot=robot,
        variant=variant,
        joint_names=tuple(joint_names),
        loop_period_s=loop_period_s,
        created_utc=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        sdk_version=amp_sdk.__version__,
        onnxruntime_version=_version("onnxruntime"),
        machine=f"{platform.node()}, {platform.machine()}, {platform.system()}",
        policies=tuple(_recorded(slot, policy) for slot, policy in enumerate(policies)),
        cell_bytes=layout["cell_bytes"],
        policy_bytes=layout["policy_bytes"],
        tick_fields=_fields(layout["tick"]),
        policy_fields=_fields(layout["policy"]),
    )


def record_path(path: Path) -> bytes:
    """``path`` as the loop's configuration holds it. Raises InputError for one that is too long."""
    name = os.fsencode(path)
    longest = native().PATH_SIZE - 1
    if len(name) > longest:
        raise InputError(
            f"the name of the flight record has {len(name)} bytes; expected at most {longest}; "
            "choose a folder nearer to the root"
        )
    return name


def _contract(policy: Union[Policy, PolicyContract]) -> PolicyContract:
    return policy if isinstance(policy, PolicyContract) else policy.contract


def _recorded(slot: int, policy: Union[Policy, PolicyContract]) -> RecordedPolicy:
    text = _contract(policy).to_json()
    if isinstance(policy, PolicyContract):
        return RecordedPolicy(slot, "", "", text)
    source = policy.sources[0]
    path = str(Path(source.path).resolve())  # a replay may run in another folder
    return RecordedPolicy(slot, path, source.sha256, text)


def _fields(layout: Sequence[Tuple[str, str, int, int]]) -> Tuple[Field, ...]:
    return tuple(Field(*entry) for entry in layout)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"
