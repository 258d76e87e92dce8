"""The controller of the loop, to be called step by step: the same compiled code."""

from __future__ import annotations

from typing import Optional, Sequence

import numpy as np

from amp_sdk.runtime import messages
from amp_sdk.runtime._native import native


class Controller:
    """State machine, watchdogs and limits of the loop, without clock: for lock-step simulation.

    ``config`` is a ``LoopConfig`` (``loop_config``). After each ``step``, ``command`` and
    ``status`` hold the result; they are always the same arrays.
    """

    def __init__(self, config: np.ndarray) -> None:
        self._controller = native().Controller(config)
        self.command = messages.new(messages.COMMAND)
        self.status = messages.new(messages.STATUS)

    def step(
        self,
        time_ns: int,
        state: Optional[np.ndarray] = None,
        targets: Sequence[np.ndarray] = (),
        operator_input: Optional[np.ndarray] = None,
        loop_faults: int = 0,
    ) -> np.ndarray:
        """One tick at ``time_ns``; returns ``command``, a ``JointCommand``.

        Pass only what is new in this tick: a ``RobotState``, ``PolicyTarget`` answers, an
        ``OperatorInput``. ``loop_faults`` are faults that the caller found.
        """
        self._controller.step(
            time_ns, state, targets, operator_input, loop_faults, self.command, self.status
        )
        return self.command
