"""The MuJoCo model of a verification: the robot, a floor, light and the physics settings."""

from __future__ import annotations

import mujoco
import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec

PHYSICS_STEP_S = 0.002
FLOOR = "floor"
VIDEO_SIZE = (960, 540)
_SKY_TOP, _SKY_HORIZON = (0.36, 0.48, 0.62), (0.86, 0.90, 0.93)


def build_model(robot: RobotSpec, physics_step_s: float = PHYSICS_STEP_S) -> mujoco.MjModel:
    """The robot's own MJCF, with the contacts it asks for, on a flat floor.

    Raises InputError where the robot's IMU is not aligned with its base, since the attitude would
    be another's.
    """
    spec = robot_spec(robot, physics_step_s)
    add_floor(spec)
    _add_light(spec)
    model = spec.compile()
    check_imu(model, robot)
    return model


def robot_spec(robot: RobotSpec, physics_step_s: float) -> mujoco.MjSpec:
    """The robot's own MJCF with the physics settings of a verification, and no floor yet."""
    spec = mujoco.MjSpec.from_file(str(robot.mjcf_path))
    spec.option.timestep = physics_step_s
    # a diverged simulation must be seen, not silently restarted
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    return spec


def add_floor(spec: mujoco.MjSpec) -> None:
    """A level floor without an end, named ``FLOOR``."""
    plane = mujoco.mjtGeom.mjGEOM_PLANE
    spec.worldbody.add_geom(name=FLOOR, type=plane, size=(0, 0, 0.05), contype=1, conaffinity=1)
    _add_tiles(spec)


def dress(spec: mujoco.MjSpec) -> None:
    """What a film needs of a model that has a floor: tiles on it, light and a sky."""
    _add_tiles(spec)
    _add_light(spec)


def _add_tiles(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="floor",
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        mark=mujoco.mjtMark.mjMARK_EDGE,
        width=512,
        height=512,
        rgb1=(0.32, 0.36, 0.40),
        rgb2=(0.27, 0.31, 0.35),
        markrgb=(0.46, 0.51, 0.56),
    )
    floor = spec.add_material(
        name="floor", texrepeat=(1, 1), texuniform=True, specular=0.1, shininess=0.2
    )
    floor.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "floor"
    spec.geom(FLOOR).material = "floor"


def _add_light(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        width=512,
        height=3072,
        rgb1=_SKY_HORIZON,
        rgb2=_SKY_TOP,
    )
    # the sky lights everything; the lamp that follows the robot casts its shadow (a directional
    # light with shadows leaves specks on the floor at the edge of its shadow map)
    base = spec.body(spec.worldbody.first_body().name)
    sky = base.add_light(name="sky", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, castshadow=False)
    sky.mode = mujoco.mjtCamLight.mjCAMLIGHT_TRACK
    sky.pos, sky.dir = (0, 0, 4), (0.3, 0.3, -1.0)
    sky.diffuse, sky.specular = (0.34, 0.34, 0.35), (0, 0, 0)
    lamp = base.add_light(name="lamp", type=mujoco.mjtLightType.mjLIGHT_SPOT, castshadow=True)
    lamp.mode = mujoco.mjtCamLight.mjCAMLIGHT_TRACK
    lamp.pos, lamp.dir = (-1.0, -1.6, 4.0), (0.25, 0.4, -1.0)
    lamp.cutoff, lamp.exponent = 50.0, 5.0
    lamp.diffuse, lamp.specular = (0.62, 0.60, 0.56), (0.25, 0.25, 0.25)
    visual = spec.visual
    visual.headlight.ambient = (0.34, 0.35, 0.37)
    visual.headlight.diffuse = (0.28, 0.28, 0.28)
    visual.headlight.specular = (0.1, 0.1, 0.1)
    # software rendering, as without a GPU, spends its time on these
    visual.quality.shadowsize = 2048
    visual.quality.numslices, visual.quality.numstacks = 16, 12
    visual.global_.offwidth, visual.global_.offheight = VIDEO_SIZE
    visual.map.haze = 0.4
    visual.rgba.haze = (*_SKY_HORIZON, 1.0)


def check_imu(model: mujoco.MjModel, robot: RobotSpec) -> None:
    """Raise InputError unless the IMU is aligned with the base."""
    site = model.site(robot.imu_site)
    aligned = np.allclose(np.abs(site.quat[0]), 1.0, atol=1e-6)
    if model.body(int(site.bodyid[0])).name != robot.base_body or not aligned:
        raise InputError(
            f"robot {robot.name!r}: the IMU site {robot.imu_site!r} must sit on "
            f"{robot.base_body!r} without a rotation, since its attitude stands for the base's"
        )
