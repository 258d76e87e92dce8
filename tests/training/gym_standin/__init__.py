"""A stand-in for Isaac Gym: names, arguments and layouts of isaacgym-stubs, physics of MuJoCo.

``modules()`` are the modules to put in place of ``isaacgym``. Whatever the stubs do not know is
refused, and so is what Isaac Gym itself would get wrong: indices that are not int32, tensors that
died before ``simulate``, results that were not fetched, masses changed too late.
"""

from __future__ import annotations

import types

from gym_standin import gym, stubs, torch_bridge


def modules() -> dict[str, types.ModuleType]:
    """Fresh modules ``isaacgym``, ``isaacgym.gymapi`` and ``isaacgym.gymtorch``."""
    package, gymapi = types.ModuleType("isaacgym"), types.ModuleType("isaacgym.gymapi")
    for name, value in stubs.classes().items():
        setattr(gymapi, name, value)
    gymapi.__dict__["acquire_gym"] = lambda: gym.CheckedGym()
    gymtorch = types.ModuleType("isaacgym.gymtorch")
    gymtorch.__dict__.update(
        wrap_tensor=torch_bridge.wrap_tensor, unwrap_tensor=torch_bridge.unwrap_tensor
    )
    package.__dict__.update(gymapi=gymapi, gymtorch=gymtorch, __path__=[])
    return {"isaacgym": package, "isaacgym.gymapi": gymapi, "isaacgym.gymtorch": gymtorch}
