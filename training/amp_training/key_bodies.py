"""Positions of key bodies in the base frame, by forward kinematics in torch.

They depend on the joint angles alone, so no simulator is asked for them: one function serves every
backend, the demonstrations and whole rollouts at once. Bodies of one depth are computed together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.mjcf import Mjcf, read


@dataclass(frozen=True)
class _Turn:
    """The k-th hinge of each of M links; a link without one does not turn."""

    joint: Tensor  # [M] index of the hinge
    axis: Tuple[Tensor, ...]  # 3 of [M, 1], zero where there is no hinge
    moves: Tensor  # [M, 1] bool: there is a hinge


@dataclass(frozen=True)
class _Level:
    """Links of one depth: M links, each a fixed offset from its parent, then its hinges."""

    parent: Tensor  # [M] index into the level above
    offset: Tuple[Tensor, ...]  # 3 of [M, 1] m in the parent's frame
    turn: Optional[Tuple[Tensor, ...]]  # 4 of [M, 1] wxyz in the parent's frame, None: no turn
    hinges: Tuple[_Turn, ...]  # three of them are a spherical joint


class KeyBodies:
    """See the module. ``names`` are the robot's key bodies, K."""

    def __init__(self, robot: RobotSpec, device: torch.device) -> None:
        self.names = robot.key_bodies
        model = read(robot.mjcf_path)
        index = {body.name: i for i, body in enumerate(model.bodies)}
        hinges = _hinges_by_body(model)
        chains = {name: _chain(model, index[name]) for name in robot.key_bodies}
        depth = max(len(chain) for chain in chains.values())
        members: List[List[int]] = [[0]]
        for level in range(1, depth):
            links = {chain[level] for chain in chains.values() if level < len(chain)}
            members.append(sorted(links))
        self._levels = [
            _level(model, members[d], members[d - 1], hinges, device) for d in range(1, depth)
        ]
        self._where = []
        for name in robot.key_bodies:
            level = len(chains[name]) - 1
            self._where.append((level, members[level].index(chains[name][-1])))

    def positions_b(self, joint_pos: Tensor) -> Tensor:
        """Joint angles [..., J] rad to positions [..., K, 3] m in the base frame."""
        lead = joint_pos.shape[:-1]
        half = 0.5 * joint_pos.reshape(-1, joint_pos.shape[-1]).T  # [J, B]: components stay whole
        cos, sin = torch.cos(half), torch.sin(half)
        zero = torch.zeros_like(half[:1])
        pos: _Vector = (zero, zero, zero)
        quat: _Quaternion = (torch.ones_like(zero), zero, zero, zero)
        levels: List[_Vector] = [pos]
        for level in self._levels:
            up = tuple(c[level.parent] for c in quat)
            step = _rotate(up, level.offset)
            pos = tuple(p[level.parent] + d for p, d in zip(pos, step))
            if level.turn is not None:
                up = _multiply(up, level.turn)
            for hinge in level.hinges:
                x, y, z = hinge.axis
                s = sin[hinge.joint]
                turn = (torch.where(hinge.moves, cos[hinge.joint], 1.0), s * x, s * y, s * z)
                up = _multiply(up, turn)
            quat = up
            levels.append(pos)
        rows = [torch.stack([c[i] for c in levels[level]], dim=-1) for level, i in self._where]
        return torch.stack(rows, dim=-2).reshape(lead + (len(rows), 3))


_Vector = Tuple[Tensor, ...]
_Quaternion = Tuple[Tensor, ...]


def _multiply(a: _Quaternion, b: _Quaternion) -> _Quaternion:
    """Hamilton product of quaternions whose components are [M, B] or [M, 1]."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


def _rotate(q: _Quaternion, v: _Vector) -> _Vector:
    """Vectors ``v`` [M, 1] turned by ``q`` [M, B], as ``rotations.rotate``."""
    w, x, y, z = q
    a, b, c = v
    tx, ty, tz = 2.0 * (y * c - z * b), 2.0 * (z * a - x * c), 2.0 * (x * b - y * a)
    return (
        a + w * tx + (y * tz - z * ty),
        b + w * ty + (z * tx - x * tz),
        c + w * tz + (x * ty - y * tx),
    )


def _hinges_by_body(model: Mjcf) -> Dict[int, List[int]]:
    """The hinges of each link that has some, in the order in which they turn it."""
    found: Dict[int, List[int]] = {}
    for j, hinge in enumerate(model.hinges):
        if np.any(hinge.anchor):
            raise InputError(
                f"link {model.bodies[hinge.body].name!r}: expected its hinges at its origin"
            )
        found.setdefault(hinge.body, []).append(j)
    return found


def _chain(model: Mjcf, body: int) -> List[int]:
    """Links from the base to ``body``."""
    chain = [body]
    while model.bodies[chain[-1]].parent >= 0:
        chain.append(model.bodies[chain[-1]].parent)
    return chain[::-1]


def _level(
    model: Mjcf,
    links: List[int],
    above: List[int],
    hinges: Dict[int, List[int]],
    device: torch.device,
) -> _Level:
    bodies = [model.bodies[i] for i in links]

    def columns(rows: list) -> Tuple[Tensor, ...]:
        table = torch.tensor(np.array(rows), dtype=torch.float32, device=device)
        return tuple(column.unsqueeze(-1) for column in table.T)

    def turn(k: int) -> _Turn:
        joints = [hinges[i][k] if k < len(hinges.get(i, ())) else None for i in links]
        axes = [np.zeros(3) if j is None else model.hinges[j].axis for j in joints]
        return _Turn(
            joint=torch.tensor([0 if j is None else j for j in joints], device=device),
            axis=columns(axes),
            moves=torch.tensor([[j is not None] for j in joints], device=device),
        )

    most = max(len(hinges.get(i, ())) for i in links)
    turned = any(abs(body.quat[0]) < 1.0 for body in bodies)
    return _Level(
        parent=torch.tensor([above.index(body.parent) for body in bodies], device=device),
        offset=columns([body.pos for body in bodies]),
        turn=columns([body.quat for body in bodies]) if turned else None,
        hinges=tuple(turn(k) for k in range(most)),
    )
