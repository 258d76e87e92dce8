"""One robot in MuJoCo, reached only through what the real one offers: sensors and torques."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.observation import RobotState
from amp_sdk.robots import RobotSpec
from amp_sim2sim.scene import FLOOR


class RobotInSim:
    """A robot with its own ``MjData``; joints are in the order of ``joint_names``, a contract's.

    A physics step has two halves: ``sense`` computes the sensors of the present state, ``push``
    applies joint torques and integrates. Measurements are therefore never a step old.
    """

    def __init__(self, model: mujoco.MjModel, robot: RobotSpec, joint_names: Sequence[str]) -> None:
        self.model = model
        self.data = mujoco.MjData(model)
        joints = [model.joint(name) for name in joint_names]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._qvel = np.array([joint.dofadr[0] for joint in joints])
        self._motor = np.array([model.actuator(name).id for name in joint_names])
        self.base_body = model.body(robot.base_body).id
        base = model.joint(int(model.body(robot.base_body).jntadr[0]))
        self._base_pos, self._base_vel = int(base.qposadr[0]), int(base.dofadr[0])
        self._imu_quat = _sensor(model, "imu_quat")
        self._imu_gyro = _sensor(model, "imu_gyro")
        self._floor = model.geom(FLOOR).id
        solid = (model.geom_contype | model.geom_conaffinity) != 0
        solid[self._floor] = False
        self._solid_geoms = np.flatnonzero(solid).tolist()
        self._foot_of_body = np.full(model.nbody, -1)
        for i, name in enumerate(robot.foot_bodies):
            self._foot_of_body[model.body(name).id] = i
        self._is_trunk = trunk_bodies(model, robot)

    def stand(self, joint_pos: np.ndarray, yaw_rad: float) -> float:
        """Put the robot at rest, upright, its lowest point on the floor; returns its height, m.

        Raises InputError where it would lie on its trunk.
        """
        upright = np.array([np.cos(yaw_rad / 2), 0.0, 0.0, np.sin(yaw_rad / 2)])
        height = self.height_on_floor(joint_pos, upright)
        self.data.qpos[self._base_pos + 2] = height
        return height

    def lift(self, height_m: float) -> None:
        """Raise the robot as it is."""
        self.data.qpos[self._base_pos + 2] += height_m

    def height_on_floor(self, joint_pos: np.ndarray, quat_w: np.ndarray) -> float:
        """The base's height in m, at rest with attitude ``quat_w [4]`` wxyz, whose lowest point is
        on a level floor; the robot is put into that pose at height 0.

        Raises InputError where it would lie on its trunk.
        """
        mujoco.mj_resetData(self.model, self.data)
        qpos, base = self.data.qpos, self._base_pos
        qpos[base : base + 3] = 0.0
        qpos[base + 3 : base + 7] = quat_w
        qpos[self._qpos] = joint_pos
        mujoco.mj_kinematics(self.model, self.data)
        height, geom = min((self._lowest_point(g), g) for g in self._solid_geoms)
        body = self.model.body(int(self.model.geom_bodyid[geom]))
        if self._is_trunk[body.id]:
            raise InputError(
                f"the policy's default pose does not stand: its lowest point is on {body.name!r}; "
                "expected default_pos_rad to be a standing pose; export the policy again"
            )
        return -height

    def _lowest_point(self, geom: int) -> float:
        return lowest_point(
            int(self.model.geom_type[geom]),
            self.model.geom_size[geom],
            self.data.geom_xpos[geom],
            self.data.geom_xmat[geom].reshape(3, 3),
        )

    def show(self, pos_w: np.ndarray, quat_w: np.ndarray, joint_pos: np.ndarray) -> None:
        """Put the robot into a pose to be looked at."""
        base = self._base_pos
        self.data.qpos[base : base + 3], self.data.qpos[base + 3 : base + 7] = pos_w, quat_w
        self.data.qpos[self._qpos] = joint_pos
        mujoco.mj_forward(self.model, self.data)

    def sense(self) -> None:
        """Compute positions, contacts and sensors of the present state."""
        mujoco.mj_step1(self.model, self.data)

    def push(self, torque_nm: np.ndarray) -> None:
        """Apply torques ``[J]`` for one physics step."""
        self.data.ctrl[self._motor] = torque_nm
        mujoco.mj_step2(self.model, self.data)

    def shove(self, force_w: np.ndarray) -> None:
        """A force ``[3]`` N on the base from now on; zero ends it."""
        self.data.xfrc_applied[self.base_body, :3] = force_w

    def measure(self) -> RobotState:
        """What the IMU and the encoders report: all that a policy may see."""
        sensors = self.data.sensordata
        return RobotState(
            ang_vel_b=sensors[self._imu_gyro].copy(),
            quat_w=sensors[self._imu_quat].copy(),
            joint_pos=self.joint_pos,
            joint_vel=self.joint_vel,
        )

    @property
    def joint_pos(self) -> np.ndarray:
        """Joint angles ``[J]`` rad (a copy)."""
        return self.data.qpos[self._qpos]

    @property
    def joint_vel(self) -> np.ndarray:
        """Joint velocities ``[J]`` rad/s (a copy)."""
        return self.data.qvel[self._qvel]

    @property
    def base_pose_w(self) -> np.ndarray:
        """True position and quaternion wxyz of the base, ``[7]`` (a copy). For judging only."""
        return self.data.qpos[self._base_pos : self._base_pos + 7].copy()

    @property
    def base_velocity(self) -> np.ndarray:
        """True velocity ``[6]`` of the base: linear in the world, angular in the base frame."""
        return self.data.qvel[self._base_vel : self._base_vel + 6].copy()

    def floor_contacts(self) -> tuple[np.ndarray, bool]:
        """Which feet touch the floor, ``[F]`` bool, and whether the trunk does."""
        feet = np.zeros(int(self._foot_of_body.max()) + 1, dtype=bool)
        contact = self.data.contact
        geoms = contact.geom[contact.dist < 0.0]
        touching = geoms[(geoms == self._floor).any(axis=1)].sum(axis=1) - self._floor
        bodies = self.model.geom_bodyid[touching]
        feet_touching = self._foot_of_body[bodies]
        feet[feet_touching[feet_touching >= 0]] = True
        return feet, bool(self._is_trunk[bodies].any())

    def is_finite(self) -> bool:
        """Whether the simulation still holds numbers that make sense."""
        velocity = self.data.qvel
        return bool(np.isfinite(self.data.qpos).all() and (np.abs(velocity) < 1e4).all())


def trunk_bodies(model: mujoco.MjModel, robot: RobotSpec) -> np.ndarray:
    """``[nbody]`` bool: the bodies that belong to no leg, a leg being what leads to a foot."""
    is_trunk = np.ones(model.nbody, dtype=bool)
    is_trunk[0] = False
    base = model.body(robot.base_body).id
    for name in robot.foot_bodies:
        body = model.body(name).id
        while body not in (0, base):
            is_trunk[body] = False
            body = int(model.body_parentid[body])
    return is_trunk


def lowest_point(kind: int, size: np.ndarray, pos_w: np.ndarray, rot_w: np.ndarray) -> float:
    """The height in m of the lowest point of a primitive geom.

    ``kind`` is MuJoCo's geom type with its ``size [3]``, ``pos_w [3]`` and ``rot_w [3, 3]`` its
    pose. The extent below the centre is the support function of the shape along the vertical.
    """
    geom = mujoco.mjtGeom
    down = np.abs(rot_w[2])
    if kind == geom.mjGEOM_SPHERE:
        extent = size[0]
    elif kind == geom.mjGEOM_CAPSULE:
        extent = size[0] + size[1] * down[2]
    elif kind == geom.mjGEOM_CYLINDER:
        extent = size[0] * np.sqrt(max(0.0, 1.0 - down[2] ** 2)) + size[1] * down[2]
    elif kind == geom.mjGEOM_BOX:
        extent = float(size @ down)
    elif kind == geom.mjGEOM_ELLIPSOID:
        extent = float(np.linalg.norm(size * down))
    else:
        raise ValueError(f"geom type {kind} is no primitive with a known support function")
    return float(pos_w[2] - extent)


def _sensor(model: mujoco.MjModel, name: str) -> slice:
    sensor = model.sensor(name)
    return slice(int(sensor.adr[0]), int(sensor.adr[0] + sensor.dim[0]))
