"""Local rotations of links from joint angles, in torch: three hinges at a link are one rotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence, Tuple

import torch
from torch import Tensor

from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree


@dataclass(frozen=True)
class _Slot:
    """The k-th hinge of each of M links that have one so late in their chain."""

    link: Tensor  # [m] int64, which of the M links
    joint: Tensor  # [m] int64
    axis: Tensor  # [m, 3]


class JointRotations:
    """The turn of each link against its rest in its parent, M links.

    Args:
        robot: whose links.
        joints: names of the joints that count; a link that others move too is left out. Empty: all
            links but the base, those without a joint included, whose rotation is the identity.
        device: of the tensors.
    """

    def __init__(self, robot: RobotSpec, joints: Sequence[str], device: torch.device) -> None:
        tree = KinematicTree.from_mjcf(robot.mjcf_path)
        wanted = set(robot.joint_index(joints).tolist())
        chains: List[Tuple[int, List[int]]] = []
        for body in range(1, len(tree.body_names)):
            hinges = [j for j, owner in enumerate(tree.joint_body) if owner == body]
            if not joints or (hinges and wanted.issuperset(hinges)):
                chains.append((body, hinges))
        self.links = tuple(tree.body_names[body] for body, _ in chains)
        self._slots = []
        for k in range(max((len(hinges) for _, hinges in chains), default=0)):
            rows = [(m, hinges[k]) for m, (_, hinges) in enumerate(chains) if k < len(hinges)]
            index = torch.tensor(rows, dtype=torch.int64, device=device)
            axis = torch.tensor(tree.joint_axis[index[:, 1].cpu().numpy()], dtype=torch.float32)
            self._slots.append(_Slot(index[:, 0], index[:, 1], axis.to(device)))

    def __call__(self, joint_pos: Tensor) -> Tensor:
        """Joint angles [..., J] rad to unit quaternions [..., M, 4] wxyz, contiguous."""
        half = 0.5 * joint_pos
        cos, sin = torch.cos(half), torch.sin(half)
        result = joint_pos.new_zeros(joint_pos.shape[:-1] + (len(self.links), 4))
        result[..., 0] = 1.0
        for k, slot in enumerate(self._slots):
            w, v = cos[..., slot.joint], sin[..., slot.joint].unsqueeze(-1) * slot.axis
            turn = torch.cat((w.unsqueeze(-1), v), dim=-1)
            before = result[..., slot.link, :] if k else None
            result[..., slot.link, :] = turn if before is None else _multiply(before, turn)
        return result


def _multiply(a: Tensor, b: Tensor) -> Tensor:
    """Hamilton product [..., 4]."""
    aw, av, bw, bv = a[..., :1], a[..., 1:], b[..., :1], b[..., 1:]
    scalar = aw * bw - (av * bv).sum(-1, keepdim=True)
    return torch.cat((scalar, aw * bv + bw * av + torch.linalg.cross(av, bv)), dim=-1)
