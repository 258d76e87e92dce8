"""Films of single runs of the gate, on the floor that they had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mujoco
import numpy as np

from amp_sdk import robots
from amp_sdk.contract import PolicyContract
from amp_sdk.robots import RobotSpec
from amp_sim2sim import video
from amp_sim2sim.gate.plan import Run
from amp_sim2sim.gate.recording import GroupLog
from amp_sim2sim.gate.starts import make_starts
from amp_sim2sim.gate.terrain import Floors
from amp_sim2sim.gate.traces import episode_log
from amp_sim2sim.scene import FLOOR, PHYSICS_STEP_S, dress, robot_spec

FILM_HZ = 25
_SHORT_S = 3.0
"""A run that ends earlier is shown at half its speed."""


def film_model(robot: RobotSpec, contract: PolicyContract, run: Run, seed: int) -> mujoco.MjModel:
    """The robot on the floor of ``run``, to be looked at."""
    c = run.conditions
    rng = np.random.default_rng([seed, run.repeat])
    slope_quat = make_starts(robot, contract, [c], [rng]).slope_quat_w[0]
    spec = robot_spec(robot, PHYSICS_STEP_S)
    Floors([(c.terrain, c.terrain_height_m)], seed).add_to(spec)
    spec.body(f"{FLOOR}_body").quat = slope_quat
    dress(spec)
    return spec.compile()


def frame_count(log: GroupLog, i: int) -> int:
    """How many frames ``write_film`` writes."""
    return video.frame_count(int(log.course.length[i]), log.period_s, _rate_hz(log, i))


def _rate_hz(log: GroupLog, i: int) -> int:
    """Frames for each simulated second."""
    return 2 * FILM_HZ if int(log.course.length[i]) * log.period_s < _SHORT_S else FILM_HZ


def write_film(
    path: Path,
    log: GroupLog,
    i: int,
    contract: PolicyContract,
    seed: int,
    caption: str,
    on_frame: Callable[[], None] = lambda: None,
) -> None:
    """Run ``i`` of a group as MP4, whole or not at all. Raises video.RenderError, InputError."""
    if not log.course.length[i]:
        raise video.RenderError("the run ended at once")
    robot = robots.load(contract.robot)
    model = film_model(robot, contract, log.runs[i], seed)
    episode = episode_log(log, i, contract)
    rate_hz = _rate_hz(log, i)
    if rate_hz > FILM_HZ:
        caption += ", half speed"
    frames = video.render_frames(model, robot, contract, episode, caption, rate_hz)
    video.write_video(path, frames, on_frame, FILM_HZ)
