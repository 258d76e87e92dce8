"""The verdict: what a policy must show, and whether it did."""

from __future__ import annotations

import math
from dataclasses import dataclass

from amp_sdk.errors import InputError
from amp_sim2sim.evaluate import Summary

NO_FALLS, FORWARD_SPEED, JOINT_ERROR = (
    "episodes without a fall",
    "forward speed",
    "joint error to the clip",
)


@dataclass(frozen=True)
class BasicCheck:
    """Thresholds of the basic check.

    The speed may differ from the command by ``max_speed_error`` of it, or by
    ``min_speed_tolerance_m_s`` where that is more (a command to stand has no relative error).
    ``max_joint_error_rad`` is only required where given.
    """

    min_no_fall_share: float = 0.95
    max_speed_error: float = 0.15
    min_speed_tolerance_m_s: float = 0.05
    max_joint_error_rad: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.min_no_fall_share <= 1.0:
            raise InputError(f"min_no_fall_share is {self.min_no_fall_share}; expected 0 to 1")
        for name in ("max_speed_error", "min_speed_tolerance_m_s", "max_joint_error_rad"):
            value = getattr(self, name)
            if value is not None and not (value > 0.0 and math.isfinite(value)):
                raise InputError(f"{name} is {value}; expected > 0")


@dataclass(frozen=True)
class Criterion:
    """One line of the verdict; ``passed`` is None where it is only reported.

    ``value`` and ``threshold`` are in ``unit``; ``text`` says both for a person.
    """

    name: str
    unit: str
    value: float | None
    threshold: float | None
    text: str
    passed: bool | None


@dataclass(frozen=True)
class Targets:
    """What the policy was to do: the commanded speed, and how well a still pose matches the clip.

    ``speed_m_s`` is None where the policy has no forward command; ``mean_pose_error_rad`` and
    ``mean_pose_error_m`` are the joint error and the pose error of holding the clip's mean pose,
    None without a clip.
    """

    speed_m_s: float | None
    mean_pose_error_rad: float | None
    mean_pose_error_m: float | None


def judge(check: BasicCheck, summary: Summary, targets: Targets) -> tuple[Criterion, ...]:
    """The verdict, criterion by criterion."""
    return (
        _falls(check, summary),
        _speed(check, summary, targets.speed_m_s),
        _joint_error(check, summary, targets.mean_pose_error_rad),
    )


def passed(criteria: tuple[Criterion, ...]) -> bool:
    """Whether no criterion failed."""
    return all(criterion.passed is not False for criterion in criteria)


def _falls(check: BasicCheck, summary: Summary) -> Criterion:
    share = summary.no_fall_share
    return Criterion(
        name=NO_FALLS,
        unit="1",
        value=share,
        threshold=check.min_no_fall_share,
        text=f"{summary.episodes - summary.falls} of {summary.episodes} "
        f"({share:.0%}), at least {check.min_no_fall_share:.0%}",
        passed=share >= check.min_no_fall_share,
    )


def _speed(check: BasicCheck, summary: Summary, target: float | None) -> Criterion:
    name, speed = FORWARD_SPEED, summary.forward_speed_m_s
    if target is None:
        found = "unknown" if speed is None else f"{speed:.2f} m/s"
        text = f"{found}; the policy has no forward command"
        return Criterion(name, "m/s", None, None, text, None)
    tolerance = max(check.max_speed_error * abs(target), check.min_speed_tolerance_m_s)
    goal = f"command {target:.2f} +- {tolerance:.2f} m/s"
    if speed is None:
        text = f"no episode lasted long enough to tell; {goal}"
        return Criterion(name, "m/s", None, tolerance, text, False)
    error = abs(speed - target)
    relative = f", {speed / target - 1.0:+.1%}" if target else ""
    text = f"{round(speed, 2) + 0.0:.2f} m/s{relative}; {goal}"
    return Criterion(name, "m/s", error, tolerance, text, error <= tolerance)


def _joint_error(check: BasicCheck, summary: Summary, mean_pose: float | None) -> Criterion:
    name, limit, error = JOINT_ERROR, check.max_joint_error_rad, summary.joint_error_rad
    if mean_pose is None:
        text = "no clip to compare with; name one with --motion"
        return Criterion(name, "rad", None, limit, text, None if limit is None else False)
    goal = f"holding the clip's mean pose scores {mean_pose:.3f}"
    if limit is not None:
        goal = f"at most {limit:g} rad; {goal}"
    if error is None:
        text = f"no episode lasted long enough to tell; {goal}"
        return Criterion(name, "rad", None, limit, text, None if limit is None else False)
    text = f"{error:.3f} rad; {goal}"
    return Criterion(name, "rad", error, limit, text, None if limit is None else error <= limit)
