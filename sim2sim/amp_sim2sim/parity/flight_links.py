"""What a loop told its motors, and what they did, against the contract's PD law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.runtime import messages
from amp_sdk.runtime.flight_log import FlightLog
from amp_sim2sim.parity.compare import Group, Link
from amp_sim2sim.parity.explain import Candidate
from amp_sim2sim.parity.joint_order import found_order, order_text

_POLICY_MODE = 3
_GAIN_TOLERANCE, _TORQUE_TOLERANCE = 1e-6, 0.05
_OWN_GAIN, _NO_GAIN = 0.1, 0.02  # ratios: a motor with gains of its own, and one with none
_MOST_DELAY_TICKS = 5


def gain_link(contract: PolicyContract, log: FlightLog, slot: int) -> Link | None:
    """Gains that the loop commanded while this policy alone drove, against the contract's."""
    ticks = log.ticks[_driven(log, slot)]
    if not len(ticks):
        return None
    names = log.header.joint_names
    at = [contract.joint_names.index(name) for name in names]
    gains = np.hstack([contract.joint_array(field)[at] for field in ("kp", "kd")])
    joints = len(names)
    recorded = np.hstack([ticks["command.kp"], ticks["command.kd"]])[:, None]
    return Link(
        name="gains",
        recorded=recorded,
        here=np.broadcast_to(gains, recorded.shape).copy(),
        elements=[f"commanded {kind} of {name}" for kind in ("kp", "kd") for name in names],
        groups=[Group("kp", np.arange(joints)), Group("kd", np.arange(joints, 2 * joints))],
        known=np.ones(recorded.shape[:2], dtype=bool),
        tolerance=_GAIN_TOLERANCE,
    )


def gain_causes(link: Link) -> Iterator[Candidate]:
    """Gains times a number, or of other joints."""
    joints = link.here.shape[-1] // 2
    ratio = np.median(link.recorded / np.maximum(link.here, 1e-12), axis=(0, 1))
    both = np.repeat([np.median(ratio[:joints]), np.median(ratio[joints:])], joints)
    text = f"the loop commanded {both[0]:.3g} times the kp and {both[-1]:.3g} times the kd"
    yield Candidate("gains", f"{text} of the policy file", both * link.here)
    text = "the loop commanded other gains than the policy file's, joint by joint"
    yield Candidate("gains", text, ratio * link.here)


def torque_link(log: FlightLog, slot: int) -> Link | None:
    """Torques that the motors reported, against the PD law of the command of the tick before; None
    where the robot reports none."""
    driven = np.flatnonzero(_driven(log, slot)[1:]) + 1
    ticks = log.ticks
    flags = ticks["state.flags"][driven].astype(np.uint64)
    recorded = ticks["state.joint_torque"][driven][:, None]
    # a mock robot reports zeros
    if not (flags & np.uint64(messages.native().HAS_TORQUE)).all() or not recorded.any():
        return None
    return Link(
        name="torque",
        recorded=recorded,
        here=np.add(*_parts(log, driven - 1))[:, None],
        elements=[f"torque of {name}" for name in log.header.joint_names],
        groups=[Group(name, np.array([j])) for j, name in enumerate(log.header.joint_names)],
        known=np.ones(recorded.shape[:2], dtype=bool),
        tolerance=_TORQUE_TOLERANCE,
    )


def torque_causes(log: FlightLog, slot: int, link: Link) -> Iterator[Candidate]:
    """Motors with gains of their own, all or one of them; late, or wired to each other."""
    driven = np.flatnonzero(_driven(log, slot)[1:]) + 1
    stiff, damp = _parts(log, driven - 1)
    recorded = link.recorded[:, 0]
    matrix = np.stack([stiff.ravel(), damp.ravel()], axis=1)
    (kp, kd), *_ = np.linalg.lstsq(matrix, recorded.ravel(), rcond=None)
    if _own(kp, kd):
        text = f"the motors turned with {kp:.3g} times the kp and {kd:.3g} times the kd commanded"
        yield Candidate("gains", text, (kp * stiff + kd * damp)[:, None])
    yield from _each_motor(link, stiff, damp, log.header.joint_names)
    order = found_order(link.recorded, link.here)
    if order is not None:
        text = f"among the motors' torques {order_text(log.header.joint_names, order)}"
        yield Candidate("joint_order", text, link.here[..., order])
    for late in range(1, 1 + _MOST_DELAY_TICKS):
        values = np.full(link.here.shape, np.nan)
        told = driven > late
        values[told, 0] = np.add(*_parts(log, driven[told] - 1, late))
        time_ms = 1e3 * late * log.header.loop_period_s
        yield Candidate("delay", f"the motors follow their commands {time_ms:.3g} ms late", values)


def _each_motor(
    link: Link, stiff: np.ndarray, damp: np.ndarray, names: Sequence[str]
) -> Iterator[Candidate]:
    for j, name in enumerate(names):
        matrix = np.stack([stiff[:, j], damp[:, j]], axis=1)
        (kp, kd), *_ = np.linalg.lstsq(matrix, link.recorded[:, 0, j], rcond=None)
        if not _own(kp, kd):
            continue
        text = f"{name} turned with {kp:.3g} times the kp and {kd:.3g} times the kd commanded"
        if max(abs(kp), abs(kd)) < _NO_GAIN:
            text = f"{name} gave no torque"
        values = link.here.copy()
        values[:, 0, j] = matrix @ (kp, kd)
        yield Candidate("gains", text, values)


def _own(kp: float, kd: float) -> bool:
    """Whether fitted ratios are no mere trace of what the PD law leaves out, such as the time
    between a measurement and its command."""
    return max(abs(kp - 1.0), abs(kd - 1.0)) >= _OWN_GAIN


def _driven(log: FlightLog, slot: int) -> np.ndarray:
    """``[N]``: ticks at which the policy in ``slot`` alone drove, and at the tick before too."""
    ticks = log.ticks
    alone = (ticks["status.mode"] == _POLICY_MODE) & (ticks["status.blend"] >= 1.0)
    alone &= (ticks["status.active_policy"] == slot) & (ticks["has_state"] != 0)
    return alone & np.concatenate([[False], alone[:-1]])


def _parts(log: FlightLog, at: np.ndarray, late: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """``[M, J]`` twice, of the measurements at the ticks ``at`` and the commands ``late`` ticks
    before: the torque of kp (with the feed-forward one), and that of kd."""
    state, told = log.ticks[at], log.ticks[at - late]
    command = {name: told[f"command.{name}"] for name in ("kp", "kd", "target_pos", "target_vel")}
    stiff = command["kp"] * (command["target_pos"] - state["state.joint_pos"])
    damp = command["kd"] * (command["target_vel"] - state["state.joint_vel"])
    return stiff + told["command.torque"], damp
