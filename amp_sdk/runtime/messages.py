"""The messages between the processes of a running robot, as NumPy records.

A message is an array of shape ``()`` whose dtype has the fields of the C++ struct of the same name
(``csrc/include/amp/runtime/types.hpp``, which says what they mean): ``state["joint_pos"][:12]``.
Joints are in the order of the policy's contract, times are ``now_ns()``.
"""

from __future__ import annotations

from typing import Any, Optional, Tuple

import numpy as np

from amp_sdk.runtime._native import native

STATE, COMMAND, TARGET = "RobotState", "JointCommand", "PolicyTarget"
OPERATOR, STATUS, CONFIG = "OperatorInput", "LoopStatus", "LoopConfig"


def new(kind: str, count: Optional[int] = None) -> np.ndarray:
    """A message of ``kind`` with all fields zero, or ``count`` of them in an array ``[count]``; a
    RobotState has the attitude (1, 0, 0, 0)."""
    message: Any = np.zeros(() if count is None else count, dtype=native().DTYPES[kind])
    if kind == STATE:
        message["quat_wxyz"][..., 0] = 1.0
    return message


def now_ns() -> int:
    """CLOCK_MONOTONIC in nanoseconds, the time of all messages."""
    return native().now_ns()


def fault_names(bits: int) -> Tuple[str, ...]:
    """The names of the faults in ``bits``, as in ``LoopStatus.faults``."""
    return tuple(name for i, name in enumerate(native().FAULT_NAMES) if int(bits) >> i & 1)


def fault_bit(name: str) -> int:
    """The bit of a fault's name."""
    return 1 << native().FAULT_NAMES.index(name)
