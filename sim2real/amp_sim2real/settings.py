"""Which robot a policy is for, and the limits of the loop on it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

from amp_sdk import robots
from amp_sdk.config import from_mapping, load_yaml
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import LoopSettings
from amp_sdk.unitree import Wire

_FOLDER = Path(__file__).resolve().parent / "robots"
ROBOTS = {"go2": ("go2",), "g1": ("g1_29dof", "g1_23dof")}
"""What ``--robot`` may be, and which robots of this package that is."""


def robot_of(name: str, contract: PolicyContract) -> RobotSpec:
    """The robot that ``--robot name`` means for a policy. Raises InputError where none fits."""
    known = ROBOTS[name]
    if contract.robot not in known:
        raise InputError(
            f"the policy is for robot {contract.robot!r}; expected {' or '.join(known)} with "
            f"--robot {name}; choose another policy or robot"
        )
    return robots.load(contract.robot)


def loop_settings(name: str, wire: Wire, override: Optional[Path]) -> LoopSettings:
    """The settings of the loop for ``--robot name``; those in the file ``override`` go first."""
    file = _FOLDER / f"{name}.yaml"
    values = load_yaml(file)
    where = str(file)
    if override is not None:
        values = _merged(values, load_yaml(override))
        where = f"{override} over {file.name}"
    for key in ("driver", "driver_options"):
        if key in values:
            raise InputError(f"{where}: {key} is chosen by deploy; leave it out")
    settings = from_mapping(LoopSettings, values, where)
    return dataclasses.replace(settings, driver="dds", driver_options=wire.options())


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        inner = result.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        result[key] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return result
