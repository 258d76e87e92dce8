# pyright: strict, reportUnknownMemberType=false, reportMissingTypeStubs=false
"""Isaac Gym: the properties of one actor of the robot in each environment.

What the importer may read differently is not left to it: limits, drives, armature, masses and
friction are written through the API from the robot's own files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

import numpy as np
from isaacgym import gymapi

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training.backends.isaacgym_links import Link
from amp_training.backends.randomization import Variations

NO_LIMIT = 1000.0  # rad/s and m/s: the contract has no limit of speed
_COM_TOLERANCE_M = 1e-4


@dataclass(frozen=True)
class Actors:
    """A simulation with one robot per environment."""

    gym: gymapi.Gym
    sim: gymapi.Sim
    envs: List[gymapi.Env]
    handles: List[int]
    links: List[Link]
    origins_m: np.ndarray
    """[N, 3], where each environment's own origin lies in the simulation."""
    base_com_m: np.ndarray
    """[3], the base's centre of mass in its frame."""
    dof_of_joint: List[int]
    """[J] index of each joint of the robot among the actor's degrees of freedom."""

    def index(self, env: int) -> int:
        """The actor's index in the tensors of the simulation."""
        return self.gym.get_actor_index(
            self.envs[env], self.handles[env], gymapi.IndexDomain.DOMAIN_SIM
        )


def make_nominal(actors: Actors, robot: RobotSpec, kp: np.ndarray, kd: np.ndarray) -> None:
    """Give every actor what the robot's own files say, with the gains ``kp``, ``kd`` [J]."""
    for i in range(len(actors.envs)):
        _set_drives(actors, i, robot, kp, kd, None)
        _set_masses(actors, i, 0.0)
        _set_friction(actors, i, None)


def vary(
    actors: Actors, robot: RobotSpec, kp: np.ndarray, kd: np.ndarray, variations: Variations
) -> None:
    """Give every actor its own gains, damping, friction and base mass."""
    for i in range(len(actors.envs)):
        _set_drives(actors, i, robot, kp, kd, variations)
        _set_masses(actors, i, float(variations.base_mass_kg[i]))
        _set_friction(actors, i, float(variations.friction[i]))


def _set_drives(
    actors: Actors,
    env: int,
    robot: RobotSpec,
    kp: np.ndarray,
    kd: np.ndarray,
    variations: Optional[Variations],
) -> None:
    """Position drives with the gains, limits, armature and passive damping of every joint.

    PhysX has one damping: the passive one joins the derivative gain, inside the torque limit.
    """
    passive = {joint.name: joint.damping_nm_s for link in actors.links for joint in link.joints}
    where = (actors.envs[env], actors.handles[env])
    dofs: Any = actors.gym.get_actor_dof_properties(*where)
    for j, (name, dof) in enumerate(zip(robot.joint_names, actors.dof_of_joint)):
        stiffness, derivative, damping = float(kp[j]), float(kd[j]), passive[name]
        if variations is not None:
            stiffness *= float(variations.kp_ratio[env, j])
            derivative *= float(variations.kd_ratio[env, j])
            damping += float(variations.damping_nm_s[env, j])
        dofs["driveMode"][dof] = int(gymapi.DofDriveMode.DOF_MODE_POS)
        dofs["stiffness"][dof] = stiffness
        dofs["damping"][dof] = derivative + damping
        dofs["effort"][dof] = robot.effort_limit_nm[j]
        dofs["velocity"][dof] = NO_LIMIT
        dofs["hasLimits"][dof] = True
        dofs["lower"][dof] = robot.joint_lower_rad[j]
        dofs["upper"][dof] = robot.joint_upper_rad[j]
        dofs["armature"][dof] = robot.armature[j]
        dofs["friction"][dof] = 0.0  # a coefficient in PhysX, no torque as in MJCF
    _done(actors.gym.set_actor_dof_properties(*where, dofs), "drives", robot.name)


def _set_masses(actors: Actors, env: int, added_kg: float) -> None:
    """Masses and inertias of the robot's file. A centre of mass can only be checked: on the GPU
    pipeline Isaac Gym cannot change it."""
    where = (actors.envs[env], actors.handles[env])
    names = actors.gym.get_actor_rigid_body_names(*where)
    bodies = actors.gym.get_actor_rigid_body_properties(*where)
    if sorted(names) != sorted(link.name for link in actors.links):
        raise InputError(f"Isaac Gym read the links {names}, others than the robot's file has")
    for link in actors.links:
        body = bodies[names.index(link.name)]
        com = np.array([body.com.x, body.com.y, body.com.z])
        if np.abs(com - link.com).max() > _COM_TOLERANCE_M:
            raise InputError(
                f"link {link.name!r}: Isaac Gym read the centre of mass {com.tolist()}, expected "
                f"{link.com.tolist()}; its importer differs from that of Preview 4"
            )
        body.mass = link.mass_kg + (0.0 if link.parent else added_kg)
        body.invMass = 1.0 / body.mass
        body.inertia = _matrix(link.inertia)
        body.invInertia = _matrix(np.linalg.inv(link.inertia))
    done = actors.gym.set_actor_rigid_body_properties(*where, bodies, False)
    _done(done, "masses", actors.links[0].name)


def _set_friction(actors: Actors, env: int, friction: Optional[float]) -> None:
    """Friction of every shape: ``friction``, or its own. Doubled, as the floor's zero halves it."""
    where = (actors.envs[env], actors.handles[env])
    names = actors.gym.get_actor_rigid_body_names(*where)
    ranges = actors.gym.get_actor_rigid_body_shape_indices(*where)
    shapes = actors.gym.get_actor_rigid_shape_properties(*where)
    for link in actors.links:
        span = ranges[names.index(link.name)]
        own = [shape.friction for shape in link.shapes]
        if span.count != len(own):
            raise InputError(
                f"link {link.name!r}: Isaac Gym made {span.count} collision shapes, expected "
                f"{len(own)}"
            )
        for shape, value in zip(shapes[span.start : span.start + span.count], own):
            shape.friction = 2.0 * (value if friction is None else friction)
            shape.restitution = 0.0
    _done(actors.gym.set_actor_rigid_shape_properties(*where, shapes), "friction", names[0])


def _matrix(values: np.ndarray) -> gymapi.Mat33:
    matrix = gymapi.Mat33()
    rows: List[Tuple[float, ...]] = [tuple(float(v) for v in row) for row in values]
    matrix.x, matrix.y, matrix.z = (gymapi.Vec3(*row) for row in rows)
    return matrix


def _done(done: bool, what: str, name: str) -> None:
    if not done:
        raise InputError(f"{name}: Isaac Gym refused to set the {what}")
