"""MuJoCo Warp: a different robot in every world."""

from __future__ import annotations

import copy
from typing import Any, Dict, List

import mujoco
import numpy as np
import torch
import warp as wp
from torch import Tensor

from amp_training.backends.disturbances import Bodies
from amp_training.backends.mujoco_model import Addresses
from amp_training.backends.randomization import Variations

_INERTIAL = ("body_mass", "body_inertia", "body_ipos")
# what MuJoCo derives from these
_DERIVED = ("body_subtreemass", "body_invweight0", "dof_invweight0", "actuator_acc0")
# arrays of the model that have rows for every world
VARIED = (
    "actuator_gainprm",
    "actuator_biasprm",
    "actuator_forcerange",
    "dof_damping",
    "geom_friction",
    *_INERTIAL,
    *_DERIVED,
)


def vary_worlds(model: Any, at: Addresses, variations: Variations, device: torch.device) -> None:
    """Give every world of ``model`` its own gains, damping, friction and base mass."""
    actuators, dofs, geoms = (
        torch.as_tensor(rows, device=device) for rows in (at.actuators, at.dofs, at.geoms)
    )
    kp, kd = _tensor(variations.kp_ratio, device), _tensor(variations.kd_ratio, device)
    # a position actuator's force is gain[0] ctrl + bias[1] q + bias[2] dq
    bias = wp.to_torch(model.actuator_biasprm)
    wp.to_torch(model.actuator_gainprm)[:, actuators, 0] *= kp
    bias[:, actuators, 1] *= kp
    bias[:, actuators, 2] *= kd
    wp.to_torch(model.dof_damping)[:, dofs] += _tensor(variations.damping_nm_s, device)
    wp.to_torch(model.geom_friction)[:, geoms, 0] = _tensor(variations.friction, device)[:, None]
    wp.to_torch(model.body_mass)[:, at.base] += _tensor(variations.base_mass_kg, device)


def vary_bodies(model: Any, at: Addresses, bodies: Bodies, device: torch.device) -> None:
    """Give every world of ``model`` its own link masses, base's centre of mass and motors."""
    if bodies.mass_ratio is not None:
        ratio = _tensor(bodies.mass_ratio, device)
        wp.to_torch(model.body_mass).mul_(ratio)
        wp.to_torch(model.body_inertia).mul_(ratio.unsqueeze(-1))
    if bodies.com_shift_m is not None:
        wp.to_torch(model.body_ipos)[:, at.base] += _tensor(bodies.com_shift_m, device)
    if bodies.strength is not None:
        strength = _tensor(bodies.strength, device)
        actuators = torch.as_tensor(at.actuators, device=device)
        wp.to_torch(model.actuator_gainprm)[:, actuators, 0] *= strength
        wp.to_torch(model.actuator_biasprm)[:, actuators, 1:3] *= strength.unsqueeze(-1)
        wp.to_torch(model.actuator_forcerange)[:, actuators] *= strength.unsqueeze(-1)


def tilt_gravity(model: Any, down_w: np.ndarray, device: torch.device) -> Tensor:
    """Give every world of ``model`` its own direction of gravity: ``down_w`` [N, 3], unit length.

    Returns it as a tensor. An option has one row for all worlds until it gets more; so only before
    the first step, whose recording keeps the array that it found.
    """
    one = model.opt.gravity
    strength = float(np.linalg.norm(one.numpy()[0]))
    rows = (strength * down_w).astype(np.float32)
    model.opt.gravity = wp.array(rows, dtype=wp.vec3, device=one.device)
    return _tensor(down_w, device)


def derive(model: Any, nominal: mujoco.MjModel) -> None:
    """Bring what MuJoCo derives from masses, inertias and their centres up to date in every world.

    MuJoCo computes it, once: Warp's own ``set_const`` takes longer to compile.
    """
    one = copy.copy(nominal)
    data = mujoco.MjData(one)
    given = {name: wp.to_torch(getattr(model, name)).cpu().numpy() for name in _INERTIAL}
    rows: Dict[str, List[np.ndarray]] = {name: [] for name in _DERIVED}
    for world in range(len(given["body_mass"])):
        for name, values in given.items():
            getattr(one, name)[:] = values[world]
        mujoco.mj_setConst(one, data)
        for name, derived in rows.items():
            derived.append(getattr(one, name).copy())
    for name, derived in rows.items():
        held = wp.to_torch(getattr(model, name))
        held.copy_(_tensor(np.stack(derived), held.device))


def _tensor(values: np.ndarray, device: torch.device) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32, device=device)
