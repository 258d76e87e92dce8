"""``MotionClip``: one reference motion of one robot, checked and immutable."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Sequence, Tuple

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError, closest

LOOPS = ("wrap", "clamp")
_UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class MotionClip:
    """A motion of T frames, ``1 / fps`` s apart; arrays are read-only float64.

    Attributes:
        name, robot: of the clip, and of the robot that its joints belong to.
        fps: frames per second. Frame k is at k / fps s, the last one at ``duration_s``.
        joint_names: the order of the columns of ``joint_pos``.
        root_pos_w: [T, 3] m, the base in the world frame, z up, the ground at z = 0.
        root_quat_w: [T, 4] wxyz, unit; neighbouring frames have the same sign.
        joint_pos: [T, J] rad.
        loop: "wrap" (the last frame is the first of the next cycle, which goes on from the place
            where this one ended) or "clamp" (the first and last frames are held).
        source: the file or the generator call that the clip is from.
        wrap_heading: whether a cycle also goes on in the direction in which the last one ended, so
            that a clip of a turn keeps turning. Without it only the place is carried on.
        weight: how often a library samples this clip, relative to others.

    Raises InputError that names the joint and the frame of a value that is not finite.
    """

    name: str
    robot: str
    fps: float
    joint_names: Tuple[str, ...]
    root_pos_w: np.ndarray
    root_quat_w: np.ndarray
    joint_pos: np.ndarray
    loop: str
    source: str
    wrap_heading: bool = False
    weight: float = 1.0

    def __post_init__(self) -> None:
        self._set("joint_names", tuple(self.joint_names))
        self._check_numbers()
        frames, joints = len(np.atleast_1d(self.joint_pos)), len(self.joint_names)
        if frames < 2:
            raise InputError(f"{self.source}: expected at least 2 frames, found {frames}")
        columns = tuple(f"joint {name}" for name in self.joint_names)
        self._array("root_pos_w", (frames, 3), tuple(f"root position {axis}" for axis in "xyz"))
        self._array("root_quat_w", (frames, 4), tuple(f"root rotation {axis}" for axis in "wxyz"))
        self._array("joint_pos", (frames, joints), columns)
        norm = np.linalg.norm(self.root_quat_w, axis=1)
        worst = int(np.argmax(np.abs(norm - 1)))
        if abs(norm[worst] - 1) > _UNIT_TOLERANCE:
            raise InputError(
                f"{self.source}: expected root rotations of unit length, found "
                f"{norm[worst]:.4g} at frame {worst}"
            )
        quat = rotations.continuous(rotations.normalize(self.root_quat_w))
        quat.setflags(write=False)
        self._set("root_quat_w", quat)

    @property
    def num_frames(self) -> int:
        """T."""
        return len(self.joint_pos)

    @property
    def duration_s(self) -> float:
        """(T - 1) / fps, which is one cycle of a wrapped clip."""
        return (self.num_frames - 1) / self.fps

    @property
    def mean_velocity_xy(self) -> np.ndarray:
        """[2] m/s from the first frame to the last, in the heading frame of the first."""
        moved = (self.root_pos_w[-1] - self.root_pos_w[0]) / self.duration_s
        return rotations.rotate_inverse(rotations.heading_quat(self.root_quat_w[0]), moved)[:2]

    def in_order(self, joint_names: Sequence[str]) -> MotionClip:
        """The same clip with its joints in the order ``joint_names``, found by name.

        Raises InputError unless both hold the same names.
        """
        wanted = tuple(joint_names)
        if wanted == self.joint_names:
            return self
        for name in wanted:
            if name not in self.joint_names:
                hint = closest(name, self.joint_names)
                raise InputError(f"{self.source}: the clip has no joint {name!r}; {hint}")
        unused = [name for name in self.joint_names if name not in wanted]
        if unused or len(set(wanted)) != len(wanted):
            raise InputError(
                f"{self.source}: expected each joint of the clip once; left over: "
                f"{', '.join(unused) or 'none'}, asked for: {', '.join(wanted)}"
            )
        columns = [self.joint_names.index(name) for name in wanted]
        return dataclasses.replace(self, joint_names=wanted, joint_pos=self.joint_pos[:, columns])

    def _check_numbers(self) -> None:
        if self.loop not in LOOPS:
            raise InputError(
                f"{self.source}: unknown loop {self.loop!r}; valid: {', '.join(LOOPS)}"
            )
        for field, value in (("fps", self.fps), ("weight", self.weight)):
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or value <= 0:
                raise InputError(f"{self.source}: expected {field} above zero, found {value!r}")
            self._set(field, float(value))
        if not self.joint_names or len(set(self.joint_names)) != len(self.joint_names):
            raise InputError(
                f"{self.source}: expected joint names, each once, found {self.joint_names}"
            )

    def _array(self, field: str, shape: Tuple[int, ...], columns: Tuple[str, ...]) -> None:
        """Take a read-only copy of a field after checking its shape and its values."""
        array = np.array(getattr(self, field), dtype=np.float64)
        if array.shape != shape:
            raise InputError(f"{self.source}: {field}: expected shape {shape}, found {array.shape}")
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            frame, column = bad[0]
            raise InputError(
                f"{self.source}: {columns[column]} is {array[frame, column]} at frame {frame} "
                f"(of 0 to {shape[0] - 1}; {len(bad)} such values in all); expected finite "
                "numbers; mend the clip or use another ('python -m amp_sdk.motion lint' says where)"
            )
        array.setflags(write=False)
        self._set(field, array)

    def _set(self, field: str, value: Any) -> None:
        object.__setattr__(self, field, value)
