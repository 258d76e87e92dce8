"""The control loops of many robots: the runtime's own controllers, compiled, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.observation import RobotState
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import (
    ControllerBatch,
    LoopSettings,
    SafetySettings,
    fault_names,
    loop_config,
    messages,
)
from amp_sdk.runtime.commands import command_columns
from amp_sim2sim.lockstep import POLICY, START_NS, STOP

LOOP_PERIOD_S = LoopSettings().period_s
ANSWER_S = LOOP_PERIOD_S
"""From a measurement to the policy's answer: it comes in time for the loop's next tick."""
_WARM_UP = 3  # ticks from stop through damp to stand


def ticks_of(period_s: float, step_s: float) -> tuple[int, int]:
    """The loop's ticks in a control period, and the physics steps in a tick: as many as fit into
    the loop's own period, at least one (a coarse physics step slows the loop)."""
    steps = round(period_s / step_s)
    most = max(1, round(LOOP_PERIOD_S / step_s))
    per_tick = next(n for n in range(min(most, steps), 0, -1) if steps % n == 0)
    return steps // per_tick, per_tick


class Loops:
    """The loops of ``N`` robots in policy mode, with the runtime's default settings.

    ``state`` are views of what the robots measured last, to be written to before ``stamp``.
    The robots have stood up at once, and blend into the policy at once: what the loops see of it is
    the start pose. A loop that finds a fault damps its robot, as it would in reality.
    """

    def __init__(
        self, robot: RobotSpec, contract: PolicyContract, robots: int, period_s: float
    ) -> None:
        settings = LoopSettings(
            period_s=period_s,
            stand_time_s=0.0,
            blend_time_s=0.0,
            # the operator of a simulation never lets go
            safety=SafetySettings(deadman_timeout_s=0.0),
        )
        self._batch = ControllerBatch(loop_config(robot, [contract], settings), robots)
        self._batch.state["flags"] = messages.native().HAS_TORQUE
        self._joints = slice(0, contract.action_dim)
        self._names = command_columns(contract)
        self._period_ns, self._tick = round(1e9 * period_s), -_WARM_UP
        self._asked = np.full((robots, len(self._names)), np.nan)
        state, joints = self._batch.state, self._joints
        self.state = RobotState(
            ang_vel_b=state["gyro_b"],
            quat_w=state["quat_wxyz"],
            joint_pos=state["joint_pos"][:, joints],
            joint_vel=state["joint_vel"][:, joints],
        )
        self._torque, command = state["joint_torque"][:, joints], self._batch.command
        self.target_pos, self.target_vel, self.feed_forward, self.kp, self.kd = (
            command[name][:, joints] for name in ("target_pos", "target_vel", "torque", "kp", "kd")
        )

    @property
    def time_ns(self) -> int:
        """The time of the next tick."""
        return START_NS + self._tick * self._period_ns

    @property
    def measured_ns(self) -> np.ndarray:
        """When the newest state of each was measured, ``[N]``."""
        return self._batch.state["time_ns"]

    @property
    def measured_tick(self) -> np.ndarray:
        """The robots' own counters of their newest states, ``[N]``."""
        return self._batch.state["tick"]

    def start(self, command: np.ndarray) -> None:
        """Arm them and stand up, at rest in the start pose that ``state`` holds; ``command [N, C]``
        as asked for."""
        everybody = np.ones(len(self._batch.state), dtype=bool)
        self._batch.operator_input["sequence"] = 1  # a policy without commands is operated, too
        self.ask(command)
        for mode in (STOP, *[POLICY] * (_WARM_UP - 1)):
            self._batch.operator_input["requested_mode"] = mode
            self.stamp(everybody)
            self.step(everybody, everybody)

    def ask(self, command: np.ndarray) -> None:
        """What the operators want from now on, ``[N, C]`` in the contract's order."""
        if np.array_equal(command, self._asked):
            return
        self._asked = command.copy()
        self._batch.operator_input["velocity_command"][:, self._names] = command
        self._batch.operator_input["sequence"] += 1

    def feel(self, torque_nm: np.ndarray) -> None:
        """The torques ``[N, J]`` that the next measurement reports."""
        self._torque[:] = torque_nm

    @property
    def command(self) -> np.ndarray:
        """The velocity commands ``[N, C]`` that the policies must observe: ramped and clipped."""
        return self._batch.status["velocity_command"][:, self._names]

    def answer(
        self,
        rows: np.ndarray,
        target_rad: np.ndarray,
        action: np.ndarray,
        measured: tuple[np.ndarray, np.ndarray],
    ) -> None:
        """New answers for the robots ``rows [R]``: targets and network outputs ``[R, J]``, and
        ``time_ns`` and ``tick`` of the measurements that they answer."""
        message, joints = self._batch.target, self._joints
        message["time_ns"][rows], message["state_tick"][rows] = measured
        message["written_ns"][rows] = self.time_ns
        message["target"][rows, joints], message["action"][rows, joints] = target_rad, action
        message["sequence"][rows] += np.uint64(1)

    def stamp(self, fresh: np.ndarray) -> None:
        """``state`` holds new measurements of the robots ``fresh [N]`` bool."""
        message = self._batch.state
        message["time_ns"][fresh] = self.time_ns
        message["tick"] += fresh

    def step(self, fresh: np.ndarray, active: np.ndarray) -> None:
        """One tick of the robots ``active [N]``; ``target_pos``, ``target_vel``, ``feed_forward``,
        ``kp`` and ``kd [N, J]`` are the command then (all zero: limp)."""
        self._batch.step(self.time_ns, fresh, active)
        self._tick += 1

    def damped(self) -> np.ndarray:
        """Whether a robot has left policy mode, ``[N]`` bool."""
        return self._batch.status["mode"] != POLICY

    def why(self, i: int) -> tuple[float, str]:
        """When robot ``i`` was damped, in s since the start, and the faults that did it."""
        status = self._batch.status[i]
        faults: Sequence[str] = fault_names(status["first_faults"] or status["faults"])
        tick = int(status["fault_tick"]) or int(status["tick"])
        time_s = max(0, tick - 1 - _WARM_UP) * self._period_ns * 1e-9
        return time_s, ", ".join(faults) or "did not start"
