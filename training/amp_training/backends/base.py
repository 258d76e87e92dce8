"""The contract between the environment and a simulator.

**A control step.** ``step(targets)`` holds the joint targets over ``decimation`` physics steps and
then refreshes ``state`` in place; the environment reads it, decides which environments end, and
calls ``reset(which, rows)``. Until then the rows of ``state`` are those that the episodes ended in,
which is where a terminal observation comes from.

**Actuators.** The torque of a joint is ``kp (target - q) - kd dq``, held within the robot's torque
limit, at every physics step; passive damping of the joint comes on top. The engine may integrate it
implicitly. There is no limit of speed.

**Reset.** Only the selected rows change, in the simulator and in ``state``, and nothing of what was
before them is left (targets, warm starts, contacts). No physics runs: the rows of ``state`` hold
what was written, bit for bit. Fields of key bodies in ``rows`` are ignored by the simulator.

**Waiting.** Of a ``masked`` backend no method waits for a GPU: a reset takes a mask over all
environments, ``step`` and ``faulty`` read nothing back (``selection.py``). The others take ids.

**Frames and units.** Metres, radians, seconds; quaternions wxyz, of unit length up to rounding;
joints in the order of ``RobotSpec.joint_names`` whatever the engine's own order. Position and
linear velocity of the base are those of the origin of its body frame (not of its centre of mass),
in the world; its angular velocity is in the body's frame. World z points up, gravity is
9.81 m/s^2, the floor is z = 0; every environment has a world of its own, with its own origin.

**Contacts.** Robots meet the floor, not each other. Friction is the robot geom's coefficient.

**Variations.** ``vary`` makes every environment's robot a different one, once, before the first
reset (``randomization.py``). Without it all robots are the nominal one.

**Snapshots.** ``snapshot`` and ``resume`` carry all that the next ``step`` depends on over the end
of the process, so that a ``deterministic`` backend goes on exactly as it would have.

**Start.** ``state`` means nothing before the first ``reset`` of all environments.

A backend leaves ``key_pos_b`` alone: it follows from the joints (``key_bodies.py``) and is filled
in where it is needed. ``python -m amp_training.backends.conformance`` checks all of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Optional, Protocol, Tuple, runtime_checkable

import torch
from torch import Tensor

from amp_training.backends.randomization import Variations
from amp_training.config import HarnessConfig, RandomizationConfig, SimulationConfig


@dataclass(frozen=True)
class StateLayout:
    """Where the fields of a robot's state lie in one flat row of ``size`` float32 numbers."""

    joints: int
    keys: int

    @property
    def size(self) -> int:
        """Numbers in a row: 13 of the root, 2 a joint, 3 a key body."""
        return 13 + 2 * self.joints + 3 * self.keys

    def view(self, flat: Tensor) -> SimState:
        """The fields of ``flat`` [..., size] as views of it."""
        j, k = self.joints, self.keys
        pos, quat, lin, ang, joint_pos, joint_vel, keys = torch.split(
            flat, [3, 4, 3, 3, j, j, 3 * k], dim=-1
        )
        keys = keys.unflatten(-1, (k, 3))
        return SimState(flat, pos, quat, lin, ang, joint_pos, joint_vel, keys)

    def empty(self, lead: Tuple[int, ...], device: torch.device) -> SimState:
        """Zeroed storage with leading dimensions ``lead``."""
        return self.view(torch.zeros(lead + (self.size,), device=device))


@dataclass(frozen=True)
class SimState:
    """State of robots, float32. ``_w`` is the world frame, ``_b`` the base (IMU) frame."""

    flat: Tensor  # [..., size], the storage of all others
    root_pos_w: Tensor  # [..., 3] m
    root_quat_w: Tensor  # [..., 4] wxyz
    root_lin_vel_w: Tensor  # [..., 3] m/s
    root_ang_vel_b: Tensor  # [..., 3] rad/s
    joint_pos: Tensor  # [..., J] rad
    joint_vel: Tensor  # [..., J] rad/s
    key_pos_b: Tensor  # [..., K, 3] m, key bodies in the base frame, as RobotSpec.key_bodies


_DIVERGED = 1e10  # MuJoCo's mjMAXVAL


def diverged(state: SimState) -> Tensor:
    """[...] bool: a number of the state is not finite, or so large that it means nothing."""
    moving = state.flat[..., : 13 + 2 * state.joint_pos.shape[-1]]
    return ~(moving.abs() < _DIVERGED).all(-1)


class Backend(Protocol):
    """A simulator of N copies of one robot on flat ground."""

    num_envs: int
    device: torch.device
    """Where ``state`` and every argument lives."""
    deterministic: bool
    """Equal states and targets lead to equal bits."""
    masked: bool
    """``reset`` takes a mask, and waits for nothing; it takes ids too."""
    layout: StateLayout
    state: SimState
    """[N, ...], refreshed in place by ``step`` and ``reset``."""

    def step(self, targets: Tensor) -> None:
        """Advance one control period with joint targets [N, J] rad: ``command``, ``physics``, and
        the refresh of ``state``."""
        ...

    def command(self, targets: Tensor) -> None:
        """Set the joint targets [N, J] rad of the next ``physics``."""
        ...

    def physics(self) -> None:
        """The engine's own work of a control period, for measurements; ``state`` stays as it is."""
        ...

    def reset(self, which: Tensor, rows: Tensor) -> None:
        """Write flat states to environments: ``rows`` [n, size] to the ids ``which`` [n] int64,
        distinct, or those of ``rows`` [N, size] where the mask ``which`` [N] bool is set."""
        ...

    def faulty(self) -> Tensor:
        """[N] bool: the simulator itself failed there during the last ``step`` (diverged)."""
        ...

    def vary(self, variations: Variations) -> None:
        """Make the robots different from each other; once, before the first ``reset``."""
        ...

    def snapshot(self) -> Dict[str, Tensor]:
        """All that the next ``step`` depends on, for a checkpoint."""
        ...

    def resume(self, snapshot: Dict[str, Tensor]) -> None:
        """Go on from a ``snapshot`` of a backend that was built alike."""
        ...


@runtime_checkable
class Touching(Protocol):
    """What a backend also has that was built with ``contact_links``."""

    def touching(self) -> Tensor:
        """[N] bool: one of them touched the floor in the last physics step."""
        ...


@runtime_checkable
class Disturbing(Protocol):
    """What the MuJoCo backends also have."""

    def disturb(
        self, config: RandomizationConfig, simulation: SimulationConfig, seed: int
    ) -> Optional[Tensor]:
        """Give the robots what ``vary`` leaves of ``config``; once, after it.

        Masses and centres of mass, motor strengths, late commands, pushes, and slopes, of which the
        directions of gravity [N, 3] are returned.
        """
        ...

    def hang(self, config: HarnessConfig, standing_m: float) -> Callable[[int], None]:
        """Hang up the robots, ``standing_m`` high as they stand; once, after ``vary``.

        Returns what gives the harness the strength that belongs to so many samples, between
        rollouts.
        """
        ...
