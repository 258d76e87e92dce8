"""Domain randomisation of the CPU backend: each environment is a slightly different robot.

The differences are drawn once, when the backend is built, and cost nothing per step.
"""

from __future__ import annotations

from typing import Tuple

import numpy as np
from mujoco.batch import Batch

from amp_sdk.robots import RobotSpec
from amp_training.config import RandomizationConfig


def randomize(batch: Batch, robot: RobotSpec, config: RandomizationConfig, seed: int) -> None:
    """Draw gains, damping, foot friction and base mass of every simulation of ``batch``.

    ``batch`` has position actuators and hinges in the order of ``robot.joint_names``.
    """
    model, rng, n = batch.model, np.random.default_rng(seed), batch.nsim

    def draw(bounds: Tuple[float, float], *shape: int) -> np.ndarray:
        return rng.uniform(bounds[0], bounds[1], (n, *shape))

    motors = [model.actuator(name).id for name in robot.joint_names]
    dofs = [int(model.joint(name).dofadr[0]) for name in robot.joint_names]
    gain, bias = batch.expand("actuator_gainprm"), batch.expand("actuator_biasprm")
    kp, kd = draw(config.gain_ratio, len(motors)), draw(config.gain_ratio, len(motors))
    # a position actuator's force is gain[0] ctrl + bias[1] q + bias[2] dq
    gain[:, motors, 0] *= kp
    bias[:, motors, 1] *= kp
    bias[:, motors, 2] *= kd
    damping = batch.expand("dof_damping")
    extra = draw(config.damping_nm_s, len(dofs))
    damping[:, dofs] += extra.reshape(extra.shape + (1,) * (damping.ndim - 2))
    solid = np.flatnonzero((model.geom_contype | model.geom_conaffinity) != 0)
    robot_geoms = [g for g in solid if model.geom_bodyid[g] != 0]
    batch.expand("geom_friction")[:, robot_geoms, 0] = draw(config.friction, 1)
    base = model.body(robot.base_body).id
    batch.expand("body_mass")[:, base] += draw(config.base_mass_kg)
    batch.set_const()
