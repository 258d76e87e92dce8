"""Clips from files of any known format, recognised by content, or from the generator."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Optional, Union

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError, MotionWarning, closest
from amp_sdk.motion.clip import MotionClip
from amp_sdk.motion.formats import (
    amass,
    amp_for_hardware,
    deepmimic,
    interchange,
    mimickit,
    poselib,
    unitree_csv,
)
from amp_sdk.motion.formats.raw import RawMotion
from amp_sdk.motion.generate import GENERATORS, GaitParameters, generate
from amp_sdk.robots import RobotSpec

FORMATS = (amass, interchange, mimickit, poselib, deepmimic, amp_for_hardware, unitree_csv)
_MAX_BYTES = 512 * 1024 * 1024
_NORM_TOLERANCE = 0.05


def load_clip(
    source: Union[str, Path],
    robot: RobotSpec,
    fps: Optional[float] = None,
    loop: Optional[str] = None,
) -> MotionClip:
    """The clip of ``source``, a file or the name of a generator such as "go2_trot".

    Joints are in the robot's order, whatever the file's is. ``fps`` is needed where the format does
    not store it (Unitree CSV) and otherwise overrides the file's; for a generator it is the rate to
    generate at. ``loop`` ("wrap" or "clamp") overrides too; a format without one is clamped.
    Raises InputError that says what was expected, what was found and what to do.
    """
    return to_clip(read_raw(source, robot, fps), robot, fps, loop)


def read_raw(source: Union[str, Path], robot: RobotSpec, fps: Optional[float] = None) -> RawMotion:
    """What a file holds, in its own order and unchecked, for tools that look for defects.

    A generator's name is taken too, with ``fps`` as the rate to generate at. Raises InputError.
    """
    where = str(source)
    if where in GENERATORS:
        parameters = GaitParameters() if fps is None else GaitParameters(fps=fps)
        return of_clip(generate(where, robot, parameters))
    data = _content(Path(source))
    for file_format in FORMATS:
        if file_format.recognises(data):
            return file_format.parse(data, where, robot)
    known = ", ".join(file_format.NAME for file_format in FORMATS)
    raise InputError(f"{where}: not a motion file that is known; formats that are read: {known}")


def to_clip(
    raw: RawMotion, robot: RobotSpec, fps: Optional[float] = None, loop: Optional[str] = None
) -> MotionClip:
    """A checked clip in the robot's joint order. Arguments and errors as of ``load_clip``."""
    rate = raw.fps if fps is None else fps
    if rate is None:
        raise InputError(
            f"{raw.source}: a {raw.format} does not store its frame rate; give it "
            "(--fps NUMBER, or fps=NUMBER)"
        )
    norm = np.linalg.norm(raw.root_quat_w, axis=1)
    wrong = np.flatnonzero(np.abs(norm - 1) > _NORM_TOLERANCE)
    if len(wrong):
        raise InputError(
            f"{raw.source}: expected root rotations of unit length, found {norm[wrong[0]]:.4g} at "
            f"frame {wrong[0]} ({len(wrong)} such frames); are these the columns of a {raw.format}?"
        )
    clip = MotionClip(
        name=raw.name,
        robot=robot.name,
        fps=rate,
        joint_names=raw.joint_names,
        root_pos_w=raw.root_pos_w,
        root_quat_w=rotations.normalize(raw.root_quat_w),
        joint_pos=_with_unknown_joints_held(raw, robot),
        loop=loop or raw.loop or "clamp",
        source=raw.source,
        wrap_heading=raw.wrap_heading,
        weight=raw.weight,
    )
    return clip.in_order(robot.joint_names)


def _with_unknown_joints_held(raw: RawMotion, robot: RobotSpec) -> np.ndarray:
    """The joint angles with joints that are NaN in every frame at the robot's stand pose.

    Some recordings know nothing of a neck. A joint that is NaN in some frames only is damage.
    """
    unknown = np.all(np.isnan(raw.joint_pos), axis=0).reshape(-1)
    if not unknown.any() or unknown.all() or len(raw.joint_names) != len(unknown):
        return raw.joint_pos
    names = [name for name, bad in zip(raw.joint_names, unknown) if bad]
    held = [robot.default_joint_pos_rad[robot.joint_index([name])[0]] for name in names]
    joint_pos = raw.joint_pos.copy()
    joint_pos[:, unknown] = held
    warnings.warn(
        f"{raw.source}: {', '.join(names)}: NaN in every frame; held at the stand pose "
        f"({', '.join(f'{value:g}' for value in held)} rad), so a discriminator that sees them "
        "learns to want them still",
        MotionWarning,
        stacklevel=3,
    )
    return joint_pos


def of_clip(clip: MotionClip) -> RawMotion:
    """A clip as if it were read, for the linter."""
    return RawMotion(
        format="generated",
        source=clip.source,
        name=clip.name,
        joint_names=clip.joint_names,
        root_pos_w=clip.root_pos_w,
        root_quat_w=clip.root_quat_w,
        joint_pos=clip.joint_pos,
        fps=clip.fps,
        loop=clip.loop,
        wrap_heading=clip.wrap_heading,
        weight=clip.weight,
    )


def _content(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path}: larger than {_MAX_BYTES} bytes; not a motion clip")
        data = path.read_bytes()
    except FileNotFoundError as error:
        hint = closest(path.name, GENERATORS)
        raise InputError(f"no motion file {path}, and no generator of that name; {hint}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read the motion file {path}: {reason}") from error
    if not data.strip():
        raise InputError(f"{path}: the file is empty; expected a motion clip; copy it again")
    return data
