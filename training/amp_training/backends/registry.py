"""Backends by name. Each is imported when it is asked for: none needs what another one needs."""

from __future__ import annotations

from typing import Dict, Optional, Sequence, Tuple

import numpy as np
import torch

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training import workers
from amp_training.backends.base import Backend
from amp_training.config import SimulationConfig

# name -> what to do where its packages are missing
INSTALL: Dict[str, str] = {
    "mujoco": "with Python 3.11 or newer, in the checkout: pip install '.[train]'",
    "mujoco_warp": "with Python 3.11 or newer, in the checkout: pip install '.[train,warp]'",
    "isaacgym": "with Python 3.8, from Isaac Gym Preview 4: pip install -e isaacgym/python",
}
NAMES: Tuple[str, ...] = tuple(INSTALL)


def resolve_device(name: str, wanted: Optional[str]) -> torch.device:
    """The device of backend ``name``: ``wanted``, or the GPU where backend and machine have one.

    Of several processes on a machine each has a GPU of its own. Raises InputError for a device that
    is no device, that is missing, or that does not suit.
    """
    if wanted is None:
        on_gpu = name != "mujoco" and torch.cuda.is_available()
        wanted = "cuda" if on_gpu else "cpu"
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise InputError(f"device {wanted!r}: expected cpu, cuda or cuda:N") from error
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"device {wanted!r}: expected cpu, cuda or cuda:N")
    if device.type == "cpu":
        return device
    if name == "mujoco":
        raise InputError(
            f"device {wanted!r}: the backend mujoco runs on the CPU; choose the backend mujoco_warp"
        )
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    index = workers.local_rank() if device.index is None else device.index
    if index >= found:
        raise InputError(
            f"device {wanted!r} of process {workers.local_rank() + 1} of {workers.local_size()} "
            f"here: torch sees {found} GPU(s), wanted number {index} (from 0); python -m "
            "amp_sdk.doctor says why"
        )
    return torch.device("cuda", index)


def make_backend(
    robot: RobotSpec,
    kp: np.ndarray,
    kd: np.ndarray,
    config: SimulationConfig,
    device: Optional[str] = None,
    contact_links: Sequence[str] = (),
) -> Backend:
    """The backend ``config.backend`` with nominal robots.

    Args:
        robot: the robot.
        kp: [J] N m/rad. kd: [J] N m s/rad.
        config: backend, environments, time steps.
        device: "cpu", "cuda", "cuda:N"; None takes ``resolve_device``'s choice.
        contact_links: links whose touch of the floor ``touching`` reports; not of isaacgym.

    Raises InputError where its packages are missing or the device does not suit.
    """
    if contact_links and config.backend == "isaacgym":
        raise InputError(
            "episode.contact_termination: the backend isaacgym reports no contacts; use the "
            "backend mujoco or mujoco_warp, or set it to false"
        )
    where = resolve_device(config.backend, device)
    try:
        return _make(robot, kp, kd, config, where, contact_links)
    except ImportError as error:
        raise InputError(
            f"the backend {config.backend} does not load ({error}); {INSTALL[config.backend]}"
        ) from error


def _make(
    robot: RobotSpec,
    kp: np.ndarray,
    kd: np.ndarray,
    config: SimulationConfig,
    device: torch.device,
    contact_links: Sequence[str],
) -> Backend:
    if config.backend == "mujoco":
        from amp_training.backends.mujoco_cpu import MujocoBackend

        return MujocoBackend(robot, kp, kd, config, contact_links)
    if config.backend == "mujoco_warp":
        from amp_training.backends.mujoco_warp import MujocoWarpBackend

        return MujocoWarpBackend(robot, kp, kd, config, device, contact_links)
    from amp_training.backends.isaacgym import IsaacGymBackend

    return IsaacGymBackend(robot, kp, kd, config, device)
