"""The robot's own controller on a simulated robot, tick by tick: no clock, so every run is equal.

What runs on a robot runs here: the compiled controller with its state machine and limits, and the
policy's step. Only driver, process boundaries and time are the simulation's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.observation import RobotState
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import Controller, LoopSettings, PolicyRunner, loop_config, messages
from amp_sdk.runtime.commands import command_columns
from amp_sim2sim.robot_in_sim import RobotInSim
from amp_sim2sim.robot_messages import SimulatedRobot
from amp_sim2sim.scene import build_model

START_NS = 1_000_000_000
STOP, DAMP, STAND, POLICY = range(4)


@dataclass(frozen=True, eq=False)
class LockstepLog:
    """Every tick: ``mode [T]``, ``faults [T]`` (bits), ``state [T]`` and ``command [T]`` as records
    of ``RobotState`` and ``JointCommand``, ``action [T, J]`` (the newest), and the true
    ``base_pose_w [T, 7]``."""

    period_s: float
    mode: np.ndarray
    faults: np.ndarray
    state: np.ndarray
    command: np.ndarray
    action: np.ndarray
    base_pose_w: np.ndarray


Operator = Callable[[float, np.ndarray, np.ndarray], None]
"""Called each tick with the time in s, the ``LoopStatus`` and the ``OperatorInput`` to be filled;
its dead-man's switch is held."""


def walk_after(stand_s: float) -> Operator:
    """An operator who lets the robot stand up at once and runs policy 0 after ``stand_s``."""

    def operate(time_s: float, status: np.ndarray, operator: np.ndarray) -> None:
        if not status["armed"]:
            operator["requested_mode"] = STOP
        else:
            operator["requested_mode"] = STAND if time_s < stand_s else POLICY

    return operate


class Lockstep:
    """A simulated robot under the controller; policy ``i`` of ``policies`` is in slot ``i``.

    The physics step is the loop's period. The robot begins at rest in the first policy's default
    pose. Raises InputError where a policy does not fit.
    """

    def __init__(
        self, robot: RobotSpec, policies: list[Policy], settings: LoopSettings, operator: Operator
    ) -> None:
        if not policies:
            raise InputError("no policy given; expected at least one, whose pose the robot has")
        contract = policies[0].contract
        model = build_model(robot, settings.period_s)
        self.robot = SimulatedRobot(RobotInSim(model, robot, robot.joint_names), robot)
        self.robot.sim.stand(contract.joint_array("default_pos_rad"), 0.0)
        contracts = [policy.contract for policy in policies]
        self.controller = Controller(loop_config(robot, contracts, settings))
        self._policies = [_TimedPolicy(policy, i) for i, policy in enumerate(policies)]
        for policy in self._policies:
            policy.runner.arm(robot, robot.joint_names, settings.period_s)
        self._operator, self._input = operator, messages.new(messages.OPERATOR)
        self._period_ns = round(1e9 * settings.period_s)
        self._tick = 0

    def tick(self) -> np.ndarray:
        """One tick and one physics step; returns the ``JointCommand``.

        A policy answers the measurement of a tick in time for the next one.
        """
        time_ns = START_NS + self._tick * self._period_ns
        status, operator = self.controller.status, self._input
        self._operator((time_ns - START_NS) * 1e-9, status, operator)
        operator["time_ns"] = operator["deadman_ns"] = time_ns
        operator["sequence"] += 1
        answers = [p.answer for p in self._policies if p.take()]
        state = self.robot.measure(time_ns)
        command = self.controller.step(time_ns, state, answers, operator)
        for policy in self._policies:
            policy.step(state, status)
        self.robot.move(command)
        self._tick += 1
        return command

    def run(self, ticks: int) -> LockstepLog:
        """So many ticks, recorded."""
        joints = len(self._policies[0].runner.action)
        log = LockstepLog(
            period_s=self._period_ns * 1e-9,
            mode=np.zeros(ticks, dtype=np.uint32),
            faults=np.zeros(ticks, dtype=np.uint64),
            state=np.zeros(ticks, dtype=self.robot.state.dtype),
            command=np.zeros(ticks, dtype=self.controller.command.dtype),
            action=np.zeros((ticks, joints), dtype=np.float32),
            base_pose_w=np.zeros((ticks, 7)),
        )
        for i in range(ticks):
            log.base_pose_w[i] = self.robot.sim.base_pose_w
            log.command[i] = self.tick()
            status = self.controller.status
            log.mode[i], log.faults[i] = status["mode"], status["faults"]
            log.state[i] = self.robot.state
            log.action[i] = self._policies[int(status["active_policy"])].runner.action
        return log


class _TimedPolicy:
    """A policy that answers once per control period while it is wanted."""

    def __init__(self, policy: Policy, slot: int) -> None:
        self.runner = PolicyRunner(policy)
        self.answer = messages.new(messages.TARGET)
        self.answer["policy"] = slot
        self._slot = slot
        self._columns = command_columns(policy.contract)
        self._period_ns = round(1e9 * policy.contract.control_period_s)
        self._due_ns: int | None = None
        self._answered = False

    def take(self) -> bool:
        """Whether there is a new answer, once."""
        answered, self._answered = self._answered, False
        return answered

    def step(self, state: np.ndarray, status: np.ndarray) -> None:
        """Think about a measurement where the policy is wanted and its period has passed."""
        if not int(status["wanted_policies"]) >> self._slot & 1:
            self._due_ns = None
            return
        time_ns = int(state["time_ns"])
        if self._due_ns is None:
            self.runner.reset()
            self._due_ns = time_ns
        if time_ns < self._due_ns:
            return
        self._due_ns += self._period_ns
        joints, answer = self.runner.contract.action_dim, self.answer
        command = status["velocity_command"]
        target = self.runner.step(_measured(state, joints), command[self._columns])
        answer["time_ns"] = answer["written_ns"] = time_ns
        answer["state_tick"], answer["command"] = state["tick"], command
        answer["sequence"] += 1
        answer["target"][:joints], answer["action"][:joints] = target, self.runner.action
        self._answered = True


def _measured(state: np.ndarray, joints: int) -> RobotState:
    return RobotState(
        ang_vel_b=state["gyro_b"],
        quat_w=state["quat_wxyz"],
        joint_pos=state["joint_pos"][:joints],
        joint_vel=state["joint_vel"][:joints],
    )
