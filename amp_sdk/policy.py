"""Runs a policy file: the network with its contract, checked when it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Tuple, Union

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.contract._file import contract_of, read_onnx
from amp_sdk.errors import InputError, closest

GOLDEN_TOLERANCE = 1e-5
_SHIPPED = Path(__file__).parent / "policies"


def load_policy(path: Union[str, Path], *, threads: int = 1) -> Policy:
    """Load a policy from a file, or by the name of one that ships with the package.

    The contract is validated, the graph compared with it, and the network must reproduce the
    contract's golden actions within 1e-5 (relative for actions above 1). Inference uses
    ``threads`` threads; one is fastest for networks of policy size. Raises InputError.
    """
    file = resolve(path)
    data, outline = read_onnx(file)
    policy = Policy(contract_of(outline, str(file)), _session(data, str(file), threads), str(file))
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

    def __init__(self, contract: PolicyContract, session: Any, where: str) -> None:
        self._contract = contract
        self._session = session
        self._where = where

    @property
    def contract(self) -> PolicyContract:
        """What the policy expects of its runtime."""
        return self._contract

    @property
    def path(self) -> str:
        """The file it was loaded from."""
        return self._where

    def act(self, obs: np.ndarray) -> np.ndarray:
        """Actions ``[n, action_dim]`` float32 for observations ``[n, obs_dim]`` or ``[obs_dim]``.

        One observation gives one row. The network's output is returned as it is; the contract's
        ``action_clip`` is applied by ``contract.applied_action``. Raises InputError for another
        shape, for observations that are not finite, naming the term, and for such actions.
        """
        batch = self._batch(obs)
        if not np.isfinite(batch).all():
            raise InputError(_not_finite(self._contract, batch))
        actions = self._session.run(None, {"obs": batch})[0]
        if actions.shape != (len(batch), self._contract.action_dim):
            raise InputError(
                f"{self._where}: the network returned actions of shape {list(actions.shape)}; "
                f"expected [{len(batch)}, {self._contract.action_dim}]; export the policy again"
            )
        if not np.isfinite(actions).all():
            row, joint = np.argwhere(~np.isfinite(actions))[0]
            raise InputError(
                f"{self._where}: the network returned {actions[row, joint]} for joint "
                f"{self._contract.joint_names[joint]!r} from a finite observation; the policy is "
                "damaged or the observation is far outside its training range"
            )
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


def _session(data: bytes, where: str, threads: int) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise InputError(
            "running a policy needs the package 'onnxruntime', which is not installed; run: pip "
            "install onnxruntime"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a class of its own for each status
        reason = " ".join(str(error).split())
        raise InputError(
            f"{where}: onnxruntime {onnxruntime.__version__} cannot load this policy: {reason}; "
            "export it again, or update onnxruntime"
        ) from error


def _not_finite(contract: PolicyContract, batch: np.ndarray) -> str:
    row, column = np.argwhere(~np.isfinite(batch))[0]
    start = 0
    for term in contract.observation:
        if column < start + term.width:
            sample, element = divmod(int(column) - start, term.size)
            age = term.history - 1 - sample
            return (
                f"obs[{row}, {column}] is {batch[row, column]}: term {term.name!r}, element "
                f"{element}, {age} samples before the newest; expected finite numbers; check the "
                "sensor or estimator it comes from"
            )
        start += term.width
    raise AssertionError("unreachable: column within obs_dim")


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
