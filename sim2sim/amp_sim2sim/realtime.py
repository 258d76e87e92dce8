"""A simulated robot behind the shared-memory driver: ``python -m amp_sim2sim.realtime BOARD``.

It takes the place of the robot of a running loop: commands come from the board, measurements go
there, in real time. Where the machine is too slow, simulated time falls behind; the end says by how
much. A robot of one's own is connected in the same way, in any language that can map the board.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

import numpy as np

from amp_sdk import robots
from amp_sdk._cli import guarded
from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime import Board, Role, messages
from amp_sim2sim.pace import Pace
from amp_sim2sim.robot_in_sim import RobotInSim
from amp_sim2sim.robot_messages import SimulatedRobot
from amp_sim2sim.scene import PHYSICS_STEP_S, build_model

_LOOP_ENDED = 2
_MOTOR_TIMEOUT_NS = 500_000_000


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate until the loop ends, SIGTERM or an interrupt. Raises InputError."""
    parser = argparse.ArgumentParser(
        prog="python -m amp_sim2sim.realtime",
        description="Simulate the robot of a running loop in real time.",
    )
    parser.add_argument("board", metavar="BOARD", help="the name of the loop's board")
    parser.add_argument("--robot", required=True, help=f"one of {', '.join(robots.names())}")
    args = parser.parse_args(argv)
    board = Board.attach(args.board)
    robot = RealtimeRobot(board, robots.load(args.robot))
    signal.signal(signal.SIGTERM, _end)
    try:
        robot.run()
    except SystemExit:
        pass
    finally:
        behind_s = robot.pace.behind_s
        print(f"simulated {robot.simulated_s:.3f} s, {behind_s:.3f} s left out", flush=True)
        board.release(Role.ROBOT)
    return 0


def _end(*_: object) -> None:
    raise SystemExit(0)


class RealtimeRobot:
    """A simulated robot, in the loop's stand pose, on the board of its loop.

    Raises InputError where the loop is for other joints, or has a robot already.
    """

    def __init__(self, board: Board, robot: RobotSpec) -> None:
        config = board.config
        joint = config["joint"][: int(config["joints"])]
        names = tuple(name.decode() for name in joint["name"].tolist())
        if names != robot.joint_names:
            raise InputError(
                f"board {board.name!r} is for joints {', '.join(names)}; expected those of robot "
                f"{robot.name!r}; give the loop's robot"
            )
        board.claim(Role.ROBOT)
        self._board, self._commands = board, board.robot_command()
        sim = RobotInSim(build_model(robot, PHYSICS_STEP_S), robot, names)
        sim.stand(np.array(joint["stand_pos_rad"]), 0.0)
        self.robot = SimulatedRobot(sim, robot)
        self.simulated_s = 0.0
        self.pace = Pace(PHYSICS_STEP_S)

    def run(self) -> None:
        """Step in real time until the loop has ended."""
        self.pace = Pace(PHYSICS_STEP_S)
        while self._board.native.running != _LOOP_ENDED:
            self.step()
            self.pace.wait()

    def step(self) -> None:
        """Measure, then one physics step under the newest command; limp before the first.

        Where commands stop, the motors damp themselves after half a second, as real ones do.
        """
        self._board.beat(Role.ROBOT)
        self._board.write_robot_state(self.robot.measure(messages.now_ns()))
        self._commands.poll()
        command = self._commands.message
        if messages.now_ns() - int(command["time_ns"]) > _MOTOR_TIMEOUT_NS:
            command["kp"] = command["torque"] = command["target_vel"] = 0.0
        self.robot.move(command)
        self.simulated_s += PHYSICS_STEP_S


if __name__ == "__main__":
    sys.exit(guarded(main))
