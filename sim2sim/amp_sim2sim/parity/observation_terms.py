"""Where terms, samples and joints are in an observation."""

from __future__ import annotations

import numpy as np

from amp_sdk.contract import PolicyContract

JOINT_TERMS = ("joint_pos", "joint_vel", "last_action")


def term_columns(contract: PolicyContract) -> dict[str, np.ndarray]:
    """The columns of each term, ``[history, size]``, oldest sample first."""
    found, begin = {}, 0
    for term in contract.observation:
        columns = np.arange(begin, begin + term.width)
        found[term.name] = columns.reshape(term.history, term.size)
        begin += term.width
    return found


def joint_columns(
    contract: PolicyContract, order: np.ndarray, names: tuple[str, ...] = JOINT_TERMS
) -> np.ndarray:
    """``[D]``: columns that put the joints of the terms ``names`` into ``order [J]``."""
    columns = np.arange(contract.obs_dim)
    for name, samples in term_columns(contract).items():
        if name in names:
            columns[samples] = samples[:, order]
    return columns


def history_orders(contract: PolicyContract) -> list[tuple[str, np.ndarray]]:
    """Other orders of samples than the contract's, in words and as columns ``[D]``."""
    blocks = term_columns(contract)
    lengths = {len(samples) for samples in blocks.values()}
    if lengths == {1}:
        return []
    reverse = np.concatenate([samples[::-1].ravel() for samples in blocks.values()])
    orders = [("newest first where oldest first is meant (reversed)", reverse)]
    if len(lengths) == 1:
        by_sample = np.hstack(list(blocks.values())).ravel()
        by_term = np.argsort(by_sample)
        orders += [("sample by sample where term by term is meant", by_sample)]
        orders += [("term by term where sample by sample is meant", by_term)]
    return orders
