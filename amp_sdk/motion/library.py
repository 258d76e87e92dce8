"""``MotionLibrary``: the states of many clips at many times, looked up at once."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, Optional, Sequence, Tuple

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion.clip import MotionClip
from amp_sdk.motion.velocity import frame_velocities
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree


@dataclass(frozen=True)
class _KeyBodies:
    tree: KinematicTree
    index: np.ndarray


@dataclass(frozen=True, eq=False)
class MotionState:
    """n states of a robot; contiguous float32, world frame, joints in the robot's order.

    ``root_pos_w`` [n, 3] m, ``root_quat_w`` [n, 4] wxyz, ``root_lin_vel_w`` [n, 3] m/s,
    ``root_ang_vel_w`` [n, 3] rad/s, ``joint_pos`` [n, J] rad, ``joint_vel`` [n, J] rad/s.
    """

    root_pos_w: np.ndarray
    root_quat_w: np.ndarray
    root_lin_vel_w: np.ndarray
    root_ang_vel_w: np.ndarray
    joint_pos: np.ndarray
    joint_vel: np.ndarray
    _keys: _KeyBodies = field(repr=False)

    @functools.cached_property
    def key_pos_w(self) -> np.ndarray:
        """Places [n, K, 3] m of the robot's key bodies, by forward kinematics on first use."""
        pos, _ = self._keys.tree.forward(self.root_pos_w, self.root_quat_w, self.joint_pos)
        return pos[:, self._keys.index]


class MotionLibrary:
    """Samples clips of one robot and gives their states at any time.

    Args:
        clips: one or more, of ``robot``; their joints are put in the robot's order by name.
        robot: whose joints and key bodies the states are of.
        weights: how often each clip is sampled, relative to the others; default their own.

    Attributes: ``clips`` (in the robot's joint order), ``robot`` and ``durations_s`` [C] float64.
    Raises InputError for a clip of another robot, or weights that do not fit.
    """

    def __init__(
        self,
        clips: Sequence[MotionClip],
        robot: RobotSpec,
        weights: Optional[Sequence[float]] = None,
    ) -> None:
        if not clips:
            raise InputError("a motion library needs at least one clip, found none")
        for clip in clips:
            if clip.robot != robot.name:
                raise InputError(
                    f"{clip.source}: expected a clip of {robot.name}, found one of {clip.robot}"
                )
        self.robot = robot
        self.clips = tuple(clip.in_order(robot.joint_names) for clip in clips)
        own = [clip.weight for clip in self.clips]
        self._cumulative = _cumulative(own if weights is None else weights, len(self.clips))
        tree = KinematicTree.from_mjcf(robot.mjcf_path)
        self._keys = _KeyBodies(tree, tree.body_index(robot.key_bodies))
        self._tabulate()

    def sample(self, rng: np.random.Generator, n: int) -> Tuple[np.ndarray, np.ndarray]:
        """n clips by weight [n] int64, and times [n] float64 s, uniform over each clip."""
        clip_ids = np.searchsorted(self._cumulative, rng.random(n), side="right")
        return clip_ids, rng.random(n) * self.durations_s[clip_ids]

    def state(self, clip_ids: Any, times_s: Any) -> MotionState:
        """The states of clips ``clip_ids`` [n] at ``times_s`` [n], before, in or after the clip.

        Positions, joint angles and velocities are interpolated linearly, rotations by slerp. A
        wrapped clip goes on in cycles, each from the place where the last one ended (and, with
        ``wrap_heading``, in its direction). A clamped clip holds its first and last pose with zero
        velocity. Raises InputError for an id or time that is none.
        """
        ids, times = self._checked(clip_ids, times_s)
        duration = self.durations_s[ids]
        cycle = np.where(self._wraps[ids], np.floor(times / duration), 0.0)
        local = np.clip(times - cycle * duration, 0.0, duration)
        held = ~self._wraps[ids] & ((times < 0) | (times > duration))
        position = local * self._fps[ids]
        step = np.minimum(position.astype(np.int64), self._steps[ids] - 1)
        fraction = np.minimum(position - step, 1.0).astype(np.float32)
        frame = self._offset[ids] + step
        low, high = self._linear.take(frame, axis=0), self._linear.take(frame + 1, axis=0)
        row = low + fraction[:, None] * (high - low)
        turn = rotations.from_exp_map(fraction[:, None] * self._turn.take(frame, axis=0))
        quat = rotations.multiply(self._quat.take(frame, axis=0), turn)
        root_pos, lin_vel, ang_vel, joint_pos, joint_vel = self._split(row)
        if np.any(held):
            for velocity in (lin_vel, ang_vel, joint_vel):
                velocity[held] = 0.0
        if np.any(cycle):
            self._carry_on(ids, cycle, root_pos)
            if np.any(self._turns[ids]):
                heading = rotations.from_heading(cycle * self._turns[ids]).astype(np.float32)
                quat = rotations.multiply(heading, quat)
                lin_vel, ang_vel = (rotations.rotate(heading, v) for v in (lin_vel, ang_vel))
        return MotionState(root_pos, quat, lin_vel, ang_vel, joint_pos, joint_vel, self._keys)

    def _carry_on(self, ids: np.ndarray, cycle: np.ndarray, root_pos: np.ndarray) -> None:
        """Move ``root_pos`` [n, 3] of the first cycle to cycle number ``cycle`` [n], in place.

        With the ground plane as complex numbers, d the displacement of a cycle and a its turn,
        cycle c starts at d (1 + e^ia + ... + e^i(c-1)a) = d (1 - e^ica) / (1 - e^ia).
        """
        moved, turn, start = self._moved[ids], self._turns[ids], self._start[ids]
        straight = np.abs(turn) < 1e-9
        rotated = np.exp(1j * cycle * turn)
        once = np.where(straight, 2.0, np.exp(1j * turn))
        offset = moved * np.where(straight, cycle, (1 - rotated) / (1 - once))
        place = start + offset + rotated * (root_pos[:, 0] + 1j * root_pos[:, 1] - start)
        root_pos[:, 0], root_pos[:, 1] = place.real, place.imag

    def _tabulate(self) -> None:
        """Lay the frames of all clips end to end; a frame knows the turn to the next one."""
        linear, quat, turn = [], [], []
        for clip in self.clips:
            velocities = frame_velocities(clip)
            linear.append(
                np.hstack([clip.root_pos_w, *velocities[:2], clip.joint_pos, velocities[2]])
            )
            quat.append(clip.root_quat_w)
            between = rotations.multiply(
                rotations.conjugate(clip.root_quat_w[:-1]), clip.root_quat_w[1:]
            )
            turn.append(np.vstack([rotations.to_exp_map(between), np.zeros((1, 3))]))
        frames = np.array([clip.num_frames for clip in self.clips], dtype=np.int64)
        self._linear = np.concatenate(linear).astype(np.float32)
        self._quat = np.concatenate(quat).astype(np.float32)
        self._turn = np.concatenate(turn).astype(np.float32)
        self._offset = np.cumsum(frames) - frames
        self._steps = frames - 1
        self._fps = np.array([clip.fps for clip in self.clips])
        self._wraps = np.array([clip.loop == "wrap" for clip in self.clips])
        self.durations_s = np.array([clip.duration_s for clip in self.clips])
        ends = np.stack([clip.root_pos_w[[0, -1], :2] for clip in self.clips])
        place = ends[..., 0] + 1j * ends[..., 1]
        self._start, self._moved = place[:, 0], place[:, 1] - place[:, 0]
        self._turns = np.array([_heading_change(clip) for clip in self.clips])

    def _split(self, row: np.ndarray) -> Tuple[np.ndarray, ...]:
        joints = len(self.robot.joint_names)
        ends = np.cumsum([3, 3, 3, joints])
        return tuple(np.ascontiguousarray(part) for part in np.split(row, ends, axis=1))

    def _checked(self, clip_ids: Any, times_s: Any) -> Tuple[np.ndarray, np.ndarray]:
        ids, times = np.asarray(clip_ids), np.asarray(times_s, dtype=np.float64)
        if ids.ndim != 1 or ids.shape != times.shape or not np.issubdtype(ids.dtype, np.integer):
            raise InputError(
                f"expected clip ids [n] (integers) and times [n], found {ids.dtype} {ids.shape} "
                f"and {times.shape}"
            )
        if len(ids) and not (ids.min() >= 0 and ids.max() < len(self.clips)):
            raise InputError(
                f"expected clip ids from 0 to {len(self.clips) - 1}, "
                f"found {ids.min()} to {ids.max()}"
            )
        if not np.all(np.isfinite(times)):
            raise InputError("expected finite times, found NaN or infinity")
        return ids, times


def _heading_change(clip: MotionClip) -> float:
    """What a cycle adds to the heading, rad."""
    if not clip.wrap_heading:
        return 0.0
    first, last = rotations.heading(clip.root_quat_w[[0, -1]])
    return float(last - first)


def _cumulative(weights: Sequence[float], count: int) -> np.ndarray:
    """The upper ends [C] of the clips' shares of [0, 1)."""
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (count,):
        raise InputError(f"expected {count} weights, one per clip, found shape {values.shape}")
    if not np.all(np.isfinite(values)) or np.any(values < 0) or values.sum() <= 0:
        raise InputError(f"expected weights of zero or more, not all zero, found {values.tolist()}")
    cumulative = np.cumsum(values) / values.sum()
    cumulative[np.flatnonzero(values)[-1] :] = 1.0  # rounding must not select a clip of weight zero
    return cumulative
