"""From action to joint target: the contract's mapping against what the motors were told."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sim2sim.parity.compare import Group, Link
from amp_sim2sim.parity.explain import Candidate
from amp_sim2sim.parity.joint_order import found_order, order_text
from amp_sim2sim.parity.rollout import Rollout

TOLERANCE = 1e-5


def target_link(contract: PolicyContract, rollout: Rollout) -> Link:
    """Recorded targets beside those that the contract makes of the recorded actions."""
    return Link(
        name="target",
        recorded=rollout.target,
        here=_targets(contract, rollout, contract.applied_action(rollout.action)),
        elements=[f"target of {name}" for name in rollout.names],
        groups=[Group("target", np.arange(len(rollout.names)))],
        known=np.ones(rollout.start.shape, dtype=bool),
        tolerance=TOLERANCE,
    )


def target_causes(contract: PolicyContract, rollout: Rollout, link: Link) -> Iterator[Candidate]:
    """Every mistake that lies between action and target."""
    action = contract.applied_action(rollout.action.astype(np.float64))
    yield from _scale(contract, rollout, link, action)
    order = found_order(link.recorded, link.here)
    if order is not None:
        text = f"among the targets {order_text(rollout.names, order)}"
        yield Candidate("joint_order", text, link.here[..., order])
    order = found_order(_implied_action(contract, rollout), action)
    if order is not None:
        text = f"among the actions {order_text(contract.joint_names, order)}"
        yield Candidate("joint_order", text, _targets(contract, rollout, action[..., order]))
    for steps in (1, 2, 3):
        text = f"the recorded targets are {steps} control step(s) older than their actions"
        yield Candidate("delay", text, rollout.delayed(link.here, steps))
    text = f"the recorded targets come of actions that action_clip {contract.action_clip:g} misses"
    yield Candidate("action_clip", text, _targets(contract, rollout, rollout.action))
    offset = np.median(link.recorded - link.here, axis=(0, 1))
    worst = int(np.argmax(np.abs(offset)))
    text = (
        f"the recorded targets have another centre than the contract's action_offset_rad, by up to "
        f"{offset[worst]:.4g} rad ({rollout.names[worst]})"
    )
    yield Candidate("action_offset", text, link.here + offset)


def _by_name(contract: PolicyContract, rollout: Rollout) -> list[int]:
    return [contract.joint_names.index(name) for name in rollout.names]


def _targets(contract: PolicyContract, rollout: Rollout, action: np.ndarray) -> np.ndarray:
    """Targets ``[T, N, J]`` in the record's order of actions in the contract's."""
    return contract.joint_target_rad(action.astype(np.float64))[..., _by_name(contract, rollout)]


def _centre(contract: PolicyContract, rollout: Rollout) -> np.ndarray:
    return contract.joint_array("action_offset_rad")[_by_name(contract, rollout)]


def _implied_action(contract: PolicyContract, rollout: Rollout) -> np.ndarray:
    """The actions ``[T, N, J]``, in the contract's order, that the recorded targets stand for."""
    at = [rollout.names.index(name) for name in contract.joint_names]
    distance = rollout.target[..., at] - contract.joint_array("action_offset_rad")
    scale = contract.joint_array("action_scale")
    return np.divide(distance, scale, out=np.zeros_like(distance, float), where=scale != 0.0)


def _scale(
    contract: PolicyContract, rollout: Rollout, link: Link, action: np.ndarray
) -> Iterator[Candidate]:
    """Targets that swing further: one ratio for all joints, or one for each."""
    centre = _centre(contract, rollout)
    theirs, ours = link.recorded.astype(np.float64) - centre, link.here - centre
    products, squares = (theirs * ours).sum((0, 1)), np.maximum((ours**2).sum((0, 1)), 1e-12)
    scale = float(products.sum() / squares.sum())
    text = (
        f"the recorded targets swing {scale:.4g} times as far as the contract's action_scale says"
    )
    yield Candidate("action_scale", text, centre + scale * ours)
    each = products / squares
    off = [int(j) for j in np.flatnonzero(np.abs(each - 1.0) > 1e-3)]
    if not off:
        return
    listed = ", ".join(f"{rollout.names[j]} {each[j]:.4g}" for j in off[:6])
    text = f"the recorded targets swing further than the contract's action_scale says: {listed}"
    yield Candidate(
        "action_scale",
        text + (" times" if len(off) < 7 else " times, and others"),
        centre + each * ours,
    )
