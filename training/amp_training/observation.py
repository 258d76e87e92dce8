"""The policy's observation in training, the batched twin of ``amp_sdk.observation``."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

import torch
from torch import Tensor

from amp_sdk.contract import ObservationTerm
from amp_training.backends.base import SimState
from amp_training.config import ObservationConfig
from amp_training.rotations import projected_gravity, rotate_inverse
from amp_training.selection import pick, put
from amp_training.sensors import SensorErrors


def observation_terms(
    config: ObservationConfig, joints: int, commands: int
) -> Tuple[ObservationTerm, ...]:
    """The terms of the policy's observation, as they go into the contract."""
    clip = (-config.clip, config.clip)

    def term(name: str, size: int, scale: float) -> ObservationTerm:
        return ObservationTerm(name=name, size=size, scale=scale, clip=clip, history=config.history)

    told = (term("command", commands, 1.0),) if commands else ()
    return (
        term("base_ang_vel_b", 3, config.ang_vel_scale),
        term("projected_gravity_b", 3, 1.0),
        *told,
        term("joint_pos", joints, 1.0),
        term("joint_vel", joints, config.joint_vel_scale),
        term("last_action", joints, config.last_action_scale),
    )


class PolicyObservation:
    """Builds observations [N, O] and keeps their history.

    Args:
        terms: from ``observation_terms``; all with the same history.
        default_joint_pos: [J] rad, subtracted from the joint positions.
        num_envs: N.
        sensors: errors of what is measured; None: it is exact.
        gravity_w: [N, 3] unit, where gravity does not point straight down (floors that slope).
    """

    def __init__(
        self,
        terms: Tuple[ObservationTerm, ...],
        default_joint_pos: Tensor,
        num_envs: int,
        sensors: Optional[SensorErrors] = None,
        gravity_w: Optional[Tensor] = None,
    ) -> None:
        sizes = [term.size for term in terms]
        self._default = default_joint_pos
        self._sensors = sensors
        self._gravity_w = gravity_w
        self._history = terms[0].history
        device = default_joint_pos.device
        self._scale = torch.cat([torch.full((t.size,), t.scale) for t in terms]).to(device)
        self._limit = float(terms[0].clip[1]) if terms[0].clip else float("inf")
        self._samples = torch.zeros(num_envs, self._history, sum(sizes), device=device)
        self._order = self._flat_order(sizes).to(device)
        self.size = sum(sizes) * self._history

    def _flat_order(self, sizes: List[int]) -> Tensor:
        """Index that turns [history, samples] into per-term blocks, oldest first."""
        index = torch.arange(self._history * sum(sizes)).view(self._history, sum(sizes))
        return torch.cat([block.flatten() for block in index.split(sizes, dim=1)])

    def sample(
        self, state: SimState, command: Tensor, action: Tensor, which: Optional[Tensor] = None
    ) -> Tensor:
        """One sample of all terms, [n, sum of sizes], scaled and clipped.

        ``which`` are the robots concerned (None: all), each of which has its own sensors.
        """
        ang_vel, gravity = state.root_ang_vel_b, self._gravity_b(state.root_quat_w, which)
        pos, vel = state.joint_pos, state.joint_vel
        if self._sensors is not None:
            ang_vel, gravity, pos, vel = self._sensors.add(ang_vel, gravity, pos, vel, which)
        parts = (ang_vel, gravity, command, pos - self._default, vel, action)
        sample = torch.cat(parts, dim=-1)
        return sample.mul_(self._scale).clamp_(-self._limit, self._limit)

    def _gravity_b(self, quat: Tensor, which: Optional[Tensor]) -> Tensor:
        if self._gravity_w is None:
            return projected_gravity(quat)
        down_w = self._gravity_w if which is None else pick(which, self._gravity_w)
        return rotate_inverse(quat, down_w)

    def push(self, sample: Tensor) -> Tensor:
        """Append ``sample`` [N, D] to the history; the observation [N, O]."""
        if self._history == 1:
            return sample
        self._samples = torch.cat((self._samples[:, 1:], sample.unsqueeze(1)), dim=1)
        return self._samples.flatten(1)[:, self._order]

    def restart(self, which: Tensor, sample: Tensor) -> Tensor:
        """Fill the history of ``which`` with ``sample`` [n, D]; their observation [n, O]."""
        if self._history == 1:
            return sample
        put(which, self._samples, sample.unsqueeze(1))
        return pick(which, self._samples).flatten(1)[:, self._order]

    def snapshot(self) -> Dict[str, Tensor]:
        """Content for a checkpoint."""
        content = {"samples": self._samples.clone()}
        if self._sensors is not None:
            content["sensors"] = self._sensors.generator.get_state()
        return content

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Take the content back."""
        self._samples = snapshot["samples"].to(self._samples.device, copy=True)
        if self._sensors is not None:
            self._sensors.generator.set_state(snapshot["sensors"])
