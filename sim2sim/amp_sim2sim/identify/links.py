"""The torque that a robot's links ask of its joints, from what its encoders and IMU measured.

The IMU's acceleration and rate stand for everything that holds the base, be it a hand, a gantry's
band or nothing: the equations of the joints need no more. Nothing but the base may be touched.
"""

from __future__ import annotations

import mujoco
import numpy as np

from amp_sdk.robots import RobotSpec
from amp_sim2sim.identify.chirp import Chirps
from amp_sim2sim.scene import PHYSICS_STEP_S, robot_spec


def link_torque(robot: RobotSpec, chirps: Chirps, acc: np.ndarray) -> np.ndarray:
    """``[N, J]`` Nm without armature and friction, at joint accelerations ``acc [N, J]``."""
    model = robot_spec(robot, PHYSICS_STEP_S).compile()
    model.dof_armature[:] = model.dof_damping[:] = model.dof_frictionloss[:] = 0.0
    # the accelerometer measures what gravity adds
    model.opt.gravity[:] = 0.0
    off = mujoco.mjtDisableBit
    model.opt.disableflags |= int(off.mjDSBL_CONTACT | off.mjDSBL_LIMIT)
    data = mujoco.MjData(model)
    joints = [model.joint(name) for name in chirps.joint_names]
    qpos = np.array([joint.qposadr[0] for joint in joints])
    qvel = np.array([joint.dofadr[0] for joint in joints])
    base = model.joint(int(model.body(robot.base_body).jntadr[0]))
    at, by = int(base.qposadr[0]), int(base.dofadr[0])
    lever = np.array(model.site(robot.imu_site).pos)
    spin = np.gradient(chirps.gyro_b, chirps.time_s, axis=0)
    torque = np.empty_like(acc)
    rotation = np.empty(9)
    for i in range(len(acc)):
        data.qpos[at + 3 : at + 7] = chirps.quat_w[i]
        data.qpos[qpos], data.qvel[qvel], data.qacc[qvel] = chirps.pos[i], chirps.vel[i], acc[i]
        gyro = chirps.gyro_b[i]
        origin = (
            chirps.accel_b[i] - np.cross(spin[i], lever) - np.cross(gyro, np.cross(gyro, lever))
        )
        mujoco.mju_quat2Mat(rotation, chirps.quat_w[i])
        data.qvel[by + 3 : by + 6], data.qacc[by + 3 : by + 6] = gyro, spin[i]
        data.qacc[by : by + 3] = rotation.reshape(3, 3) @ origin
        mujoco.mj_inverse(model, data)
        torque[i] = data.qfrc_inverse[qvel]
    return torque
