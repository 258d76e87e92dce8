"""Joints in another order: found by which column here equals which recorded one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def found_order(recorded: np.ndarray, here: np.ndarray) -> np.ndarray | None:
    """``[J]``: recorded column ``i`` is that of joint ``order[i]`` here; None where the columns
    ``[..., J]`` are in the same order, or in none that fits."""
    joints = recorded.shape[-1]
    theirs, ours = recorded.reshape(-1, joints), here.reshape(-1, joints)
    told = np.isfinite(theirs).all(axis=1) & np.isfinite(ours).all(axis=1)
    distance = np.stack([np.abs(ours[told] - column[told, None]).mean(0) for column in theirs.T])
    order = distance.argmin(axis=1)
    same = np.diag(distance) <= distance.min(axis=1) * (1.0 + 1e-9)  # columns that are alike
    order[same] = np.flatnonzero(same)
    moved = not np.array_equal(order, np.arange(joints))
    return order if moved and len(set(order.tolist())) == joints else None


def swapped(joints: int, first: int, second: int) -> np.ndarray:
    """The order ``[J]`` with two joints exchanged."""
    order = np.arange(joints)
    order[[first, second]] = second, first
    return order


def order_text(names: Sequence[str], order: np.ndarray) -> str:
    """In words: which joints changed places."""
    moved = [int(i) for i in np.flatnonzero(order != np.arange(len(order)))]
    if len(moved) == 2:
        return f"the joints {names[moved[0]]} and {names[moved[1]]} are swapped"
    places = ", ".join(f"{names[i]} has that of {names[order[i]]}" for i in moved[:6])
    more = f", and {len(moved) - 6} more" if len(moved) > 6 else ""
    return f"{len(moved)} joints are in another order: {places}{more}"
