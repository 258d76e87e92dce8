"""The MuJoCo model of a training environment, which both MuJoCo backends step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Sequence

import mujoco
import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training.config import SimulationConfig

# contacts with the floor of one geom, by its type; other types meet it with 4 at most
_FLOOR_CONTACTS: Dict[int, int] = {
    int(mujoco.mjtGeom.mjGEOM_SPHERE): 1,
    int(mujoco.mjtGeom.mjGEOM_CAPSULE): 2,
    int(mujoco.mjtGeom.mjGEOM_ELLIPSOID): 1,
}


def build_model(
    robot: RobotSpec,
    kp: np.ndarray,
    kd: np.ndarray,
    config: SimulationConfig,
    contact_links: Sequence[str] = (),
) -> mujoco.MjModel:
    """The robot on a flat floor with PD position actuators at its joints.

    Args:
        robot: the robot; its MJCF has one motor per joint, named like the joint.
        kp: [J] N m/rad. kd: [J] N m s/rad.
        config: physics step; without ``friction_loss`` the joints have no dry friction.
        contact_links: links with a sensor that counts their contacts with the floor.
    """
    spec = mujoco.MjSpec.from_file(str(robot.mjcf_path))
    spec.compiler.discardvisual = True  # a seventh more steps a second
    spec.worldbody.add_geom(
        name="floor",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0, 0, 1],
        contype=1,
        conaffinity=1,
        condim=3,
    )
    for sensor in list(spec.sensors):
        spec.delete(sensor)
    for name in contact_links:
        spec.add_sensor(
            name=f"{name}_floor",
            type=mujoco.mjtSensor.mjSENS_CONTACT,
            objtype=mujoco.mjtObj.mjOBJ_BODY,
            objname=name,
            reftype=mujoco.mjtObj.mjOBJ_GEOM,
            refname="floor",
            intprm=[1, 0, 1],  # "found", not reduced, one slot
        )
    for i, name in enumerate(robot.joint_names):
        motor = spec.actuator(name)
        if motor is None:
            raise InputError(f"{robot.mjcf_path}: no actuator named {name!r}")
        limit = float(robot.effort_limit_nm[i])
        motor.set_to_position(kp=float(kp[i]), kv=float(kd[i]))
        motor.ctrllimited = mujoco.mjtLimited.mjLIMITED_FALSE
        motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        motor.forcerange = [-limit, limit]
    model = spec.compile()
    if not config.friction_loss:
        model.dof_frictionloss[:] = 0.0
    model.opt.timestep = config.physics_dt_s
    model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    model.opt.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL
    return model


@dataclass(frozen=True)
class Addresses:
    """Where a robot's parts are in its model, in the order of ``RobotSpec.joint_names``."""

    actuators: np.ndarray
    """[J] rows of the actuator arrays."""
    dofs: np.ndarray
    """[J] rows of the dof arrays."""
    geoms: np.ndarray
    """Geoms of the robot that can touch something."""
    base: int
    """The base body."""

    @classmethod
    def find(cls, model: mujoco.MjModel, robot: RobotSpec) -> Addresses:
        """Look the names up. Raises InputError unless joints follow the root in robot order."""
        joints = [model.joint(name) for name in robot.joint_names]
        if [int(joint.qposadr[0]) for joint in joints] != list(range(7, 7 + len(joints))):
            raise InputError(f"{robot.name}: joint_names are not in the order of the MJCF")
        solid = np.flatnonzero((model.geom_contype | model.geom_conaffinity) != 0)
        return cls(
            actuators=np.array([model.actuator(name).id for name in robot.joint_names]),
            dofs=np.array([int(joint.dofadr[0]) for joint in joints]),
            geoms=solid[model.geom_bodyid[solid] != 0],
            base=model.body(robot.base_body).id,
        )


def floor_contacts(model: mujoco.MjModel, geoms: np.ndarray) -> int:
    """The most contacts that ``geoms`` can have with a floor, so that no buffer can overflow."""
    return sum(_FLOOR_CONTACTS.get(int(kind), 4) for kind in model.geom_type[geoms])
