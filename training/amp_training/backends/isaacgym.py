# pyright: strict, reportUnknownMemberType=false, reportMissingTypeStubs=false
"""Isaac Gym backend (Preview 4, Python 3.8): PhysX with its tensor API. See ``isaacgym.md``.

What is particular here, and only here:

- Quaternions are xyzw; the root's angular velocity is in the world; its linear velocity is that of
  its centre of mass, as everywhere in PhysX.
- The tensors lie in Gym's memory and change only with ``refresh_*`` after ``simulate``. What is
  written to them counts from the next ``simulate``, once: of two calls of one ``set_*_indexed``
  before it, the GPU pipeline keeps the last. So resets are collected and handed over in ``step``.
- Indices are int32, and tensors that are handed over must live until ``simulate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional

import isaacgym.gymtorch as gymtorch
import numpy as np
import torch
from isaacgym import gymapi
from torch import Tensor

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training.backends import isaacgym_actors, isaacgym_scene
from amp_training.backends.base import StateLayout, diverged
from amp_training.backends.randomization import Variations
from amp_training.config import SimulationConfig
from amp_training.rotations import rotate, rotate_inverse


@dataclass(frozen=True)
class _Live:
    """The tensors of a prepared simulation: Gym's handles, and torch over the same memory."""

    gym_root: gymapi.Tensor
    gym_dofs: gymapi.Tensor
    root: Tensor  # [N, 13] pos, quat xyzw, linear of the centre of mass, angular; world
    dofs: Tensor  # [N, J, 2] position and velocity, in Gym's order


class IsaacGymBackend:
    """See ``base.Backend``. Isaac Gym makes one simulation in a process: build one backend."""

    deterministic = False
    masked = False  # Gym must be told how many rows it is handed

    def __init__(
        self,
        robot: RobotSpec,
        kp: np.ndarray,
        kd: np.ndarray,
        config: SimulationConfig,
        device: torch.device,
    ) -> None:
        if config.friction_loss:
            raise InputError("simulation.friction_loss: PhysX has no dry friction in N m; turn off")
        self.num_envs = config.num_envs
        self.device = device
        self._robot, self._kp, self._kd = robot, kp, kd
        self._decimation = config.decimation
        self._actors = actors = isaacgym_scene.create(robot, kp, kd, config, device)
        self._gym, self._sim = actors.gym, actors.sim
        joints, envs = len(robot.joint_names), config.num_envs
        self._live: Optional[_Live] = None
        self._targets = torch.zeros(envs, joints, device=device)
        self._order = torch.tensor(actors.dof_of_joint, device=device)
        self._origin = torch.tensor(actors.origins_m, dtype=torch.float32, device=device)
        self._com = torch.tensor(actors.base_com_m, dtype=torch.float32, device=device)
        self._written: List[Tensor] = []
        self._indices = torch.empty(0, dtype=torch.int32, device=device)
        self.layout = StateLayout(joints, len(robot.key_bodies))
        self.state = self.layout.empty((envs,), device)

    def step(self, targets: Tensor) -> None:
        """Advance one control period with joint targets [N, J] rad."""
        self.command(targets)
        self.physics()
        self._refresh(self._prepared())

    def command(self, targets: Tensor) -> None:
        """Set the joint targets [N, J] rad."""
        self._hand_over(self._prepared())
        self._targets[:, self._order] = targets
        buffer = gymtorch.unwrap_tensor(self._targets)
        self._gym.set_dof_position_target_tensor(self._sim, buffer)

    def physics(self) -> None:
        """The physics steps of a control period."""
        gym, sim = self._gym, self._sim
        for _ in range(self._decimation):
            gym.simulate(sim)
            if self.device.type == "cpu":
                gym.fetch_results(sim, True)  # the GPU pipeline needs no host buffers

    def reset(self, which: Tensor, rows: Tensor) -> None:
        """Write the flat states ``rows`` to the ids ``which``; PhysX gets them with ``step``."""
        live = self._prepared()
        self.state.flat[which] = rows
        state = self.layout.view(rows)
        quat = state.root_quat_w
        angular_w = rotate(quat, state.root_ang_vel_b)
        arm_w = rotate(quat, self._com.expand(len(which), 3))
        linear_com_w = state.root_lin_vel_w + torch.cross(angular_w, arm_w, dim=-1)
        pos = state.root_pos_w + self._origin[which]
        live.root[which] = torch.cat((pos, quat.roll(-1, -1), linear_com_w, angular_w), dim=-1)
        dofs = torch.zeros(len(which), self.layout.joints, 2, device=self.device)
        dofs[:, self._order] = torch.stack((state.joint_pos, state.joint_vel), dim=-1)
        live.dofs[which] = dofs
        self._written.append(which.to(torch.int32))

    def faulty(self) -> Tensor:
        """[N] bool: the state is not finite or beyond all measure."""
        return diverged(self.state)

    def snapshot(self) -> Dict[str, Tensor]:
        """The robots' states; PhysX does not tell its contacts, so a resumed run is not exact."""
        return {"state": self.state.flat.clone()}

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Go on from a ``snapshot``."""
        rows = snapshot["state"].to(self.device)
        self.reset(torch.arange(self.num_envs, device=self.device), rows)

    def vary(self, variations: Variations) -> None:
        """Give every actor its own gains, damping, friction and base mass."""
        if self._live is not None:
            raise RuntimeError("Isaac Gym takes masses only before the first reset or step")
        isaacgym_actors.vary(self._actors, self._robot, self._kp, self._kd, variations)

    def _prepared(self) -> _Live:
        """Gym's tensors. They exist once the simulation is prepared, after which masses are fixed,
        so it waits for the first reset or step."""
        if self._live is None:
            gym, sim = self._gym, self._sim
            if not gym.prepare_sim(sim):
                raise InputError("Isaac Gym could not prepare the simulation")
            actor = [self._actors.index(i) for i in range(self.num_envs)]
            if actor != list(range(self.num_envs)):
                raise InputError(
                    f"Isaac Gym numbered the robots {actor[:8]}, expected 0, 1, 2, ..."
                )
            root = gym.acquire_actor_root_state_tensor(sim)
            dofs = gym.acquire_dof_state_tensor(sim)
            self._live = _Live(
                root,
                dofs,
                gymtorch.wrap_tensor(root).view(self.num_envs, 13),
                gymtorch.wrap_tensor(dofs).view(self.num_envs, -1, 2),
            )
            # the first refresh fills them, or it would undo what a reset has written by then
            gym.refresh_actor_root_state_tensor(sim)
            gym.refresh_dof_state_tensor(sim)
        return self._live

    def _hand_over(self, live: _Live) -> None:
        """Give PhysX the rows that were reset since the last step, in one call for each tensor."""
        if not self._written:
            return
        # kept until the next hand-over: Gym reads the memory at ``simulate``
        self._indices = torch.cat(self._written).contiguous()
        self._written.clear()
        gym, sim, count = self._gym, self._sim, len(self._indices)
        indices = gymtorch.unwrap_tensor(self._indices)
        gym.set_actor_root_state_tensor_indexed(sim, live.gym_root, indices, count)
        gym.set_dof_state_tensor_indexed(sim, live.gym_dofs, indices, count)

    def _refresh(self, live: _Live) -> None:
        self._gym.refresh_dof_state_tensor(self._sim)
        self._gym.refresh_actor_root_state_tensor(self._sim)
        state, root = self.state, live.root
        quat, angular_w = root[:, 3:7].roll(1, -1), root[:, 10:13]
        arm_w = rotate(quat, self._com.expand(self.num_envs, 3))
        state.root_pos_w.copy_(root[:, :3] - self._origin)
        state.root_quat_w.copy_(quat)
        state.root_lin_vel_w.copy_(root[:, 7:10] - torch.cross(angular_w, arm_w, dim=-1))
        state.root_ang_vel_b.copy_(rotate_inverse(quat, angular_w))
        state.joint_pos.copy_(live.dofs[:, self._order, 0])
        state.joint_vel.copy_(live.dofs[:, self._order, 1])
