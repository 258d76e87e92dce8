"""Unitree's public Python client as a peer: commands a robot, or is one. Python 3.8 to 3.10 with
``cyclonedds`` 0.10.2 and ``unitree_sdk2py``; nothing of ours is imported.

``unitree_client.py command|be ROBOT --pose Q,... --held S --json FILE``: ROBOT is go2 or g1,
``pose`` the angle of each motor. The end is ``held`` seconds of the robot's own time after the
motors were first told to hold, or SIGTERM.
"""

import argparse
import importlib.util
import json
import signal
import sys
import threading
import time
import types
from unittest import mock

try:
    import unitree_sdk2py  # noqa: F401
except ImportError:  # the release on PyPI imports parts in its __init__ that it does not have
    _spec = importlib.util.find_spec("unitree_sdk2py")
    _package = types.ModuleType("unitree_sdk2py")
    _package.__path__ = _spec.submodule_search_locations
    sys.modules["unitree_sdk2py"] = _package
from unitree_sdk2py.core.channel import (
    ChannelFactoryInitialize,
    ChannelPublisher,
    ChannelSubscriber,
)
from unitree_sdk2py.idl import default
from unitree_sdk2py.idl.unitree_go.msg import dds_ as go
from unitree_sdk2py.idl.unitree_hg.msg import dds_ as hg
from unitree_sdk2py.utils.crc import CRC

TYPES = {"go2": go, "g1": hg}
NEW = {
    "go2": (default.unitree_go_msg_dds__LowCmd_, default.unitree_go_msg_dds__LowState_),
    "g1": (default.unitree_hg_msg_dds__LowCmd_, default.unitree_hg_msg_dds__LowState_),
}
MODE_MACHINE = 5
INERTIA_KG_M2 = 0.05
PERIOD_S = 0.004
GIVE_UP_S = 240.0
RAMP_S = 2.0
STOPPED = []  # asked by SIGTERM


def check_sum():
    """Their CRC; in Python where the package lacks its library."""
    try:
        return CRC()
    except OSError:
        with mock.patch("platform.system", return_value="without its library"):
            return CRC()


class Peer:
    """Counts what comes on one topic, and checks it with their CRC."""

    def __init__(self, topic, kind):
        self.crc = check_sum()
        self.newest, self.received, self.bad_crc = None, 0, 0
        ChannelFactoryInitialize(1, "lo")
        self._subscriber = ChannelSubscriber(topic, kind)
        # a handler would hold up the thread that receives, and get older and older messages
        self._subscriber.Init()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while not STOPPED:
            message = self._subscriber.Read()
            if message is None:
                continue
            self.received += 1
            if self.crc.Crc(message) == message.crc:
                self.newest = message
            else:
                self.bad_crc += 1


def command(args):
    """Read states, and hold ``pose``, reached in ``RAMP_S``."""
    kinds = TYPES[args.robot]
    robot = Peer("rt/lowstate", kinds.LowState_)
    publisher = ChannelPublisher("rt/lowcmd", kinds.LowCmd_)
    publisher.Init()
    wait(lambda: robot.newest is not None)
    first = [motor.q for motor in robot.newest.motor_state]
    order = NEW[args.robot][0]()
    if args.robot == "go2":
        order.head[0], order.head[1], order.level_flag = 0xFE, 0xEF, 0xFF
    else:
        order.mode_pr, order.mode_machine = 0, robot.newest.mode_machine
    begin, start = time.monotonic(), robot.newest.tick
    sent, wrote, passed = 0, 0.0, 0.0
    while passed < args.held and time.monotonic() - begin < GIVE_UP_S and not STOPPED:
        passed = 0.001 * (robot.newest.tick - start)
        share = min(1.0, passed / RAMP_S)
        for i, goal in enumerate(args.pose):
            motor = order.motor_cmd[i]
            motor.mode, motor.q = 1, first[i] + share * (goal - first[i])
            motor.kp, motor.kd = args.kp, 0.05 * args.kp
        order.crc = robot.crc.Crc(order)
        before = time.monotonic()
        publisher.Write(order)
        wrote, sent = wrote + time.monotonic() - before, sent + 1
        time.sleep(PERIOD_S)
    seconds = time.monotonic() - begin
    last = robot.newest
    off = [abs(last.motor_state[i].q - goal) for i, goal in enumerate(args.pose)]
    return {
        "sent": sent,
        "write_s": wrote / sent,
        "states": robot.received,
        "states_hz": robot.received / seconds,
        "bad_crc": robot.bad_crc,
        "farthest_rad": max(off),
        "mode_machine": getattr(last, "mode_machine", 0),
        "accelerometer": list(last.imu_state.accelerometer),
    }


def be(args):
    """A robot held upright in the air: motors with inertia that obey sealed commands."""
    kinds = TYPES[args.robot]
    orders = Peer("rt/lowcmd", kinds.LowCmd_)
    publisher = ChannelPublisher("rt/lowstate", kinds.LowState_)
    publisher.Init()
    state = NEW[args.robot][1]()
    state.imu_state.quaternion[0], state.imu_state.accelerometer[2] = 1.0, 9.81
    if args.robot == "go2":
        state.head[0], state.head[1], state.level_flag, state.bms_state.soc = 0xFE, 0xEF, 0xFF, 80
    else:
        state.mode_machine = MODE_MACHINE
    for i, angle in enumerate(args.pose):
        state.motor_state[i].q = angle
    held, moved, end, wrong = 0, 0.0, time.monotonic() + GIVE_UP_S, 0
    begin, states = time.monotonic(), 0
    while time.monotonic() < end and held * PERIOD_S < args.held and not STOPPED:
        order = orders.newest
        if order is not None:
            wrong += args.robot == "g1" and order.mode_machine != MODE_MACHINE
            move(state.motor_state, order.motor_cmd, len(args.pose))
            stiff = any(m.mode == 1 and m.kp > 0.0 for m in order.motor_cmd[: len(args.pose)])
            held += 1 if held or stiff else 0
        off = [abs(state.motor_state[i].q - angle) for i, angle in enumerate(args.pose)]
        moved = max(moved, *off)
        state.tick += round(1000 * PERIOD_S)
        state.crc = orders.crc.Crc(state)
        publisher.Write(state)
        states += 1
        time.sleep(PERIOD_S)
    return {
        "commands": orders.received,
        "bad_crc": orders.bad_crc,
        "bad_machine": int(wrong),
        "states_hz": states / (time.monotonic() - begin),
        "held": held > 0,
        "moved_rad": moved,
    }


def move(motors, orders, count):
    """One period under PD, implicit so that no gain is too high for it."""
    scale = PERIOD_S / INERTIA_KG_M2
    for motor, order in zip(motors[:count], orders[:count]):  # noqa: B905 (Python 3.8)
        kp, kd = (order.kp, order.kd) if order.mode == 1 else (0.0, 0.0)
        tau = order.tau + kp * (order.q - motor.q) + kd * order.dq if order.mode == 1 else 0.0
        motor.dq = (motor.dq + scale * tau) / (1.0 + scale * (kd + PERIOD_S * kp))
        motor.q += PERIOD_S * motor.dq
        motor.tau_est = kp * (order.q - motor.q) + kd * (order.dq - motor.dq)


def wait(holds):
    """Until it holds."""
    end = time.monotonic() + GIVE_UP_S
    while not holds():
        if time.monotonic() > end:
            raise SystemExit("nothing came")
        time.sleep(0.01)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("command", "be"))
    parser.add_argument("robot", choices=sorted(TYPES))
    parser.add_argument("--pose", type=lambda t: [float(v) for v in t.split(",")], required=True)
    parser.add_argument("--held", type=float, required=True)
    parser.add_argument("--kp", type=float, default=60.0)
    parser.add_argument("--json", required=True)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: STOPPED.append(True))
    report = command(args) if args.what == "command" else be(args)
    with open(args.json, "w") as file:
        json.dump(report, file)


if __name__ == "__main__":
    main()
