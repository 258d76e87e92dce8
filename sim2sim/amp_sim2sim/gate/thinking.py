"""The policies of many robots: from measurements to answers that arrive in their loops later."""

from __future__ import annotations

import numpy as np

from amp_sdk.observation import BatchObservationBuilder
from amp_sdk.policy import Policy
from amp_sim2sim.gate.loops import Loops


class Thinking:
    """One policy on ``N`` robots, which answers once in a control period.

    ``known [T, N]`` says how many answers a loop has received at each of its ticks.
    ``target_rad [P, N, J]`` are the answers and ``command [P, N, C]`` the commands observed.
    """

    def __init__(self, policy: Policy, periods: int, known: np.ndarray) -> None:
        contract, count = policy.contract, known.shape[1]
        joints = contract.action_dim
        self._policy, self._known = policy, known
        self._new = np.asarray(np.diff(known, axis=0, prepend=0) > 0)
        self._some_new = np.asarray(self._new.any(axis=1))
        self._builder = BatchObservationBuilder(contract, count)
        self._obs = np.zeros((count, contract.obs_dim), dtype=np.float32)
        self._applied = np.zeros((count, joints))
        self._actions = np.zeros((periods, count, joints), dtype=np.float32)
        self._measured = np.zeros((periods, 2, count), dtype=np.int64)  # time and counter
        self.target_rad = np.zeros((periods, count, joints))
        self.command = np.zeros((periods, count, len(contract.commands)))

    def think(self, period: int, loops: Loops, active: np.ndarray) -> None:
        """Answer the newest measurements of the robots ``active [N]``."""
        contract = self._policy.contract
        self.command[period] = loops.command
        self._builder.build(
            loops.state, self.command[period], self._applied, out=self._obs, active=active
        )
        # all of them, so that a row does not depend on how many have fallen
        self._actions[period] = self._policy.act(self._obs)
        self._applied = contract.applied_action(self._actions[period].astype(np.float64))
        self.target_rad[period] = contract.joint_target_rad(self._applied)
        self._measured[period] = loops.measured_ns, loops.measured_tick

    def deliver(self, tick: int, loops: Loops, active: np.ndarray) -> None:
        """Hand the answers that arrive in this tick to their loops."""
        if not self._some_new[tick]:
            return
        rows = np.flatnonzero(self._new[tick] & active)
        if len(rows):
            which = self._known[tick, rows] - 1
            measured = self._measured[which, 0, rows], self._measured[which, 1, rows]
            loops.answer(rows, self.target_rad[which, rows], self._actions[which, rows], measured)
