"""The models of many runs side by side: one compiled model, and every run's own numbers in it."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from amp_sdk import rotations
from amp_sdk.robots import RobotSpec
from amp_sim2sim.gate.conditions import Conditions
from amp_sim2sim.gate.terrain import Floors
from amp_sim2sim.robot_in_sim import trunk_bodies
from amp_sim2sim.scene import FLOOR, check_imu, robot_spec

_INTEGRATOR = {
    "euler": mujoco.mjtIntegrator.mjINT_EULER,
    "implicit": mujoco.mjtIntegrator.mjINT_IMPLICIT,
    "implicitfast": mujoco.mjtIntegrator.mjINT_IMPLICITFAST,
    "rk4": mujoco.mjtIntegrator.mjINT_RK4,
}
_SOLVER = {
    "newton": mujoco.mjtSolver.mjSOL_NEWTON,
    "cg": mujoco.mjtSolver.mjSOL_CG,
    "pgs": mujoco.mjtSolver.mjSOL_PGS,
}
_CONE = {
    "pyramidal": mujoco.mjtCone.mjCONE_PYRAMIDAL,
    "elliptic": mujoco.mjtCone.mjCONE_ELLIPTIC,
}
# a contact sensor's data: whether there is contact, and where the largest force acts
_FOUND_AND_POS = (1 << int(mujoco.mjtConDataField.mjCONDATA_FOUND)) | (
    1 << int(mujoco.mjtConDataField.mjCONDATA_POS)
)
_LARGEST_FORCE = 2


def build_batch_model(robot: RobotSpec, physics_step_s: float, floors: Floors) -> mujoco.MjModel:
    """The robot on a floor, with sensors for what is judged.

    Sensors ``foot_i_contact`` (found, position ``[3]``), ``foot_i_pos``, ``foot_i_lin`` and
    ``foot_i_ang`` (world frame) of every foot, ``trunk_i`` (found) of every trunk body.
    """
    spec = robot_spec(robot, physics_step_s)
    floors.add_to(spec)
    for i, name in enumerate(robot.foot_bodies):
        _contact_sensor(spec, f"foot_{i}_contact", name, _FOUND_AND_POS)
        for ending, kind in (("pos", "POS"), ("lin", "LINVEL"), ("ang", "ANGVEL")):
            spec.add_sensor(
                name=f"foot_{i}_{ending}",
                type=getattr(mujoco.mjtSensor, f"mjSENS_FRAME{kind}"),
                objtype=mujoco.mjtObj.mjOBJ_XBODY,
                objname=name,
            )
    plain = mujoco.MjSpec.from_file(str(robot.mjcf_path)).compile()
    for i, body in enumerate(np.flatnonzero(trunk_bodies(plain, robot))):
        name = plain.body(int(body)).name
        _contact_sensor(spec, f"trunk_{i}", name, 1 << int(mujoco.mjtConDataField.mjCONDATA_FOUND))
    model = spec.compile()
    # MuJoCo skips frames that coincide when it compiles, and would not see them move later
    model.body_sameframe[model.body(robot.base_body).id] = int(mujoco.mjtSameFrame.mjSAMEFRAME_NONE)
    check_imu(model, robot)
    return model


def _contact_sensor(spec: mujoco.MjSpec, name: str, body: str, fields: int) -> None:
    sensor = spec.add_sensor(
        name=name,
        type=mujoco.mjtSensor.mjSENS_CONTACT,
        objtype=mujoco.mjtObj.mjOBJ_BODY,
        objname=body,
        reftype=mujoco.mjtObj.mjOBJ_GEOM,
        refname=FLOOR,
    )
    sensor.intprm[:3] = fields, _LARGEST_FORCE, 1


def apply_conditions(batch, robot: RobotSpec, all_of: Sequence[Conditions]) -> None:
    """Give simulation ``i`` of a ``mujoco.batch.Batch`` the physics of ``all_of[i]``."""
    model = batch.model
    base = model.body(robot.base_body).id
    mass = float(model.body_mass.sum())
    body_mass, body_ipos = batch.expand("body_mass"), batch.expand("body_ipos")
    body_mass[:, base] += np.array([c.payload_share * mass for c in all_of])
    body_ipos[:, base, 0] += np.array([c.com_forward_m for c in all_of])
    body_ipos[:, base, 1] += np.array([c.com_left_m for c in all_of])
    for name, kinds, field in (
        ("opt.integrator", _INTEGRATOR, "integrator"),
        ("opt.solver", _SOLVER, "solver"),
        ("opt.cone", _CONE, "cone"),
    ):
        option = batch.expand(name)
        for i, c in enumerate(all_of):
            option[i] = int(kinds[getattr(c, field)])
    friction, solref = batch.expand("geom_friction"), batch.expand("geom_solref")
    for i, c in enumerate(all_of):
        if c.friction is not None:
            friction[i, :, 0] = c.friction
        if c.contact_time_s is not None:
            solref[i, :, 0] = c.contact_time_s
    batch.set_const()


def tilt_floor(batch, slope_quat_w: np.ndarray) -> None:
    """Turn every simulation's plane by ``slope_quat_w [N, 4]`` wxyz, after a reset."""
    batch.bind("mocap_quat")[:, 0] = slope_quat_w


def slope_quaternion(slope_rad: np.ndarray, uphill_rad: np.ndarray) -> np.ndarray:
    """``[N, 4]`` wxyz: the rotation of a plane that rises by ``slope_rad`` towards the azimuth
    ``uphill_rad`` in the world."""
    # the axis is horizontal, a quarter turn to the right of the way up
    axis = np.stack([np.sin(uphill_rad), -np.cos(uphill_rad), np.zeros_like(uphill_rad)], axis=1)
    return rotations.from_exp_map(slope_rad[:, None] * axis)


def plane_normal(slope_quat_w: np.ndarray) -> np.ndarray:
    """The planes' normals ``[N, 3]``."""
    up = np.tile((0.0, 0.0, 1.0), (len(slope_quat_w), 1))
    return rotations.rotate(slope_quat_w, up)
