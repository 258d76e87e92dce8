"""Every fault of the runtime, over real DDS: a robot that only reports, the real loop process, and
targets written by this process. Prints {fault: {"faults": [...], "mode": n, "enabled": n}}."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

from amp_sdk import robots
from amp_sdk.contract import read_contract
from amp_sdk.policy import resolve
from amp_sdk.runtime import LoopSettings, SafetySettings, fault_names, messages, start_loop
from amp_sdk.unitree import native, wire

GO2 = robots.load("go2")
CONTRACT = read_contract(resolve("go2_trot"))
WIRE = wire(GO2, GO2.joint_names, "lo", 1)
STOP, DAMP, STAND, POLICY = range(4)
PATIENCE_S = 60.0
# time-outs that suit a machine on which threads wait for tenths of a second
SAFETY = SafetySettings(
    state_timeout_s=1.0,
    frozen_timeout_s=1.0,
    max_state_loss=0.9,
    state_loss_time_s=2.0,
    overrun_timeout_s=5.0,
    deadman_timeout_s=2.0,
)
SETTINGS = LoopSettings(
    driver="dds",
    driver_options=WIRE.options(),
    stand_time_s=0.1,
    blend_time_s=0.04,
    damp_time_s=0.1,
    target_timeout_periods=50.0,
    priority=0,
    lock_memory=False,
    safety=SAFETY,
)


class Robot:
    """States at 500 Hz, with what a test changes in ``report`` and ``imu``."""

    def __init__(self) -> None:
        self.endpoint = native().SimulatedRobot(WIRE.options(), 0)
        self.lock = threading.Lock()
        self.reset()
        self.tick, self.open = 100000, True
        threading.Thread(target=self._run, daemon=True).start()

    def reset(self) -> None:
        self.motors = np.zeros((5, WIRE.motors))
        self.motors[0, list(WIRE.slots)] = CONTRACT.joint_array("default_pos_rad")
        self.motors[4] = 30.0
        self.imu = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0, 9.81])
        self.battery, self.buttons = 80.0, 0
        self.silent = self.frozen = self.corrupt = False

    def _run(self) -> None:
        while self.open:
            time.sleep(0.002)
            if self.silent:
                continue
            self.tick += 0 if self.frozen else 2
            self.endpoint.publish(
                self.tick, self.motors, self.imu, self.battery, self.buttons, np.zeros(4),
                self.corrupt,
            )  # fmt: skip

    def enabled(self) -> int:
        """Motors that hold a position by the newest command (one comes every 2 ms)."""
        end = time.monotonic() + PATIENCE_S
        while self.endpoint.read() is not None and time.monotonic() < end:
            pass
        while time.monotonic() < end:
            command = self.endpoint.read()
            if command is not None:
                return int((command[1][3] * command[1][5] > 0.0).sum())
        return -1


class Others:
    """The operator and the policy, from one thread, at 100 Hz."""

    def __init__(self, board) -> None:
        self.board = board
        self.status, self.state = board.status(), board.state()
        self.operator = messages.new(messages.OPERATOR)
        self.target = messages.new(messages.TARGET)
        self.reset()
        threading.Thread(target=self._run, daemon=True).start()

    def reset(self) -> None:
        self.mode, self.estop, self.present = STOP, 0, True
        self.answering, self.action, self.delay_s = True, 0.0, 0.0

    def clear(self) -> None:
        self.operator["clear_fault"] += 1

    def _run(self) -> None:
        joints = len(GO2.joint_names)
        while True:
            time.sleep(0.01)
            now = messages.now_ns()
            if self.present:
                self.operator["time_ns"] = self.operator["deadman_ns"] = now
            self.operator["sequence"] += 1
            self.operator["requested_mode"], self.operator["estop"] = self.mode, self.estop
            self.board.write_operator_input(self.operator)
            self.state.poll(), self.status.poll()
            if self.answering and self.status.message["wanted_policies"]:
                target = self.target
                target["time_ns"] = int(self.state.message["time_ns"]) - round(1e9 * self.delay_s)
                target["written_ns"], target["state_tick"] = now, self.state.message["tick"]
                target["sequence"] += 1
                target["action"][:joints] = self.action
                target["target"][:joints] = CONTRACT.joint_array("default_pos_rad")
                self.board.write_target(target)


def wait(others: Others, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.002)
    return False


def second_publisher(robot: Robot, others: Others) -> Callable[[], None]:
    loop = start_loop(GO2, [CONTRACT], dataclasses.replace(SETTINGS, orphan_time_s=0.0))
    return lambda: loop.stop() and None


CASES: dict[str, Callable[[Robot, Others], object]] = {
    "estop": lambda r, o: setattr(o, "estop", 1),
    "remote_stop": lambda r, o: setattr(r, "buttons", 1 << 5 | 1 << 9),
    "operator_gone": lambda r, o: setattr(o, "present", False),
    "state_silent": lambda r, o: setattr(r, "silent", True),
    "state_frozen": lambda r, o: setattr(r, "frozen", True),
    "state_corrupt": lambda r, o: setattr(r, "corrupt", True),
    "state_nan": lambda r, o: r.motors[0].__setitem__(0, np.nan),
    "imu_dead": lambda r, o: r.imu.__setitem__(slice(0, 4), 0.0),
    "tilt": lambda r, o: r.imu.__setitem__(slice(0, 4), (np.cos(0.7), np.sin(0.7), 0.0, 0.0)),
    "gyro": lambda r, o: r.imu.__setitem__(4, 50.0),
    "joint_limit": lambda r, o: r.motors[0].__setitem__(0, 10.0),
    "joint_velocity": lambda r, o: r.motors[1].__setitem__(0, 100.0),
    "joint_torque": lambda r, o: r.motors[3].__setitem__(0, 500.0),
    "temperature": lambda r, o: r.motors[4].__setitem__(0, 120.0),
    "battery": lambda r, o: setattr(r, "battery", 2.0),
    "restart": lambda r, o: setattr(r, "tick", 0),
    "policy_silent": lambda r, o: setattr(o, "answering", False),
    "policy_late": lambda r, o: setattr(o, "delay_s", 3.0),
    "policy_nan": lambda r, o: setattr(o, "action", np.nan),
    "policy_inf": lambda r, o: setattr(o, "action", np.inf),
    "policy_range": lambda r, o: setattr(o, "action", 1e4),
    "second_publisher": second_publisher,
}


def up(robot: Robot, others: Others) -> bool:
    """To the policy, from whatever was before."""
    robot.reset()
    others.reset()

    def at_rest() -> bool:
        status = others.status.message
        if int(status["faults"]):
            others.clear()
            time.sleep(0.05)
        return int(status["mode"]) <= DAMP and not int(status["faults"])

    if not wait(others, at_rest):
        return False
    time.sleep(0.1)
    others.mode = POLICY
    return wait(others, lambda: int(others.status.message["mode"]) == POLICY)


def try_case(name: str, robot: Robot, others: Others) -> dict:
    if not up(robot, others):
        names = fault_names(int(others.status.message["faults"]))
        return {"error": f"never in policy: {names}"}
    held = robot.enabled()
    undo = CASES[name](robot, others)
    damped = wait(others, lambda: int(others.status.message["mode"]) == DAMP)
    status = others.status.message.copy()
    result = {
        "damped": damped,
        "held_before": held,
        "faults": fault_names(int(status["first_faults"])),
        "enabled": robot.enabled(),
    }
    if callable(undo):
        undo()
    return result


def main(names: list[str]) -> None:
    robot = Robot()
    loop = start_loop(GO2, [CONTRACT], SETTINGS)
    try:
        others = Others(loop.board)
        results = {name: try_case(name, robot, others) for name in names or CASES}
        if not names:
            others.reset()
            results["loop_killed"] = loop_killed(loop, robot)
    finally:
        loop.stop()
    print(json.dumps({"results": results, "commands": robot.endpoint.counters()}))


def loop_killed(loop, robot: Robot) -> dict:
    """The loop's process is killed: the rescue damps in its place."""
    rescue = native().Rescue(WIRE.options(), loop.board.name)
    time.sleep(1.0)
    before = rescue.count
    os.kill(loop.pid, signal.SIGKILL)
    end = time.monotonic() + PATIENCE_S
    while loop.alive or (rescue.count == before and time.monotonic() < end):
        time.sleep(0.01)
    time.sleep(0.2)
    while robot.endpoint.read() is not None:
        pass
    command = None
    while command is None and time.monotonic() < end:
        command = robot.endpoint.read()
    damping = command is not None and bool((command[1][4] * command[1][5]).any())
    stiff = command is not None and bool((command[1][3] * command[1][5]).any())
    return {"rescued": rescue.count > before, "damping": damping, "stiff": stiff}


if __name__ == "__main__":
    main(sys.argv[1:])
