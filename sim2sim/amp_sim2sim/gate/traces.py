"""Single runs of the gate as episode logs, for the figures that episodes have."""

from __future__ import annotations

from collections.abc import Sequence

from amp_sdk.contract import PolicyContract
from amp_sim2sim.episode import EpisodeLog
from amp_sim2sim.gate.recording import GroupLog
from amp_sim2sim.recorder import FineLog


def episode_log(log: GroupLog, i: int, contract: PolicyContract) -> EpisodeLog:
    """Run ``i`` of a group; torques are those at the start of each control period."""
    course, end = log.course, int(log.course.length[i])
    fine = FineLog(
        log.period_s,
        course.joint_pos[:end, i],
        course.joint_vel[:end, i],
        course.torque_nm[:end, i],
    )
    offset, scale = contract.joint_array("action_offset_rad"), contract.joint_array("action_scale")
    return EpisodeLog(
        number=i,
        period_s=log.period_s,
        duration_s=len(course.base_pos_w) * log.period_s,
        fall=log.falls[i],
        command=log.command[end - 1, i],
        base_pos_w=course.base_pos_w[:end, i],
        base_quat_w=course.base_quat_w[:end, i],
        lin_vel_w=course.lin_vel_w[:end, i],
        ang_vel_b=course.ang_vel_b[:end, i],
        joint_pos=course.joint_pos[:end, i],
        action=(course.target_rad[:end, i] - offset) / scale,
        foot_contact=course.foot_contact[:end, i],
        fine=fine,
    )


def find_run(
    logs: Sequence[GroupLog], scenario: str, value: float | None, across: float | None
) -> tuple[GroupLog, int] | None:
    """The run at a point that fell first, or its first one where none fell."""
    found = [
        (log, i)
        for log in logs
        for i, run in enumerate(log.runs)
        if (run.scenario, run.value, run.across) == (scenario, value, across)
    ]
    if not found:
        return None
    return min(found, key=lambda item: int(item[0].course.length[item[1]]))
