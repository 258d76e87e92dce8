"""The network of a policy in onnxruntime: run for many observations, or bound to fixed buffers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError


@dataclass(frozen=True, eq=False)
class Network:
    """A network that takes observations and gives actions in the order of a contract.

    A network of another project has orders of its own: its input column ``i`` is column
    ``columns[i]`` of the contract's observation, and the contract's action ``i`` is its output
    ``actions[i]`` (None: the same order). ``single``: it takes one observation at a time.
    """

    session: Any
    input_name: str
    output_name: str
    columns: Optional[np.ndarray] = None
    actions: Optional[np.ndarray] = None
    single: bool = False

    def run(self, obs: np.ndarray) -> np.ndarray:
        """Actions ``[n, A]`` float32 of observations ``[n, D]`` float32."""
        batch = obs if self.columns is None else np.ascontiguousarray(obs[:, self.columns])
        if not self.single:
            found = self._run(batch)
        elif len(batch):
            found = np.concatenate([self._run(batch[i : i + 1]) for i in range(len(batch))])
        else:
            found = self._run(np.zeros((1, batch.shape[1]), np.float32))[:0]
        return found if self.actions is None else found[:, self.actions]

    def _run(self, batch: np.ndarray) -> np.ndarray:
        return self.session.run([self.output_name], {self.input_name: batch})[0]


class BoundNetwork:
    """A network that reads and writes the same two buffers at every run.

    Write ``observation [D]`` float32, call ``run``, read ``action [A]`` float32; both are in the
    order of the contract.
    """

    def __init__(self, network: Network, contract: PolicyContract) -> None:
        self._network = network
        self._input = np.zeros((1, contract.obs_dim), np.float32)
        self._output = np.zeros((1, contract.action_dim), np.float32)
        plain = network.columns is None
        self.observation = self._input[0] if plain else np.zeros(contract.obs_dim, np.float32)
        same = network.actions is None
        self.action = self._output[0] if same else np.zeros(contract.action_dim, np.float32)
        # held as well by this object: the binding has only their addresses
        self._binding = network.session.io_binding()
        self._bind(self._binding.bind_input, network.input_name, self._input)
        self._bind(self._binding.bind_output, network.output_name, self._output)

    @staticmethod
    def _bind(bind: Any, name: str, buffer: np.ndarray) -> None:
        bind(name, "cpu", 0, np.float32, buffer.shape, buffer.ctypes.data)

    def run(self) -> None:
        """From ``observation`` to ``action``."""
        network = self._network
        # "clip" takes the indices as they are: "raise" would fill a copy first
        if network.columns is not None:
            np.take(self.observation, network.columns, out=self._input[0], mode="clip")
        network.session.run_with_iobinding(self._binding)
        if network.actions is not None:
            np.take(self._output[0], network.actions, out=self.action, mode="clip")


def open_session(data: bytes, where: str, threads: int) -> Any:
    """An onnxruntime session of ``threads`` threads that do not spin. Raises InputError."""
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


def check_observations(contract: PolicyContract, batch: np.ndarray) -> None:
    """Raise InputError, naming the term, unless all of ``batch [n, D]`` is finite."""
    if np.isfinite(batch).all():
        return
    row, column = np.argwhere(~np.isfinite(batch))[0]
    start = 0
    for term in contract.observation:
        if column < start + term.width:
            sample, element = divmod(int(column) - start, term.size)
            age = term.history - 1 - sample
            raise InputError(
                f"obs[{row}, {column}] is {batch[row, column]}: term {term.name!r}, element "
                f"{element}, {age} samples before the newest; expected finite numbers; check the "
                "sensor or estimator it comes from"
            )
        start += term.width


def check_actions(contract: PolicyContract, actions: np.ndarray, where: str) -> None:
    """Raise InputError, naming the joint, unless all of ``actions [n, A]`` is finite."""
    if np.isfinite(actions).all():
        return
    row, joint = np.argwhere(~np.isfinite(actions))[0]
    raise InputError(
        f"{where}: the network returned {actions[row, joint]} for joint "
        f"{contract.joint_names[joint]!r} from a finite observation; the policy is damaged or the "
        "observation is far outside its training range"
    )
