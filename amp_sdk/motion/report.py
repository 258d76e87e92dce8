"""What a clip is, for a person and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

import numpy as np

from amp_sdk import rotations
from amp_sdk.motion.clip import MotionClip
from amp_sdk.motion.velocity import frame_velocities


@dataclass(frozen=True)
class JointInfo:
    """The range and the highest speed of one joint in a clip."""

    name: str
    lower_rad: float
    upper_rad: float
    max_speed_rad_s: float


@dataclass(frozen=True)
class ClipInfo:
    """A clip in figures. ``mean_velocity_xy_m_s`` is in the heading frame of the first frame."""

    name: str
    source: str
    format: str
    robot: str
    fps: float
    frames: int
    duration_s: float
    loop: str
    wrap_heading: bool
    weight: float
    mean_velocity_xy_m_s: Tuple[float, float]
    turn_rad: float
    root_height_m: Tuple[float, float]
    joints: Tuple[JointInfo, ...]


def describe(clip: MotionClip, file_format: str) -> ClipInfo:
    """The figures of ``clip``, which came in ``file_format``."""
    heading = np.unwrap(rotations.heading(clip.root_quat_w))
    speed = np.abs(frame_velocities(clip)[2]).max(axis=0)
    lower, upper = clip.joint_pos.min(axis=0), clip.joint_pos.max(axis=0)
    x, y = clip.mean_velocity_xy.tolist()
    height = clip.root_pos_w[:, 2]
    return ClipInfo(
        name=clip.name,
        source=clip.source,
        format=file_format,
        robot=clip.robot,
        fps=clip.fps,
        frames=clip.num_frames,
        duration_s=clip.duration_s,
        loop=clip.loop,
        wrap_heading=clip.wrap_heading,
        weight=clip.weight,
        mean_velocity_xy_m_s=(x, y),
        turn_rad=float(heading[-1] - heading[0]),
        root_height_m=(float(height.min()), float(height.max())),
        joints=tuple(
            JointInfo(name, float(low), float(high), float(fast))
            for name, low, high, fast in zip(clip.joint_names, lower, upper, speed)
        ),
    )


def text(info: ClipInfo) -> str:
    """``info`` in lines."""
    wrap = " (and carries on its direction)" if info.wrap_heading else ""
    (x, y), (low, high) = info.mean_velocity_xy_m_s, info.root_height_m
    lines: List[str] = [
        info.source,
        f"  format    {info.format}",
        f"  robot     {info.robot}, {len(info.joints)} joints",
        f"  length    {info.frames} frames at {info.fps:.6g} per second: {info.duration_s:.3f} s",
        f"  loop      {info.loop}{wrap}",
        f"  velocity  {x:.3f} m/s forward, {y:.3f} m/s to the left",
        f"  turn      {info.turn_rad:.3f} rad from the first frame to the last",
        f"  height    {low:.3f} to {high:.3f} m",
    ]
    width = max(len(joint.name) for joint in info.joints)
    lines.append(f"  {'joint':{width}s}  lowest rad  highest rad  fastest rad/s")
    lines += [
        f"  {joint.name:{width}s}  {joint.lower_rad:10.3f}  {joint.upper_rad:11.3f}"
        f"  {joint.max_speed_rad_s:13.2f}"
        for joint in info.joints
    ]
    return "\n".join(lines)
