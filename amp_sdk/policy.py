"""Runs a policy file: the network with its contract, checked when it is loaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple, Union

import numpy as np

from amp_sdk._network import (
    BoundNetwork,
    Network,
    check_actions,
    check_observations,
    open_session,
)
from amp_sdk.adapters import adapt
from amp_sdk.contract import METADATA_PROPERTY, PolicyContract
from amp_sdk.contract._file import INPUT_NAME, OUTPUT_NAME, contract_of, read_onnx
from amp_sdk.contract.foreign import read_foreign
from amp_sdk.errors import InputError, closest

GOLDEN_TOLERANCE = 1e-5
_SHIPPED = Path(__file__).parent / "policies"


@dataclass(frozen=True)
class SourceFile:
    """A file that a policy was loaded from, and the SHA-256 of what was read."""

    path: str
    sha256: str


def load_policy(
    path: Union[str, Path], *, threads: int = 1, complete: Optional[Union[str, Path]] = None
) -> Policy:
    """Load a policy from a file, or by the name of one that ships with the package.

    The contract is validated, the graph compared with it, and the network must reproduce the
    contract's golden actions within 1e-5 (relative for actions above 1). Inference uses
    ``threads`` threads; one is fastest for networks of policy size.

    A policy of another project (mjlab/BeyondMimic, holosoma) has no contract. ``complete`` is a
    YAML file with what its metadata do not say (``amp_sdk.adapters.Completion``); without it, the
    error names what is missing. What is doubtful is a warning. Raises InputError.
    """
    file = resolve(path)
    data, outline = read_onnx(file)
    where = str(file)
    sources = (SourceFile(where, hashlib.sha256(data).hexdigest()),)
    known = METADATA_PROPERTY in outline.metadata
    if known and complete is not None:
        raise InputError(f"{where} has a contract of its own; load it without {str(complete)!r}")
    if known or (complete is None and read_foreign(outline.metadata) is None):
        contract = contract_of(outline, where)
        network = Network(open_session(data, where, threads), INPUT_NAME, OUTPUT_NAME)
    else:
        session = open_session(data, where, threads)
        adapted = adapt(outline, session, where, sources[0].sha256, complete)
        contract, network = adapted.contract, adapted.network
        sources += tuple(SourceFile(*entry) for entry in adapted.files)
    policy = Policy(contract, network, sources)
    _check_golden(policy)
    return policy


def shipped() -> Tuple[str, ...]:
    """Names of the policies that ship with the package."""
    return tuple(sorted(file.stem for file in _SHIPPED.glob("*.onnx")))


def resolve(path: Union[str, Path]) -> Path:
    """The file meant by a path or by the name of a shipped policy. Raises InputError."""
    file = Path(path)
    if file.exists() or file.suffix == ".onnx" or len(file.parts) != 1:
        return file
    names = shipped()
    if str(path) in names:
        return _SHIPPED / f"{path}.onnx"
    known = f"shipped policies: {closest(str(path), names)}" if names else "no policies are shipped"
    raise InputError(f"{str(path)!r} is neither a file nor a shipped policy; {known}")


class Policy:
    """A loaded policy; make one with ``load_policy``. Safe to use from several threads."""

    def __init__(
        self, contract: PolicyContract, network: Network, sources: Tuple[SourceFile, ...]
    ) -> None:
        self._contract = contract
        self._network = network
        self._sources = sources

    @property
    def contract(self) -> PolicyContract:
        """What the policy expects of its runtime."""
        return self._contract

    @property
    def path(self) -> str:
        """The file it was loaded from."""
        return self._sources[0].path

    @property
    def sources(self) -> Tuple[SourceFile, ...]:
        """Every file it was loaded from, the policy file first."""
        return self._sources

    def bind(self) -> BoundNetwork:
        """The network on buffers of its own, for a loop that must not allocate."""
        return BoundNetwork(self._network, self._contract)

    def act(self, obs: np.ndarray) -> np.ndarray:
        """Actions ``[n, action_dim]`` float32 for observations ``[n, obs_dim]`` or ``[obs_dim]``.

        One observation gives one row. The network's output is returned as it is; the contract's
        ``action_clip`` is applied by ``contract.applied_action``. Raises InputError for another
        shape, for observations that are not finite, naming the term, and for such actions.
        """
        batch = self._batch(obs)
        check_observations(self._contract, batch)
        actions = self._network.run(batch)
        if actions.shape != (len(batch), self._contract.action_dim):
            raise InputError(
                f"{self.path}: the network returned actions of shape {list(actions.shape)}; "
                f"expected [{len(batch)}, {self._contract.action_dim}]; export the policy again"
            )
        check_actions(self._contract, actions, self.path)
        return actions

    def _batch(self, obs: np.ndarray) -> np.ndarray:
        array = np.asarray(obs)
        if array.dtype.kind not in "fiu":
            raise InputError(f"obs has dtype {array.dtype}; expected float32")
        with np.errstate(over="ignore"):  # too large for float32 becomes inf, reported below
            array = np.ascontiguousarray(array, dtype=np.float32)
        if np.ndim(obs) == 1:
            array = array[None]
        if array.ndim != 2 or array.shape[1] != self._contract.obs_dim:
            raise InputError(
                f"obs has shape {list(np.shape(obs))}; expected [{self._contract.obs_dim}] or "
                f"[n, {self._contract.obs_dim}]"
            )
        return array


def _check_golden(policy: Policy) -> None:
    golden = policy.contract.golden
    obs = np.array(golden.obs, dtype=np.float32)
    expected = np.array(golden.actions, dtype=np.float64)
    for rows in (slice(None), slice(0, 1)):  # as a batch and alone: the shapes a runtime uses
        error = np.abs(policy.act(obs[rows]) - expected[rows]) / np.maximum(
            1.0, np.abs(expected[rows])
        )
        worst = np.unravel_index(np.argmax(error), error.shape)
        if error[worst] > GOLDEN_TOLERANCE:
            raise InputError(
                f"{policy.path}: the network does not reproduce the actions of its contract: "
                f"golden vector {worst[0]}, joint {policy.contract.joint_names[worst[1]]!r} is off "
                f"by {error[worst]:.3g}; expected at most {GOLDEN_TOLERANCE:g}; the file is "
                "damaged or its contract belongs to another network; export the policy again"
            )
