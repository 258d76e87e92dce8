"""The controller of the loop, to be called step by step: the same compiled code."""

from __future__ import annotations

from typing import Optional, Sequence

import numpy as np

from amp_sdk.errors import InputError
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


class ControllerBatch:
    """The controllers of ``robots`` robots side by side, each as ``Controller`` alone would be.

    ``state``, ``target``, ``operator_input`` ``[N]`` are records of messages that the caller fills
    (a target or an input of sequence 0 is none yet); ``command``, ``status [N]`` hold the result.
    They are always the same arrays.
    """

    def __init__(self, config: np.ndarray, robots: int) -> None:
        if robots < 1:
            raise InputError(f"robots is {robots}; expected 1 or more")
        self._batch = native().ControllerBatch(config, robots)
        self.state = messages.new(messages.STATE, robots)
        self.target = messages.new(messages.TARGET, robots)
        self.operator_input = messages.new(messages.OPERATOR, robots)
        self.command = messages.new(messages.COMMAND, robots)
        self.status = messages.new(messages.STATUS, robots)

    def step(
        self,
        time_ns: int,
        fresh: Optional[np.ndarray] = None,
        active: Optional[np.ndarray] = None,
    ) -> np.ndarray:
        """One tick at ``time_ns``, without Python's lock; returns ``command``.

        ``fresh [N]`` bool says whose state is new (all), ``active [N]`` bool whose controller is
        stepped (all); the rows of the others stay.
        """
        self._batch.step(
            time_ns,
            self.state,
            fresh,
            self.target,
            self.operator_input,
            active,
            self.command,
            self.status,
        )
        return self.command
