"""Each run in numbers, from the logs of its group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sim2sim import metrics
from amp_sim2sim.clips import ClipComparison
from amp_sim2sim.episode import Fall
from amp_sim2sim.evaluate import SETTLING_S
from amp_sim2sim.gate.plan import Run
from amp_sim2sim.gate.recording import GroupLog

RECOVERY_S = 1.5
SLOW_M_S = 0.4


@dataclass(frozen=True)
class Measures:
    """One run; None where it does not apply or the run ended too early to tell.

    Speeds count one second after the start and after the loop has ramped the command to another
    one, and 1.5 s after a push. ``speed_error`` is the distance of the mean planar velocity
    (heading frame) from the command, in shares of the commanded speed, which counts as 0.4 m/s
    where it is less. ``limit_violation_share`` and ``saturation_share`` (at 99 % of the torque
    limit or above) are of the time, of the joint that is worst; ``target_roughness_rad`` is the
    root mean square of the second difference of the joint targets;
    ``foot_slip_m_s`` the mean speed of feet in contact.
    """

    speed_error: float | None
    yaw_rate_error_rad_s: float | None
    limit_violation_share: float
    saturation_share: float
    target_roughness_rad: float
    cost_of_transport: float | None
    foot_slip_m_s: float | None
    joint_error_rad: float | None


@dataclass(frozen=True)
class RunResult:
    """One run and what came of it."""

    run: Run
    fall: Fall | None
    measures: Measures


def measure_group(
    log: GroupLog,
    contract: PolicyContract,
    comparison: ClipComparison | None,
    with_clips: frozenset[str],
) -> list[RunResult]:
    """The measures of a group's runs; clips are compared in the scenarios ``with_clips`` only,
    since that is slow."""
    results = []
    for i, run in enumerate(log.runs):
        clips = comparison if run.scenario in with_clips else None
        results.append(RunResult(run, log.falls[i], _measure(log, i, contract, clips)))
    return results


def _measure(
    log: GroupLog, i: int, contract: PolicyContract, comparison: ClipComparison | None
) -> Measures:
    course, sums, end = log.course, log.sums, int(log.course.length[i])
    settle = round(SETTLING_S / log.period_s)
    steps = max(1.0, float(sums.steps[i]))
    distance = metrics.path_length_m(course.base_pos_w[:end:settle, i])
    speed, yaw = _tracking(log, i, contract)
    touching = int(course.foot_contact[settle:end, i].sum())
    slip = float(course.slip_m_s[settle:end, i].sum()) / touching if touching else None
    joint_error = None
    if comparison is not None and end > settle + 1:
        joint_error = comparison.joint_error(course.joint_pos[settle:end, i], log.period_s)
    weight_n = float(log.mass_kg[i]) * metrics.GRAVITY_M_S2
    return Measures(
        speed_error=speed,
        yaw_rate_error_rad_s=yaw,
        limit_violation_share=float(sums.beyond[i].max()) / steps,
        saturation_share=float(sums.saturated[i].max()) / steps,
        target_roughness_rad=float(np.sqrt(metrics.action_roughness(course.target_rad[:end, i]))),
        cost_of_transport=float(sums.work_j[i]) / (weight_n * distance)
        if distance >= 0.5
        else None,
        foot_slip_m_s=slip,
        joint_error_rad=joint_error,
    )


def counted_spans(log: GroupLog, i: int) -> list[slice]:
    """The periods of run ``i`` in which its velocity counts, one span for each command."""
    settle, recover = round(SETTLING_S / log.period_s), round(RECOVERY_S / log.period_s)
    end = int(log.course.length[i])
    starts = [0, *log.changes[i]]
    pushes = np.flatnonzero(log.pushing[:, i])
    spans = []
    for first, last in zip(starts, [*starts[1:], end], strict=True):
        stop = min(last, end)
        cuts = [_reached(log.command[first:stop, i]) + first + settle]
        # after the last push of the span, or after settling
        begin = max(cuts + [int(p) + recover for p in pushes if first <= p < last])
        if stop > begin + 1:
            spans.append(slice(begin, stop))
    return spans


def _reached(command: np.ndarray) -> int:
    """From which row on a command ``[T, C]``, which the loop ramps, stays as it is."""
    changes = np.flatnonzero((np.diff(command, axis=0) != 0.0).any(axis=1))
    return int(changes[-1]) + 1 if len(changes) else 0


def _tracking(log: GroupLog, i: int, contract: PolicyContract) -> tuple[float | None, float | None]:
    """The largest error over the spans, of planar speed and of yaw rate."""
    course = log.course
    planar = [contract.command_index(name) for name in ("lin_vel_x", "lin_vel_y")]
    turn = contract.command_index("ang_vel_z")
    speed: list[float] = []
    yaw: list[float] = []
    for span in counted_spans(log, i):
        quat, command = course.base_quat_w[span, i], log.command[span.start, i]
        velocity = metrics.heading_velocity(course.lin_vel_w[span, i], quat).mean(axis=0)
        asked = np.array([command[k] if k >= 0 else 0.0 for k in planar])
        floor = max(float(np.linalg.norm(asked)), SLOW_M_S)
        if planar[0] >= 0:
            speed.append(float(np.linalg.norm(velocity - asked)) / floor)
        if turn >= 0:
            rate = float(metrics.yaw_rate(course.ang_vel_b[span, i], quat).mean())
            yaw.append(abs(rate - float(command[turn])))
    return max(speed, default=None), max(yaw, default=None)
