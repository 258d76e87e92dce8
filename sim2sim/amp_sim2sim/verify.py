"""A verification: many episodes of one policy, measured and judged."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import mujoco
import numpy as np

import amp_sdk
from amp_sdk import robots
from amp_sdk.contract import check_robot
from amp_sdk.errors import InputError
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sim2sim.check import BasicCheck, Criterion, Targets, judge, passed
from amp_sim2sim.clips import ClipComparison
from amp_sim2sim.episode import EpisodeLog, run_episode
from amp_sim2sim.evaluate import EpisodeResult, Summary, measure_episode, summarise
from amp_sim2sim.physics_step import fitting_step
from amp_sim2sim.scene import PHYSICS_STEP_S, build_model


@dataclass(frozen=True)
class Settings:
    """What is run: episodes of ``duration_s`` each, all random numbers from ``seed``; physics steps
    of ``physics_step_s`` or less, as ``fitting_step`` has them."""

    episodes: int = 32
    seed: int = 0
    duration_s: float = 10.0
    physics_step_s: float = PHYSICS_STEP_S

    def __post_init__(self) -> None:
        if self.episodes < 1:
            raise InputError(f"episodes is {self.episodes}; expected 1 or more")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; expected 0 or more")
        if not 2.0 <= self.duration_s <= 3600.0:
            raise InputError(f"duration_s is {self.duration_s}; expected seconds from 2 to 3600")


@dataclass(frozen=True)
class Results:
    """What is written as JSON; the same policy, settings and versions give the same numbers."""

    passed: bool
    criteria: tuple[Criterion, ...]
    policy: str
    robot: str
    variant: str
    command: dict[str, float]
    clips: tuple[str, ...]
    settings: Settings
    check: BasicCheck
    targets: Targets
    summary: Summary
    episodes: tuple[EpisodeResult, ...]
    amp_sdk_version: str
    mujoco_version: str


@dataclass(frozen=True)
class Verification:
    """Results with what is needed to show them: ``shown`` is the log of the episode to look at."""

    results: Results
    policy: Policy
    robot: RobotSpec
    model: mujoco.MjModel
    comparison: ClipComparison | None
    logs: tuple[EpisodeLog, ...]
    shown: EpisodeLog


def verify(
    policy: Policy,
    settings: Settings,
    check: BasicCheck,
    comparison: ClipComparison | None = None,
    on_episode: Callable[[EpisodeResult], None] | None = None,
) -> Verification:
    """Run and judge ``policy`` on its own robot; ``on_episode`` hears of each finished one.

    Episodes run one after another: with 14 microseconds a physics step, threads spend more time
    on handing over the interpreter than they gain. Raises InputError where the contract does not
    fit the robot or the clip.
    """
    contract = policy.contract
    robot = robots.load(contract.robot)
    check_robot(contract, robot)
    step_s = fitting_step(contract, robot, settings.physics_step_s)
    settings = dataclasses.replace(settings, physics_step_s=step_s)
    model = build_model(robot, settings.physics_step_s)
    mass = float(model.body_subtreemass[0])
    logs: list[EpisodeLog] = []
    episodes: list[EpisodeResult] = []
    shown: EpisodeLog | None = None
    for number in range(settings.episodes):
        with without_warnings():
            log = run_episode(model, robot, policy, settings.seed, number, settings.duration_s)
        episodes.append(measure_episode(log, contract, mass, comparison))
        logs.append(log.without_fine())
        if shown is None or _is_worse(log, shown):
            shown = log
        if on_episode is not None:
            on_episode(episodes[-1])
    assert shown is not None
    results = _results(policy, settings, check, comparison, tuple(episodes))
    return Verification(results, policy, robot, model, comparison, tuple(logs), shown)


@contextlib.contextmanager
def without_warnings() -> Iterator[None]:
    """Keep MuJoCo from writing MUJOCO_LOG.TXT where it stands: divergence is reported as a fall."""
    before = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda _: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(before)


def _is_worse(log: EpisodeLog, shown: EpisodeLog) -> bool:
    """The first episode is shown, unless one falls: then the one that falls first."""
    if log.fall is None:
        return False
    return shown.fall is None or log.fall.time_s < shown.fall.time_s


def _results(
    policy: Policy,
    settings: Settings,
    check: BasicCheck,
    comparison: ClipComparison | None,
    episodes: tuple[EpisodeResult, ...],
) -> Results:
    contract = policy.contract
    still = None if comparison is None else comparison.mean_pose_distance()
    forward = contract.command_index("lin_vel_x")
    targets = Targets(
        speed_m_s=float(contract.nominal_command[forward]) if forward >= 0 else None,
        mean_pose_error_rad=None if still is None else still.joint_error_rad,
        mean_pose_error_m=None if still is None else still.pose_error_m,
    )
    summary = summarise(episodes, contract)
    criteria = judge(check, summary, targets)
    names = [command.name for command in contract.commands]
    return Results(
        passed=passed(criteria),
        criteria=criteria,
        policy=policy.path,
        robot=contract.robot,
        variant=contract.variant,
        command=dict(zip(names, np.asarray(contract.nominal_command).tolist(), strict=True)),
        clips=() if comparison is None else comparison.names,
        settings=settings,
        check=check,
        targets=targets,
        summary=summary,
        episodes=episodes,
        amp_sdk_version=amp_sdk.__version__,
        mujoco_version=mujoco.__version__,
    )
