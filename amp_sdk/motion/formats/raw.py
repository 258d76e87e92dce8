"""``RawMotion``: what a file holds, before anything in it is trusted or put in our order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Set, Tuple

import numpy as np

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec

MAX_NUMBERS = 50_000_000


@dataclass(frozen=True, eq=False)
class RawMotion:
    """A motion as stored: values may be NaN and quaternions of any length.

    Attributes:
        format, source: the format's name, and the file.
        joint_names: the order of the columns of ``joint_pos`` in this file.
        root_pos_w: [T, 3] m. root_quat_w: [T, 4], already in the order wxyz. joint_pos: [T, J] rad.
        fps, loop: None where the format does not store it.
        joint_vel: [T, J] rad/s where the file has its own velocities, for the linter only.
        name, wrap_heading, weight: as of ``MotionClip``.
    """

    format: str
    source: str
    name: str
    joint_names: Tuple[str, ...]
    root_pos_w: np.ndarray
    root_quat_w: np.ndarray
    joint_pos: np.ndarray
    fps: Optional[float]
    loop: Optional[str]
    joint_vel: Optional[np.ndarray] = None
    wrap_heading: bool = False
    weight: float = 1.0


def number_table(rows: Any, where: str) -> np.ndarray:
    """Frames [T, W] float64 from a 2-D array, or a list of lists, of numbers.

    Raises InputError that names the first frame that is not a row of W numbers.
    """
    if isinstance(rows, np.ndarray):
        if rows.ndim != 2 or rows.dtype.kind not in "iuf":
            raise InputError(f"{where}: expected frames x numbers, found {rows.dtype} {rows.shape}")
        return rows.astype(np.float64)
    if not isinstance(rows, (list, tuple)) or not rows:
        raise InputError(f"{where}: expected a list of frames, found {_brief(rows)}")
    widths = [_width(row, frame, where) for frame, row in enumerate(rows)]
    for frame, width in enumerate(widths):
        if width != widths[0]:
            raise InputError(
                f"{where}: frame {frame} has {width} numbers, the frames before have {widths[0]}"
            )
    # before the numbers are looked at: a small file can repeat one large row a million times
    if sum(widths) > MAX_NUMBERS:
        raise InputError(f"{where}: more than {MAX_NUMBERS} numbers; not a motion clip")
    plain = [_row(row, frame, where) for frame, row in enumerate(rows)]
    try:
        return np.array(plain, dtype=np.float64)
    except OverflowError as error:
        raise InputError(f"{where}: a number is too large for a motion: {error}") from error


def _width(row: Any, frame: int, where: str) -> int:
    array = isinstance(row, np.ndarray) and row.ndim == 1 and row.dtype.kind in "iuf"
    if not array and not isinstance(row, (list, tuple)):
        raise InputError(f"{where}: frame {frame}: expected a list of numbers, found {_brief(row)}")
    return len(row)


def _row(row: Any, frame: int, where: str) -> Sequence[float]:
    if isinstance(row, np.ndarray):
        return row.tolist()
    kinds: Set[type] = set(map(type, row))
    if not kinds <= {int, float}:
        value = next(v for v in row if type(v) not in (int, float))
        raise InputError(f"{where}: frame {frame}: expected numbers, found {_brief(value)}")
    return row


def check_width(found: int, before: int, robot: RobotSpec, layout: str, where: str) -> None:
    """Raise InputError unless a frame holds ``before`` numbers of the base and every joint."""
    joints = len(robot.joint_names)
    if found == before + joints:
        return
    fit = fitting_robots(found - before)
    advice = f"it would fit: {', '.join(fit)}" if fit else "none of our robots has that many joints"
    raise InputError(
        f"{where}: expected {before + joints} numbers per frame for {robot.name} ({layout} and "
        f"{joints} joints), found {found}; {advice}"
    )


def fitting_robots(joints: int) -> List[str]:
    """The robots of this package with so many joints."""
    return [name for name in robots.names() if len(robots.load(name).joint_names) == joints]


def _brief(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} {value.shape}"
    text = repr(value) if isinstance(value, (str, int, float, bool)) else ""
    return f"{type(value).__name__} {text[:40]}".strip()
