"""The policy contract: everything a runtime must know about a policy, in one checked object.

A policy file carries its contract as full-precision JSON in the ONNX metadata property
``amp_sdk.contract``. Simulation checks and robots build observations and joint targets from the
contract alone, so nothing about a policy is ever written down a second time.
"""

from __future__ import annotations

from amp_sdk.contract._file import METADATA_PROPERTY, read_contract
from amp_sdk.contract._robot import check_robot
from amp_sdk.contract._schema import SCHEMA_VERSION, PolicyContract
from amp_sdk.contract._terms import (
    COMMAND_NAMES,
    OBSERVATION_NAMES,
    CommandTerm,
    Golden,
    JointContract,
    ObservationTerm,
    Provenance,
)

__all__ = [
    "COMMAND_NAMES",
    "METADATA_PROPERTY",
    "OBSERVATION_NAMES",
    "SCHEMA_VERSION",
    "CommandTerm",
    "Golden",
    "JointContract",
    "ObservationTerm",
    "PolicyContract",
    "Provenance",
    "check_robot",
    "read_contract",
]
