"""How much recorded motions are like the clips, measured without the discriminator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from amp_sdk.motion.compare import joint_error_dtw, pose_error_dtw
from amp_training import gait
from amp_training.backends.base import SimState
from amp_training.reference import Reference

_LONGEST_S = 120.0
_SHORTEST_TRACK_S = 1.0
_CYCLES_S = 5.0


@dataclass(frozen=True)
class Track:
    """A motion of T control steps: base [T, 3] m and [T, 4] wxyz, joints [T, J] rad."""

    root_pos_w: np.ndarray
    root_quat_w: np.ndarray
    joint_pos: np.ndarray


@dataclass(frozen=True)
class Gait:
    """Measures of one motion, see ``gait``; None for those that it does not have."""

    foot_slip_m_s: Optional[float] = None
    gait_hz: Optional[float] = None
    duty_factor: Optional[float] = None


@dataclass(frozen=True)
class MotionQuality:
    """Means over motions that last a second at least, each beside those of its nearest clip.

    Attributes:
        joint_error_rad: after time warping against the nearest clip; None where no motion is long
            enough, or the clips are too long to compare with in passing.
        pose_error_m: that of the joints' places, against the clip with the least joint error.
        foot_slip_m_s: horizontal speed of the feet on the ground.
        gait_hz: strides a second.
        duty_factor: share of the time that a foot is on the ground.
        clip_coverage: share of the clips' poses that the robot came near to, in all motions.
    """

    joint_error_rad: Optional[float] = None
    pose_error_m: Optional[float] = None
    foot_slip_m_s: Optional[float] = None
    clip_foot_slip_m_s: Optional[float] = None
    gait_hz: Optional[float] = None
    clip_gait_hz: Optional[float] = None
    duty_factor: Optional[float] = None
    clip_duty_factor: Optional[float] = None
    clip_coverage: Optional[float] = None


class MotionJudge:
    """Measures motions recorded every ``dt_s`` beside the clips of ``reference``."""

    def __init__(self, reference: Reference, dt_s: float) -> None:
        self._reference, self._dt_s = reference, dt_s
        clips = reference.clips
        self._short = sum(clip.duration_s for clip in clips) <= _LONGEST_S
        tracks = [self._clip_track(i) for i in range(len(clips))]
        self._clip_gaits = [self._gait(track, of_clip=True) for track in tracks]
        lengths = [max(1, int(round(clip.duration_s / dt_s))) for clip in clips]
        self._poses = np.concatenate([t.joint_pos[:n] for t, n in zip(tracks, lengths)])

    def judge(self, tracks: Sequence[Track], compared: int) -> MotionQuality:
        """Measure ``tracks``; all but the coverage of the first ``compared`` of them."""
        long = [t for t in tracks[:compared] if len(t.joint_pos) * self._dt_s >= _SHORTEST_TRACK_S]
        joint_error, pose_error, nearest = self._nearest(long)
        own = [self._gait(track) for track in long]
        visited = [track.joint_pos for track in tracks]
        return MotionQuality(
            joint_error_rad=joint_error,
            pose_error_m=pose_error,
            foot_slip_m_s=_mean(g.foot_slip_m_s for g in own),
            clip_foot_slip_m_s=_mean(g.foot_slip_m_s for g in nearest),
            gait_hz=_mean(g.gait_hz for g in own),
            clip_gait_hz=_mean(g.gait_hz for g in nearest),
            duty_factor=_mean(g.duty_factor for g in own),
            clip_duty_factor=_mean(g.duty_factor for g in nearest),
            clip_coverage=gait.coverage(np.concatenate(visited), self._poses) if visited else None,
        )

    def _nearest(
        self, tracks: Sequence[Track]
    ) -> Tuple[Optional[float], Optional[float], List[Gait]]:
        """Mean joint error, mean pose error and the gait of each track's nearest clip; gaits of all
        clips where these are too long to compare with."""
        if not self._short or not tracks:
            return None, None, self._clip_gaits
        clips, tree = self._reference.clips, self._reference.tree
        errors = np.array(
            [[joint_error_dtw(t.joint_pos, clip, self._dt_s) for clip in clips] for t in tracks]
        )
        nearest = errors.argmin(axis=1)
        poses = [
            pose_error_dtw(t.root_quat_w, t.joint_pos, clips[i], tree, self._dt_s)
            for t, i in zip(tracks, nearest)
        ]
        gaits = [self._clip_gaits[i] for i in nearest]
        return float(errors.min(axis=1).mean()), float(np.mean(poses)), gaits

    def _clip_track(self, index: int) -> Track:
        """A clip in control steps; one that is wrapped goes on for some cycles."""
        clip = self._reference.clips[index]
        length_s = clip.duration_s
        if clip.loop == "wrap":
            length_s = max(length_s, _CYCLES_S)
        times_s = np.arange(max(2, int(round(length_s / self._dt_s)))) * self._dt_s
        ids = np.full(len(times_s), index)
        return _tracks(self._reference.states_at(ids, times_s), [slice(None)])[0]

    def _gait(self, track: Track, of_clip: bool = False) -> Gait:
        feet = self._reference.feet(track.root_pos_w, track.root_quat_w, track.joint_pos)
        height = feet[..., 2]
        # a clip is seldom level to the centimetre: each foot's own low points are its ground
        ground = np.quantile(height, 0.05, axis=0) if of_clip else 0.0
        contact = gait.in_contact(height, ground)
        return Gait(
            foot_slip_m_s=gait.foot_slip(feet, contact, self._dt_s),
            gait_hz=gait.gait_frequency(track.joint_pos, self._dt_s),
            duty_factor=gait.duty_factor(contact),
        )


def first_episodes(state: SimState, ended: Tensor) -> List[Track]:
    """The motion of each robot's first episode, from states [T, N] and ``ended`` [T, N] bool (the
    episode ended with this step), without states that are not finite."""
    flat = state.flat
    usable = torch.isfinite(flat).all(dim=-1)
    usable[1:] &= ~ended[:-1]
    lengths = usable.long().cumprod(dim=0).sum(dim=0).tolist()
    picks = [(slice(length), i) for i, length in enumerate(lengths) if length]
    return _tracks(state, picks)


def _tracks(state: SimState, picks: Iterable) -> List[Track]:
    parts = [part.double().cpu().numpy() for part in (state.root_pos_w, state.root_quat_w)]
    joints = state.joint_pos.double().cpu().numpy()
    return [Track(parts[0][pick], parts[1][pick], joints[pick]) for pick in picks]


def _mean(values: Iterable[Optional[float]]) -> Optional[float]:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
