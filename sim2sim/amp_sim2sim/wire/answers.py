"""Whether the policies of a running loop keep up with the measurements, so that simulated time can
wait for them."""

from __future__ import annotations

from amp_sdk.runtime import Board
from amp_sdk.runtime.modes import Mode

_OWED_PERIODS = 1.5
"""The age of an answer from which the next one is late: on time it is at most one period old."""


class PolicyAnswers:
    """Looks at a loop's board, without a part in it."""

    def __init__(self, board: Board) -> None:
        self._status, self._state = board.status(), board.state()
        policies = board.config["policy"]
        count = int((policies["present"] != 0).sum())
        self._targets = [board.target(slot) for slot in range(count)]
        self._limits_ns = [
            _OWED_PERIODS * 1e9 * float(policies[i]["period_s"]) for i in range(count)
        ]

    def owed(self) -> bool:
        """Whether a policy moves the robot, and has not answered the newest measurements."""
        for reader in (self._status, self._state, *self._targets):
            reader.poll()
        status = self._status.message
        slot = int(status["active_policy"])
        if int(status["mode"]) != Mode.POLICY or slot >= len(self._targets):
            return False
        answered_ns = int(self._targets[slot].message["time_ns"])
        return int(self._state.message["time_ns"]) - answered_ns > self._limits_ns[slot]
