"""MuJoCo Warp: a different robot in every world."""

from __future__ import annotations

import copy
from typing import Any, Dict, List

import mujoco
import numpy as np
import torch
import warp as wp
from torch import Tensor

from amp_training.backends.mujoco_model import Addresses
from amp_training.backends.randomization import Variations

# what MuJoCo derives from the mass
_DERIVED = ("body_subtreemass", "body_invweight0", "dof_invweight0", "actuator_acc0")
# arrays of the model that have rows for every world
VARIED = (
    "actuator_gainprm",
    "actuator_biasprm",
    "dof_damping",
    "geom_friction",
    "body_mass",
    *_DERIVED,
)


def vary_worlds(
    model: Any,
    nominal: mujoco.MjModel,
    at: Addresses,
    variations: Variations,
    device: torch.device,
) -> None:
    """Give every world of ``model`` its own gains, damping, friction and base mass."""

    def tensor(values: np.ndarray) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=device)

    actuators, dofs, geoms = (
        torch.as_tensor(rows, device=device) for rows in (at.actuators, at.dofs, at.geoms)
    )
    kp, kd = tensor(variations.kp_ratio), tensor(variations.kd_ratio)
    # a position actuator's force is gain[0] ctrl + bias[1] q + bias[2] dq
    bias = wp.to_torch(model.actuator_biasprm)
    wp.to_torch(model.actuator_gainprm)[:, actuators, 0] *= kp
    bias[:, actuators, 1] *= kp
    bias[:, actuators, 2] *= kd
    wp.to_torch(model.dof_damping)[:, dofs] += tensor(variations.damping_nm_s)
    wp.to_torch(model.geom_friction)[:, geoms, 0] = tensor(variations.friction)[:, None]
    wp.to_torch(model.body_mass)[:, at.base] += tensor(variations.base_mass_kg)
    for name, values in _derived(nominal, at.base, variations.base_mass_kg).items():
        wp.to_torch(getattr(model, name)).copy_(tensor(values))


def _derived(nominal: mujoco.MjModel, base: int, base_mass_kg: np.ndarray) -> Dict[str, np.ndarray]:
    """The constants ``_DERIVED`` [N, ...] for the masses added to the base.

    MuJoCo computes them, once: Warp's own ``set_const`` takes longer to compile.
    """
    model = copy.copy(nominal)
    data, own_kg = mujoco.MjData(model), float(model.body_mass[base])
    rows: Dict[str, List[np.ndarray]] = {name: [] for name in _DERIVED}
    for added_kg in base_mass_kg:
        model.body_mass[base] = own_kg + added_kg
        mujoco.mj_setConst(model, data)
        for name, values in rows.items():
            values.append(getattr(model, name).copy())
    return {name: np.stack(values) for name, values in rows.items()}
