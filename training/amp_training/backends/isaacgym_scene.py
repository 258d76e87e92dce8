# pyright: strict, reportUnknownMemberType=false, reportMissingTypeStubs=false
"""Isaac Gym: the simulation, its floor, and an actor of the robot in each environment."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import List

import numpy as np
import torch
from isaacgym import gymapi  # Isaac Gym refuses to be imported after torch (amp_training/__init__)

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training.backends.isaacgym_actors import NO_LIMIT, Actors, make_nominal
from amp_training.backends.isaacgym_asset import write_asset
from amp_training.backends.isaacgym_links import Link, read_links
from amp_training.config import SimulationConfig

_SPACING_M = 4.0  # robots start this far apart, or the broad phase would pair them all


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
    make_nominal(actors, robot, kp, kd)
    return actors


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
    options.max_linear_velocity = NO_LIMIT
    options.max_angular_velocity = NO_LIMIT
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
