"""A robot to be looked at: on a tiled floor under a light. Nothing of it is stepped."""

from __future__ import annotations

from typing import Tuple

import mujoco

from amp_sdk.robots import RobotSpec


def build_stage(robot: RobotSpec, size: Tuple[int, int]) -> mujoco.MjModel:
    """The robot's own MJCF with what a picture of ``size`` (width, height) needs."""
    spec = mujoco.MjSpec.from_file(str(robot.mjcf_path))
    spec.add_texture(
        name="tiles",
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        width=256,
        height=256,
        rgb1=(0.80, 0.83, 0.86),
        rgb2=(0.72, 0.76, 0.80),
    )
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
        width=16,
        height=96,
        rgb1=(0.86, 0.90, 0.93),
        rgb2=(0.86, 0.90, 0.93),
    )
    tiles = spec.add_material(name="tiles", texrepeat=(1, 1), texuniform=True)
    tiles.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "tiles"
    plane = mujoco.mjtGeom.mjGEOM_PLANE
    spec.worldbody.add_geom(name="tiles", type=plane, size=(0, 0, 0.05), material="tiles")
    lamp = spec.body(robot.base_body).add_light(pos=(-0.6, -1.0, 3.0), dir=(0.2, 0.3, -1.0))
    lamp.type, lamp.castshadow = mujoco.mjtLightType.mjLIGHT_SPOT, True
    lamp.mode = mujoco.mjtCamLight.mjCAMLIGHT_TRACK
    lamp.cutoff, lamp.diffuse = 60.0, (0.5, 0.5, 0.5)
    visual = spec.visual
    visual.headlight.ambient, visual.headlight.diffuse = (0.4, 0.4, 0.4), (0.35, 0.35, 0.35)
    visual.global_.offwidth, visual.global_.offheight = size
    visual.quality.shadowsize, visual.quality.offsamples = 1024, 0
    return spec.compile()
