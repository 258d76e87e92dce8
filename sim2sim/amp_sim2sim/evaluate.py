"""From logs to numbers: the measures of each episode and of all of them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sim2sim import metrics
from amp_sim2sim.clips import ClipComparison
from amp_sim2sim.episode import EpisodeLog, Fall

SETTLING_S = 1.0
"""Speeds and joint angles count from here on: the robot starts at rest."""


@dataclass(frozen=True)
class EpisodeResult:
    """One episode in numbers; None where it ended too early to tell.

    Speeds are means after the first second, in the heading frame. ``joint_error_rad`` and
    ``pose_error_m`` are the distance to the nearest clip after time warping.
    """

    number: int
    fall: Fall | None
    survived_share: float
    forward_speed_m_s: float | None
    lateral_speed_m_s: float | None
    yaw_rate_rad_s: float | None
    joint_error_rad: float | None
    pose_error_m: float | None
    torque_rms_nm: tuple[float, ...]
    saturation_share: tuple[float, ...]
    action_roughness: float
    limit_violation_share: float
    limit_excess_rad: float
    cost_of_transport: float | None


@dataclass(frozen=True)
class Summary:
    """All episodes in numbers; means over episodes unless named otherwise."""

    episodes: int
    falls: int
    no_fall_share: float
    survival_share: float
    forward_speed_m_s: float | None
    forward_speed_min_m_s: float | None
    forward_speed_max_m_s: float | None
    lateral_speed_error_m_s: float | None
    yaw_rate_error_rad_s: float | None
    joint_error_rad: float | None
    pose_error_m: float | None
    torque_rms_nm: float
    torque_rms_joint_nm: dict[str, float]
    saturation_share: float
    saturation_joint_share: dict[str, float]
    action_roughness: float
    limit_violation_share: float
    limit_excess_max_rad: float
    cost_of_transport: float | None


def measure_episode(
    log: EpisodeLog, contract: PolicyContract, mass_kg: float, comparison: ClipComparison | None
) -> EpisodeResult:
    """The measures of one episode; ``log`` must have its record of every physics step."""
    assert log.fine is not None
    first = round(SETTLING_S / log.period_s)
    settled = slice(first, None) if len(log.action) > first + 1 else None
    forward = lateral = yaw_rate = distance = None
    if settled is not None:
        velocity = metrics.heading_velocity(log.lin_vel_w[settled], log.base_quat_w[settled])
        forward, lateral = (float(v) for v in velocity.mean(axis=0))
        yaw_rate = float(metrics.yaw_rate(log.ang_vel_b, log.base_quat_w)[settled].mean())
        if comparison is not None:
            pose = log.base_quat_w[settled], log.joint_pos[settled]
            distance = comparison.distance(*pose, log.period_s)
    fine = log.fine
    lower, upper = contract.joint_array("lower_rad"), contract.joint_array("upper_rad")
    excess = metrics.limit_excess_rad(fine.joint_pos, lower, upper)
    saturation = metrics.saturation_share(fine.torque_nm, contract.joint_array("effort_limit_nm"))
    # a point each second, so that the sway within a stride is no distance
    travelled = metrics.path_length_m(log.base_pos_w[:: max(1, first)])
    return EpisodeResult(
        number=log.number,
        fall=log.fall,
        survived_share=1.0 if log.fall is None else log.fall.time_s / log.duration_s,
        forward_speed_m_s=forward,
        lateral_speed_m_s=lateral,
        yaw_rate_rad_s=yaw_rate,
        joint_error_rad=None if distance is None else distance.joint_error_rad,
        pose_error_m=None if distance is None else distance.pose_error_m,
        torque_rms_nm=tuple(metrics.torque_rms_nm(fine.torque_nm).tolist()),
        saturation_share=tuple(saturation.tolist()),
        action_roughness=metrics.action_roughness(log.action),
        limit_violation_share=float(np.mean(excess > 1e-4)),
        limit_excess_rad=float(excess.max()),
        cost_of_transport=metrics.cost_of_transport(
            fine.torque_nm, fine.joint_vel, fine.step_s, mass_kg, travelled
        ),
    )


def summarise(results: Sequence[EpisodeResult], contract: PolicyContract) -> Summary:
    """The measures of all episodes together."""
    speeds = [r.forward_speed_m_s for r in results]
    torque = np.array([r.torque_rms_nm for r in results])
    saturation = np.array([r.saturation_share for r in results])
    falls = sum(r.fall is not None for r in results)
    lateral, yaw_rate = (_nominal(contract, name) for name in ("lin_vel_y", "ang_vel_z"))
    return Summary(
        episodes=len(results),
        falls=falls,
        no_fall_share=1.0 - falls / len(results),
        survival_share=float(np.mean([r.survived_share for r in results])),
        forward_speed_m_s=_over(np.mean, speeds),
        forward_speed_min_m_s=_over(np.min, speeds),
        forward_speed_max_m_s=_over(np.max, speeds),
        lateral_speed_error_m_s=_mean_error([r.lateral_speed_m_s for r in results], lateral),
        yaw_rate_error_rad_s=_mean_error([r.yaw_rate_rad_s for r in results], yaw_rate),
        joint_error_rad=_over(np.mean, [r.joint_error_rad for r in results]),
        pose_error_m=_over(np.mean, [r.pose_error_m for r in results]),
        torque_rms_nm=float(np.sqrt(np.mean(np.square(torque)))),
        torque_rms_joint_nm=_by_joint(contract, np.sqrt(np.mean(np.square(torque), axis=0))),
        saturation_share=float(saturation.mean()),
        saturation_joint_share=_by_joint(contract, saturation.mean(axis=0)),
        action_roughness=float(np.mean([r.action_roughness for r in results])),
        limit_violation_share=float(np.mean([r.limit_violation_share for r in results])),
        limit_excess_max_rad=max(r.limit_excess_rad for r in results),
        cost_of_transport=_over(np.mean, [r.cost_of_transport for r in results]),
    )


def _nominal(contract: PolicyContract, name: str) -> float:
    """The commanded value; a velocity that is no command should be zero."""
    index = contract.command_index(name)
    return float(contract.nominal_command[index]) if index >= 0 else 0.0


def _over(
    function: Callable[[list[float]], np.floating], values: Sequence[float | None]
) -> float | None:
    known = [v for v in values if v is not None]
    return float(function(known)) if known else None


def _mean_error(values: Sequence[float | None], target: float) -> float | None:
    return _over(np.mean, [None if v is None else abs(v - target) for v in values])


def _by_joint(contract: PolicyContract, values: np.ndarray) -> dict[str, float]:
    return dict(zip(contract.joint_names, values.tolist(), strict=True))
