"""Defects that real motion files have, found before they cost a training run."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion import lint_feet
from amp_sdk.motion.finding import NOTE, PROBLEM, Finding
from amp_sdk.motion.formats.raw import RawMotion
from amp_sdk.robots import RobotSpec

_UNIT_TOLERANCE = 1e-3
_LIMIT_TOLERANCE_RAD = 1e-3
_MAX_ROOT_SPEED_M_S = 10.0
_MAX_ROOT_RATE_RAD_S = 30.0
_GAP_FLOOR_RAD = 0.01
_GAP_FLOOR_M = 0.005
_RATE_TOLERANCE = 0.1
_MOVING_RAD_S = 0.1


@dataclass(frozen=True, eq=False)
class Motion:
    """A raw motion with a frame rate and its joints in the robot's order."""

    raw: RawMotion
    robot: RobotSpec
    fps: float
    loop: str
    joint_pos: np.ndarray
    joint_vel: Optional[np.ndarray]

    @property
    def finite(self) -> bool:
        """Whether every number is one."""
        raw = self.raw
        return all(
            bool(np.all(np.isfinite(a))) for a in (raw.root_pos_w, raw.root_quat_w, raw.joint_pos)
        )


def lint(
    raw: RawMotion, robot: RobotSpec, fps: Optional[float] = None, loop: Optional[str] = None
) -> List[Finding]:
    """Everything that looks wrong with a motion; empty for a clean one.

    ``fps`` and ``loop`` override the file's. Raises InputError where there is no frame rate.
    """
    rate, loop = raw.fps if fps is None else fps, loop or raw.loop or "clamp"
    if rate is None or not rate > 0:
        raise InputError(
            f"{raw.source}: a {raw.format} does not store its frame rate; give it (--fps NUMBER)"
            if rate is None
            else f"{raw.source}: expected a frame rate above zero, found {rate}"
        )
    if len(raw.joint_pos) < 2:
        raise InputError(f"{raw.source}: expected at least 2 frames, found {len(raw.joint_pos)}")
    order = [raw.joint_names.index(name) for name in robot.joint_names]
    stored = None if raw.joint_vel is None else raw.joint_vel[:, order]
    motion = Motion(raw, robot, rate, loop, raw.joint_pos[:, order], stored)
    checks: Sequence[Callable[[Motion], Iterator[Finding]]] = (
        _finite,
        _quaternions,
        _joint_limits,
        _joint_speeds,
        _root_jumps,
        _repeated_frames,
        _stored_velocities,
        _loop_gap,
    )
    with np.errstate(invalid="ignore"):  # infinite values have a check of their own
        found = [finding for check in checks for finding in check(motion)]
    if motion.finite:
        quat = rotations.normalize(raw.root_quat_w)
        found += lint_feet.check(robot, rate, raw.root_pos_w, quat, motion.joint_pos)
    else:
        found.append(Finding("feet", NOTE, "not checked: not every number is finite"))
    return [dataclasses.replace(finding, frames=finding.frames[:10]) for finding in found]


def _finite(motion: Motion) -> Iterator[Finding]:
    raw = motion.raw
    for name, column in _columns(motion):
        bad = np.flatnonzero(~np.isfinite(column))
        if len(bad):
            text = f"{name}: {len(bad)} of {len(raw.joint_pos)} values are not finite"
            yield Finding("not_finite", PROBLEM, text, float(len(bad)), tuple(bad.tolist()))


def _columns(motion: Motion) -> Iterator[Tuple[str, np.ndarray]]:
    raw = motion.raw
    yield from zip((f"root position {axis}" for axis in "xyz"), raw.root_pos_w.T)
    yield from zip((f"root rotation {axis}" for axis in "wxyz"), raw.root_quat_w.T)
    yield from zip(motion.robot.joint_names, motion.joint_pos.T)


def _quaternions(motion: Motion) -> Iterator[Finding]:
    quat = motion.raw.root_quat_w
    off = np.abs(np.linalg.norm(quat, axis=1) - 1)
    bad = np.flatnonzero(off > _UNIT_TOLERANCE)
    if len(bad):
        text = f"root rotation: not of unit length at {len(bad)} frames, by up to {off.max():.3g}"
        yield Finding("quaternion_length", PROBLEM, text, float(off.max()), tuple(bad.tolist()))
    flips = np.flatnonzero(np.sum(quat[1:] * quat[:-1], axis=1) < 0) + 1
    if len(flips):
        text = f"root rotation: the sign flips at {len(flips)} frames; loading makes it continuous"
        yield Finding("quaternion_sign", NOTE, text, float(len(flips)), tuple(flips.tolist()))


def _joint_limits(motion: Motion) -> Iterator[Finding]:
    robot = motion.robot
    lower, upper = robot.joint_lower_rad, robot.joint_upper_rad
    excess = np.maximum(lower - motion.joint_pos, motion.joint_pos - upper)
    yield from _per_joint(
        motion, excess, _LIMIT_TOLERANCE_RAD, "joint_limit", "{} beyond its limits"
    )


def _joint_speeds(motion: Motion) -> Iterator[Finding]:
    speed = np.abs(np.diff(motion.joint_pos, axis=0)) * motion.fps
    excess = speed - motion.robot.velocity_limit_rad_s
    text = "{} above its motor's speed"
    yield from _per_joint(motion, excess, 0.0, "joint_speed", text, "rad/s")


def _per_joint(
    motion: Motion, excess: np.ndarray, tolerance: float, check: str, text: str, unit: str = "rad"
) -> Iterator[Finding]:
    for joint, column in zip(motion.robot.joint_names, excess.T):
        bad = np.flatnonzero(column > tolerance)  # false for NaN, which has its own check
        if len(bad):
            worst = float(column[bad].max())
            said = text.format(f"up to {worst:.3g} {unit}")
            message = f"{joint}: {said} at {len(bad)} of {len(column)} frames"
            yield Finding(check, PROBLEM, message, worst, tuple(bad.tolist()))


def _root_jumps(motion: Motion) -> Iterator[Finding]:
    raw = motion.raw
    quat = rotations.normalize(raw.root_quat_w)
    linear = np.linalg.norm(np.diff(raw.root_pos_w, axis=0), axis=1) * motion.fps
    angular = rotations.angle_between(quat[:-1], quat[1:]) * motion.fps
    for what, speed, limit, unit in (
        ("position", linear, _MAX_ROOT_SPEED_M_S, "m/s"),
        ("rotation", angular, _MAX_ROOT_RATE_RAD_S, "rad/s"),
    ):
        bad = np.flatnonzero(speed > limit)
        if len(bad):
            worst = float(speed[bad].max())
            text = f"root {what}: jumps at {len(bad)} frames, up to {worst:.3g} {unit}"
            yield Finding("root_jump", PROBLEM, text, worst, tuple(bad.tolist()))


def _repeated_frames(motion: Motion) -> Iterator[Finding]:
    raw = motion.raw
    frames = np.hstack([raw.root_pos_w, raw.root_quat_w, raw.joint_pos])
    same = np.all(frames[1:] == frames[:-1], axis=1)
    if same.all():
        return  # a pose that is held
    if same[0]:
        times = int(np.argmin(same)) + 1
        text = f"the first frame is there {times} times; the motion starts at rest with a jerk"
        yield Finding("first_frame_repeated", PROBLEM, text, float(times), tuple(range(times)))
    later = np.flatnonzero(same[int(np.argmin(same)) :]) + int(np.argmin(same)) + 1
    if len(later):
        text = f"{len(later)} frames repeat the one before; was a slower recording resampled?"
        yield Finding("frame_repeated", NOTE, text, float(len(later)), tuple(later.tolist()))


def _stored_velocities(motion: Motion) -> Iterator[Finding]:
    """Compare the file's joint velocities with differences of its angles.

    Files store forward, central or backward differences, or a simulator's; the closest is taken.
    """
    stored = motion.joint_vel
    if stored is None or len(stored) < 4 or not np.all(np.isfinite(stored)) or not motion.finite:
        return
    step = np.diff(motion.joint_pos, axis=0) * motion.fps
    if np.sqrt(np.mean(step**2)) < _MOVING_RAD_S:
        return
    middle = stored[1:-1]
    kinds = (step[1:], (step[1:] + step[:-1]) / 2, step[:-1])
    fits = [float(np.sum(middle * kind) / np.sum(kind**2)) for kind in kinds]
    errors = [float(np.mean((middle - fit * kind) ** 2)) for fit, kind in zip(fits, kinds)]
    fit = fits[int(np.argmin(errors))]
    if abs(fit - 1) > _RATE_TOLERANCE:
        text = (
            f"the stored joint velocities fit {fit * motion.fps:.4g} frames per second, the file "
            f"says {motion.fps:.4g}"
        )
        yield Finding("frame_rate", PROBLEM, text, fit)
    scale = max(float(np.abs(middle).max()), _MOVING_RAD_S)
    first = float(np.abs(stored[0] - fit * step[0]).max())
    if first > 0.5 * scale:
        text = f"the stored joint velocity of the first frame is off by {first:.3g} rad/s"
        yield Finding("first_velocity", PROBLEM, text, first, (0,))


def _loop_gap(motion: Motion) -> Iterator[Finding]:
    if motion.loop != "wrap":
        return
    raw = motion.raw
    quat = rotations.normalize(raw.root_quat_w)
    level = rotations.without_heading(quat)
    turn = rotations.heading(rotations.multiply(rotations.conjugate(quat[0]), quat[-1]))
    if not raw.wrap_heading and abs(turn) > 0.1:
        text = f"a cycle turns by {turn:.3g} rad, which a wrapped clip does not carry on"
        yield Finding("loop_turn", NOTE, text, float(turn))
    tilt = rotations.angle_between(level[-1], level[0])
    for what, gap, steps, floor, unit in (
        ("joints", np.abs(motion.joint_pos[-1] - motion.joint_pos[0]).max(),
         np.abs(np.diff(motion.joint_pos, axis=0)), _GAP_FLOOR_RAD, "rad"),
        ("height", abs(raw.root_pos_w[-1, 2] - raw.root_pos_w[0, 2]),
         np.abs(np.diff(raw.root_pos_w[:, 2])), _GAP_FLOOR_M, "m"),
        ("tilt", tilt, rotations.angle_between(level[:-1], level[1:]), _GAP_FLOOR_RAD, "rad"),
    ):  # fmt: skip
        largest = max(float(steps.max()), floor)
        if gap > 2 * largest:
            text = f"loop gap: {what} jump by {gap:.3g} {unit} from the last frame to the first"
            yield Finding("loop_gap", PROBLEM, text, float(gap), (len(quat) - 1,))
        elif gap > 0.5 * largest:
            text = (
                f"loop gap: {what} jump by {gap:.3g} {unit}, about one frame's step; the last "
                "frame should be the first of the next cycle"
            )
            yield Finding("loop_gap", NOTE, text, float(gap), (len(quat) - 1,))
