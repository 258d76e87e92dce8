"""Spherical joints as three hinges at one body: the angles that give a rotation.

Characters come from files in which a shoulder is one rotation; MuJoCo and this package turn it by
three hinges, one after the other: ``R = R1(a) R2(b) R3(c)`` about orthogonal axes. Every rotation
has two such triples, (a, b, c) and (a + pi, pi - b, c + pi), and where the middle hinge stands at a
right angle only the sum or difference of the others counts. A motion must choose one way through.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amp_sdk import rotations
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree

_LOCKED = 1e-4
"""Cosine of the middle angle under which the outer two cannot be told apart."""
_EXCESS_WEIGHT = 0.1
"""Of a squared rad beyond a limit in a frame, beside a squared rad from one frame to the next."""


@dataclass(frozen=True, eq=False)
class SphericalJoints:
    """The bodies of a robot that three orthogonal hinges turn, S of them.

    Attributes: ``bodies`` [S] and ``joints`` [S, 3] int64 index ``body_names`` and ``joint_names``
    of the tree; ``axes`` [S, 3, 3] holds the unit axis of hinge k in row k; ``lower_rad`` and
    ``upper_rad`` [S, 3] are the hinges' limits.
    """

    bodies: np.ndarray
    joints: np.ndarray
    axes: np.ndarray
    lower_rad: np.ndarray
    upper_rad: np.ndarray

    @classmethod
    def of(cls, robot: RobotSpec, tree: KinematicTree) -> SphericalJoints:
        """Those of a robot; none for a machine with one hinge at each link."""
        bodies = []
        for body in np.unique(tree.joint_body):
            axes = tree.joint_axis[tree.joint_body == body]
            if len(axes) == 3 and np.allclose(axes @ axes.T, np.eye(3), atol=1e-9):
                bodies.append(body)
        joints = [np.flatnonzero(tree.joint_body == body) for body in bodies]
        index = np.array(joints, dtype=np.int64).reshape(-1, 3)
        return cls(
            bodies=np.array(bodies, dtype=np.int64),
            joints=index,
            axes=tree.joint_axis[index],
            lower_rad=robot.joint_lower_rad[index],
            upper_rad=robot.joint_upper_rad[index],
        )

    def angles(self, quat: np.ndarray) -> np.ndarray:
        """Hinge angles [T, S, 3] rad of a motion of rotations ``quat`` [T, S, 4].

        Of all ways through the triples of the frames the one with the least sum of squared steps
        and of squared excess over the joint limits (Viterbi 1967). NaN stays NaN.
        """
        known = np.asarray(np.all(np.isfinite(quat), axis=-1))
        whole = np.where(known[..., None], quat, [1.0, 0.0, 0.0, 0.0])
        triples = _triples(self._in_axes(rotations.to_matrix(whole)))
        triples = triples * self._signs()[None, :, None, :]
        low, high = self.lower_rad[:, None], self.upper_rad[:, None]
        excess = np.maximum(np.maximum(low - triples, triples - high), 0.0)
        best = _cheapest_way(triples, _EXCESS_WEIGHT * (excess**2).sum(axis=-1))
        return np.where(known[..., None], best, np.nan)

    def _in_axes(self, matrix: np.ndarray) -> np.ndarray:
        """``matrix`` [T, S, 3, 3] in the frame whose x, y and z are the hinges' axes."""
        basis = np.swapaxes(self.axes * self._signs()[:, :, None], -1, -2)
        return np.swapaxes(basis, -1, -2) @ matrix @ basis

    def _signs(self) -> np.ndarray:
        """[S, 3]: -1 for the last axis where the three are left-handed, else 1."""
        signs = np.ones((len(self.axes), 3))
        signs[:, 2] = np.sign(np.linalg.det(self.axes))
        return signs


def _triples(m: np.ndarray) -> np.ndarray:
    """Candidates [T, S, C, 3] of angles about x, y, z for rotation matrices [T, S, 3, 3]."""
    first = np.arctan2(-m[..., 1, 2], m[..., 2, 2])
    locked = np.hypot(m[..., 0, 0], m[..., 0, 1]) < _LOCKED
    for t in range(1, len(first)):
        first[t] = np.where(locked[t], first[t - 1], first[t])
    one, other = (_with_first(m, a) for a in (first, first + np.pi))
    turns = np.array([(i, 0, k) for i in (0, -1, 1) for k in (0, -1, 1)]) * 2 * np.pi
    both = np.stack([one, other], axis=-2)
    return (both[..., :, None, :] + turns).reshape(m.shape[:2] + (-1, 3))


def _with_first(m: np.ndarray, a: np.ndarray) -> np.ndarray:
    """The triples [..., 3] from -pi to pi whose first angle is ``a``; exact also at the pole."""
    cos, sin = np.cos(a), np.sin(a)
    b = np.arctan2(m[..., 0, 2], cos * m[..., 2, 2] - sin * m[..., 1, 2])
    c = np.arctan2(cos * m[..., 1, 0] + sin * m[..., 2, 0], cos * m[..., 1, 1] + sin * m[..., 2, 1])
    return np.stack([(a + np.pi) % (2 * np.pi) - np.pi, b, c], axis=-1)


def _cheapest_way(triples: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """[T, S, 3]: of candidates [T, S, C, 3] with their own ``cost`` [T, S, C] one per frame."""
    frames, joints = triples.shape[:2]
    total, came_from = cost[0], np.zeros(cost.shape, dtype=np.int64)
    for t in range(1, frames):
        step = triples[t][:, :, None, :] - triples[t - 1][:, None, :, :]
        arrival = total[:, None, :] + (step**2).sum(axis=-1)
        came_from[t] = arrival.argmin(axis=-1)
        total = arrival.min(axis=-1) + cost[t]
    pick, every = total.argmin(axis=-1), np.arange(joints)
    way = np.empty((frames, joints, 3))
    for t in range(frames - 1, -1, -1):
        way[t] = triples[t, every, pick]
        pick = came_from[t, every, pick]
    return way
