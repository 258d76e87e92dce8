"""Local rotations of a skeleton's links to joint angles of a robot of the same proportions."""

from __future__ import annotations

import numpy as np

from amp_sdk import rotations
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree
from amp_sdk.robots.spherical import SphericalJoints


def rest_offsets(tree: KinematicTree) -> np.ndarray:
    """Places [B, 3] m of a robot's links in their parents' frames; zero for the base."""
    level, none = np.array([1.0, 0.0, 0.0, 0.0]), np.zeros(len(tree.joint_names))
    place = tree.forward(np.zeros(3), level, none)[0]
    return np.where(tree.parent[:, None] < 0, 0.0, place - place[tree.parent])


def aligned(local: np.ndarray, rest: np.ndarray, tree: KinematicTree) -> np.ndarray:
    """``local`` [T, B, 4] of a skeleton that rests otherwise, for the rest pose of ``tree``.

    Humanoids rest with hanging arms or with arms spread. ``rest`` [B, 3] are the skeleton's link
    offsets. A link with one child takes the shortest turn that brings its bone from one rest pose
    to the other, a last link its parent's, and a link that branches none.
    """
    own = rest_offsets(tree)
    turns = np.tile([1.0, 0.0, 0.0, 0.0], (len(own), 1))
    for body in range(1, len(own)):
        children = np.flatnonzero(tree.parent == body)
        if len(children) == 1:
            turns[body] = _shortest(own[children[0]], rest[children[0]])
        elif not len(children):
            turns[body] = turns[tree.parent[body]]
    before = rotations.conjugate(turns[np.maximum(tree.parent, 0)])
    before[0] = turns[0]
    return rotations.multiply(rotations.multiply(before, local), turns)


def _shortest(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The shortest turn [4] of the direction ``a`` [3] to that of ``b``."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    if a @ b > 1 - 1e-6:
        return np.array([1.0, 0.0, 0.0, 0.0])
    return rotations.normalize(np.concatenate([[1 + a @ b], np.cross(a, b)]))


def joint_angles(local: np.ndarray, robot: RobotSpec, tree: KinematicTree) -> np.ndarray:
    """Joint angles [T, J] rad of local rotations [T, B, 4] in the order of the tree's links.

    Of a link with one hinge the turn about its axis counts, of one without a hinge nothing.
    """
    angles = np.zeros((len(local), len(tree.joint_names)))
    for joint, body in enumerate(tree.joint_body):
        quat = local[:, body]
        twist = 2 * np.arctan2(quat[:, 1:] @ tree.joint_axis[joint], quat[:, 0])
        angles[:, joint] = (twist + np.pi) % (2 * np.pi) - np.pi
    spherical = SphericalJoints.of(robot, tree)
    if len(spherical.bodies):
        angles[:, spherical.joints] = spherical.angles(local[:, spherical.bodies])
    return angles
