"""Flight records of a simulated robot under the loop's own controller, without a clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from amp_sdk import robots
from amp_sdk.policy import Policy
from amp_sdk.runtime import LoopSettings, loop_config
from amp_sdk.runtime._native import native
from amp_sdk.runtime.flight_start import begin_record
from amp_sim2sim.lockstep import Lockstep, walk_after

SETTINGS = LoopSettings(stand_time_s=0.3, driver="mock")
GO2 = robots.load("go2")


def record_walk(
    path: Path,
    policy: Policy,
    ticks: int = 900,
    change: Callable[[np.ndarray], None] = lambda tick: None,
    motors: Callable[[np.ndarray], np.ndarray] = lambda command: command,
) -> Path:
    """Half a second of standing, then ``policy``. ``change`` may change each ``TickRecord`` before
    it is written, and ``motors`` what the robot makes of its command."""
    run = Lockstep(GO2, [policy], SETTINGS, walk_after(0.4))
    begin_record(path, GO2, [policy], SETTINGS.period_s)
    recorder = native().FlightRecorder(str(path), loop_config(GO2, [policy.contract], SETTINGS))
    move, runner = run.robot.move, run._policies[0].runner
    run.robot.move = lambda command: move(motors(command.copy()))
    tick, taken = np.zeros((), native().DTYPES["TickRecord"]), 0
    for _ in range(ticks):
        answer, fresh = run._policies[0].answer.copy(), run._policies[0]._answered
        observation = runner.observation.copy()
        tick["command"] = run.tick()
        tick["state"], tick["status"] = run.robot.state, run.controller.status
        tick["has_state"], tick["has_target"] = 1, 0
        if fresh:
            answer["obs_size"] = len(observation)
            answer["observation"][: len(observation)] = observation
            tick["target"], tick["has_target"], taken = answer, 1, taken + 1
        change(tick)
        recorder.record(tick)
    recorder.close()
    assert recorder.dropped == 0 and taken > 10
    return path
