# pyright: strict, reportUnknownMemberType=false, reportMissingTypeStubs=false
"""Isaac Gym: the simulation, and one actor of the robot in each environment.

Properties that the importer may read differently are not left to it: limits, drives, armature,
masses and friction are written through the API from the robot's own files.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Optional, Tuple

import numpy as np
import torch
from isaacgym import gymapi  # Isaac Gym refuses to be imported after torch (amp_training/__init__)

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training.backends.isaacgym_asset import Link, read_links, write_asset
from amp_training.backends.randomization import Variations
from amp_training.config import SimulationConfig

_SPACING_M = 4.0  # robots start this far apart, or the broad phase would pair them all
_NO_LIMIT = 1000.0  # rad/s and m/s: the contract has no limit of speed
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


def create(
    robot: RobotSpec, kp: np.ndarray, kd: np.ndarray, config: SimulationConfig, device: torch.device
) -> Actors:
    """Build the simulation; ``prepare_sim`` is the caller's. Raises InputError."""
    gym = gymapi.acquire_gym()
    gpu = (device.index or 0) if device.type == "cuda" else 0
    sim = gym.create_sim(gpu, -1, gymapi.SimType.SIM_PHYSX, _sim_params(config, device))
    _add_floor(gym, sim)
    links = read_links(robot.mjcf_path)
    asset = _load_asset(gym, sim, robot, links)
    dofs = gym.get_asset_dof_names(asset)
    if sorted(dofs) != sorted(robot.joint_names):
        raise InputError(
            f"{robot.name}: Isaac Gym read the joints {dofs}, expected {list(robot.joint_names)}"
        )
    origins_m = _grid(config.num_envs)
    actors = Actors(
        gym=gym,
        sim=sim,
        envs=[],
        handles=[],
        links=links,
        origins_m=origins_m,
        base_com_m=links[0].com,
        dof_of_joint=[dofs.index(name) for name in robot.joint_names],
    )
    corner, per_row = gymapi.Vec3(0.0, 0.0, 0.0), max(1, int(math.sqrt(config.num_envs)))
    # bits of a shape's filter: shapes that share one do not meet
    alone = 0 if any(shape.meets_robot for link in links for shape in link.shapes) else 1
    for i in range(config.num_envs):
        env = gym.create_env(sim, corner, corner, per_row)
        pose = gymapi.Transform()
        x, y, z = (float(value) for value in origins_m[i])
        pose.p = gymapi.Vec3(x, y, z + robot.default_base_height_m)
        handle = gym.create_actor(env, asset, pose, robot.name, i, alone, 0)
        actors.envs.append(env)
        actors.handles.append(handle)
        _set_drives(actors, i, robot, kp, kd, None)
        _set_masses(actors, i, 0.0)
        _set_friction(actors, i, None)
    return actors


def vary(
    actors: Actors, robot: RobotSpec, kp: np.ndarray, kd: np.ndarray, variations: Variations
) -> None:
    """Give every actor its own gains, damping, friction and base mass."""
    for i in range(len(actors.envs)):
        _set_drives(actors, i, robot, kp, kd, variations)
        _set_masses(actors, i, float(variations.base_mass_kg[i]))
        _set_friction(actors, i, float(variations.friction[i]))


def _sim_params(config: SimulationConfig, device: torch.device) -> gymapi.SimParams:
    params = gymapi.SimParams()
    params.dt = config.physics_dt_s
    params.substeps = 1
    params.up_axis = gymapi.UpAxis.UP_AXIS_Z
    params.gravity = gymapi.Vec3(0.0, 0.0, -9.81)
    params.use_gpu_pipeline = device.type == "cuda"
    physx = params.physx
    physx.use_gpu = device.type == "cuda"
    physx.solver_type = 1  # temporal Gauss-Seidel, PhysX's choice for articulations
    physx.num_position_iterations = 4
    physx.num_velocity_iterations = 1
    physx.num_threads = config.threads or 4
    physx.contact_offset = 0.01
    physx.rest_offset = 0.0
    physx.max_depenetration_velocity = 1.0
    physx.default_buffer_size_multiplier = 5.0
    physx.max_gpu_contact_pairs = 2**23
    physx.contact_collection = gymapi.ContactCollection.CC_NEVER  # nobody reads the forces
    return params


def _add_floor(gym: gymapi.Gym, sim: gymapi.Sim) -> None:
    """A floor without friction of its own: PhysX takes the mean of the two, see _set_friction."""
    plane = gymapi.PlaneParams()
    plane.normal = gymapi.Vec3(0.0, 0.0, 1.0)
    plane.static_friction = 0.0
    plane.dynamic_friction = 0.0
    plane.restitution = 0.0
    gym.add_ground(sim, plane)


def _load_asset(
    gym: gymapi.Gym, sim: gymapi.Sim, robot: RobotSpec, links: List[Link]
) -> gymapi.Asset:
    options = gymapi.AssetOptions()
    options.fix_base_link = False
    options.collapse_fixed_joints = False  # there are none in the copy
    options.override_com = False
    options.override_inertia = False
    options.use_physx_armature = True
    options.linear_damping = 0.0
    options.angular_damping = 0.0
    options.max_linear_velocity = _NO_LIMIT
    options.max_angular_velocity = _NO_LIMIT
    options.default_dof_drive_mode = int(gymapi.DofDriveMode.DOF_MODE_POS)
    with tempfile.TemporaryDirectory(prefix="amp_sdk_") as folder:
        file = Path(folder) / f"{robot.name}.xml"
        write_asset(robot, links, file)
        return gym.load_asset(sim, folder, file.name, options)


def _grid(envs: int) -> np.ndarray:
    """[N, 3] m, a square grid on the floor."""
    side = int(math.ceil(math.sqrt(envs)))
    rows, columns = np.divmod(np.arange(envs), side)
    return _SPACING_M * np.stack((rows, columns, np.zeros(envs)), axis=1)


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
        dofs["velocity"][dof] = _NO_LIMIT
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
