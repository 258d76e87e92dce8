"""From measurement to observation: the runtime's builder against what the policy saw."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from amp_sdk import rotations
from amp_sdk.contract import PolicyContract
from amp_sdk.runtime.replay import element_names
from amp_sim2sim.parity.compare import Group, Link
from amp_sim2sim.parity.explain import Candidate
from amp_sim2sim.parity.joint_order import found_order, order_text
from amp_sim2sim.parity.observation_terms import (
    JOINT_TERMS,
    history_orders,
    joint_columns,
    term_columns,
)
from amp_sim2sim.parity.rollout import Rollout

TOLERANCE = 1e-5


def observation_link(contract: PolicyContract, rollout: Rollout) -> Link:
    """Recorded observations beside those that are built here from the recorded measurements."""
    return Link(
        name="observation",
        recorded=rollout.observation,
        here=rollout.observed(contract),
        elements=element_names(contract),
        groups=[Group(name, columns.ravel()) for name, columns in term_columns(contract).items()],
        known=rollout.known,
        tolerance=TOLERANCE,
    )


def observation_causes(
    contract: PolicyContract, rollout: Rollout, link: Link
) -> Iterator[Candidate]:
    """Every mistake that an observation is known for."""
    yield from _attitude(contract, rollout)
    yield from _joint_order(contract, rollout, link)
    for text, columns in history_orders(contract):
        yield Candidate("history_order", f"the recorded history is {text}", link.here[..., columns])
    for steps in (1, 2, 3):
        text = f"the recorded observations are {steps} control step(s) older than their states"
        yield Candidate("delay", text, rollout.delayed(link.here, steps))
    yield from _normaliser(rollout, link)
    yield from _fits(contract, rollout, link)


def _attitude(contract: PolicyContract, rollout: Rollout) -> Iterator[Candidate]:
    state = rollout.state
    quat = np.asarray(state.quat_w, np.float64)
    down = np.broadcast_to((0.0, 0.0, -1.0), quat.shape[:-1] + (3,))
    text = "observations and states take the quaternion in different orders (xyzw for wxyz)"
    for roll in (1, -1):  # read as xyzw where it is wxyz, and the other way round
        wrong = dataclasses.replace(state, quat_w=np.roll(quat, roll, axis=-1))
        yield Candidate("quaternion_order", text, rollout.observed(contract, wrong))
    inverse = dataclasses.replace(state, quat_w=rotations.conjugate(quat))
    text = "projected_gravity_b was turned by the quaternion, not by its inverse"
    yield Candidate("frame", text, rollout.observed(contract, inverse))
    # a half turn about an axis across gravity
    axis = np.cross(rotations.rotate_inverse(quat, down), (1.0, 0.0, 0.0))
    axis /= np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-12)
    half = np.concatenate([np.zeros_like(axis[..., :1]), axis], axis=-1)
    upside = dataclasses.replace(state, quat_w=rotations.multiply(quat, half))
    text = "projected_gravity_b points up where it should point down"
    yield Candidate("frame", text, rollout.observed(contract, upside))
    world = dataclasses.replace(state, ang_vel_b=rotations.rotate(quat, state.ang_vel_b))
    text = "base_ang_vel_b is in the world frame where the base frame is expected"
    yield Candidate("frame", text, rollout.observed(contract, world))


def _joint_order(contract: PolicyContract, rollout: Rollout, link: Link) -> Iterator[Candidate]:
    """Orders that some joint term shows, on what is measured and on what is observed."""
    columns = term_columns(contract)
    absolute = contract.joint_array("default_pos_rad")
    seen: list[list[int]] = []
    for name in [name for name in JOINT_TERMS if name in columns]:
        newest = columns[name][-1]
        theirs, ours = (v[..., newest][link.known] for v in (link.recorded, link.here))
        orders = [found_order(theirs, ours)]
        if name == "joint_pos":
            orders.append(found_order(theirs + absolute, ours + absolute))
        for order in orders:
            if order is None or order.tolist() in seen:
                continue
            seen.append(order.tolist())
            yield from _in_order(contract, rollout, link, order)


def _in_order(
    contract: PolicyContract, rollout: Rollout, link: Link, order: np.ndarray
) -> Iterator[Candidate]:
    text = f"in the observation {order_text(contract.joint_names, order)}"
    state = rollout.state
    at = [rollout.names.index(name) for name in contract.joint_names]
    pos, vel = np.array(state.joint_pos), np.array(state.joint_vel)
    pos[..., at], vel[..., at] = pos[..., at][..., order], vel[..., at][..., order]
    measured = dataclasses.replace(state, joint_pos=pos, joint_vel=vel)
    yield Candidate("joint_order", text, rollout.observed(contract, measured))
    for names in (JOINT_TERMS[:2], JOINT_TERMS):
        columns = joint_columns(contract, order, names)
        yield Candidate("joint_order", text, link.here[..., columns])


def _normaliser(rollout: Rollout, link: Link) -> Iterator[Candidate]:
    record = rollout.record
    if record is None or record.normalizer is None:
        return
    text = "the recorded observations went through the normaliser, those here did not yet"
    yield Candidate("normaliser", text, record.normalizer.apply(link.here))


def _fits(contract: PolicyContract, rollout: Rollout, link: Link) -> Iterator[Candidate]:
    """A scale, and a constant offset, of each term."""
    for name, columns in term_columns(contract).items():
        columns = columns.ravel()
        theirs, ours = (v[..., columns].astype(np.float64) for v in (link.recorded, link.here))
        theirs, ours = theirs[link.known], ours[link.known]
        scale = float((theirs * ours).sum() / max((ours * ours).sum(), 1e-12))
        values = link.here.astype(np.float64)
        values[..., columns] *= scale
        text = f"{name} is recorded as {scale:.4g} times what the contract's scale gives"
        yield Candidate("observation_scale", text, values)
        offset = np.median(theirs - ours, axis=0)
        values = link.here.astype(np.float64)
        values[..., columns] += offset
        yield Candidate("observation_offset", _offset_text(contract, name, offset), values)


def _offset_text(contract: PolicyContract, name: str, offset: np.ndarray) -> str:
    if name == "joint_pos":
        newest = offset[-contract.action_dim :]
        default = contract.joint_array("default_pos_rad")
        if np.allclose(newest, default, atol=1e-3):
            return "joint_pos is recorded as it is, where the distance from the default pose counts"
        worst = int(np.argmax(np.abs(newest)))
        return (
            f"joint_pos is recorded with a constant offset, of {contract.joint_names[worst]} "
            f"{newest[worst]:.4g} (a zero or default pose that differs)"
        )
    return f"{name} is recorded with a constant offset of up to {np.abs(offset).max():.4g}"
