"""From observation to action: the policy file's network on what the policy saw."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.policy import GOLDEN_TOLERANCE, Policy
from amp_sim2sim.parity.compare import Group, Link
from amp_sim2sim.parity.explain import Candidate
from amp_sim2sim.parity.joint_order import found_order, order_text, swapped
from amp_sim2sim.parity.observation_terms import history_orders, joint_columns
from amp_sim2sim.parity.rollout import Rollout

TOLERANCE = GOLDEN_TOLERANCE
_SCREENED = 64


def action_link(policy: Policy, rollout: Rollout) -> Link:
    """Recorded actions beside those of the file's network on the recorded observations."""
    names = policy.contract.joint_names
    return Link(
        name="action",
        recorded=rollout.action,
        here=_act(policy, rollout.observation),
        elements=[f"action of {name}" for name in names],
        groups=[Group("action", np.arange(len(names)))],
        known=np.ones(rollout.start.shape, dtype=bool),
        tolerance=TOLERANCE,
    )


def action_causes(policy: Policy, rollout: Rollout, link: Link) -> Iterator[Candidate]:
    """Every mistake that lies between observation and action."""
    where = _where(policy, rollout.contract)
    yield from _normaliser(policy, rollout, where)
    order = found_order(link.recorded, link.here)
    if order is not None:
        text = f"among the actions {order_text(policy.contract.joint_names, order)}{where}"
        yield Candidate("joint_order", text, link.here[..., order])
    for steps in (1, 2, 3):
        text = f"the recorded actions answer observations of {steps} control step(s) before"
        yield Candidate("delay", text, rollout.delayed(link.here, steps))
    for text, columns in history_orders(policy.contract):
        text = f"the network expects its history {text}{where}"
        yield Candidate("history_order", text, _act(policy, rollout.observation[..., columns]))
    yield from _swapped_inputs(policy, rollout, link, where)
    scale = float((link.recorded * link.here).sum() / max((link.here**2).sum(), 1e-12))
    text = f"the recorded actions are {scale:.4g} times those of the file's network"
    yield Candidate("action_scale", text, scale * link.here)


def _act(policy: Policy, observation: np.ndarray) -> np.ndarray:
    flat = np.ascontiguousarray(observation.reshape(-1, observation.shape[-1]), np.float32)
    return policy.act(flat).astype(np.float64).reshape(*observation.shape[:-1], -1)


def _where(policy: Policy, trained: PolicyContract) -> str:
    """Which side is at fault: the recorded contract's own vectors say what was trained."""
    observation = np.array(trained.golden.obs, np.float32)
    if observation.shape[1] != policy.contract.obs_dim:
        return ""
    expected = np.array(trained.golden.actions)
    error = np.abs(policy.act(observation) - expected) / np.maximum(1.0, np.abs(expected))
    if error.max() <= GOLDEN_TOLERANCE:
        return " (the file's network is the trained one: the run is at fault)"
    return " (the file's network is not the trained one)"


def _normaliser(policy: Policy, rollout: Rollout, where: str) -> Iterator[Candidate]:
    record = rollout.record
    if record is None or record.normalizer is None:
        return
    values = _act(policy, record.normalizer.apply(rollout.observation))
    text = f"the file's network lacks the normaliser that the recorded actions went through{where}"
    yield Candidate("normaliser", text, values)
    values = _act(policy, record.normalizer.undo(rollout.observation))
    text = f"the recorded actions were computed without the normaliser{where}"
    yield Candidate("normaliser", text, values)


def _swapped_inputs(
    policy: Policy, rollout: Rollout, link: Link, where: str
) -> Iterator[Candidate]:
    """The pair of joints whose exchange at the inputs, or at inputs and actions, fits best."""
    contract, rows = policy.contract, rollout.observation.reshape(-1, policy.contract.obs_dim)
    chosen = np.linspace(0, len(rows) - 1, min(_SCREENED, len(rows))).astype(int)
    recorded = link.recorded.reshape(-1, contract.action_dim)[chosen]
    best: dict[str, tuple[float, np.ndarray]] = {}
    for i in range(contract.action_dim):
        for j in range(i + 1, contract.action_dim):
            order = swapped(contract.action_dim, i, j)
            inside = _act(policy, rows[chosen][:, joint_columns(contract, order)])
            for kind, values in (("inputs", inside), ("inputs and actions", inside[:, order])):
                distance = float(np.square(values - recorded).mean())
                if kind not in best or distance < best[kind][0]:
                    best[kind] = distance, order
    for kind, (_, order) in best.items():
        values = _act(policy, rollout.observation[..., joint_columns(contract, order)])
        values = values if kind == "inputs" else values[..., order]
        text = f"at the network's {kind} {order_text(contract.joint_names, order)}{where}"
        yield Candidate("joint_order", text, values)
