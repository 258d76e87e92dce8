"""``python -m amp_sdk.bench runtime``: a policy step beside the bare network, in one run."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Callable, Dict, Sequence

import numpy as np

from amp_sdk import robots
from amp_sdk._cli import write_json
from amp_sdk._network import open_session
from amp_sdk._timing import median_times
from amp_sdk.contract import PolicyContract
from amp_sdk.contract._file import INPUT_NAME, OUTPUT_NAME
from amp_sdk.errors import CheckFailedError, InputError
from amp_sdk.observation import RobotState
from amp_sdk.policy import load_policy
from amp_sdk.runtime.bench_policy import policy_file
from amp_sdk.runtime.runner import PolicyRunner

ROBOT, HISTORY, HIDDEN = "g1_29dof", 5, (512, 256, 128)
LIMIT = 1.3
"""A step takes at most this many times as long as the network alone."""


def main(argv: Sequence[str]) -> int:
    """Measure, print, write JSON; with ``--check`` fail above the limit."""
    args = parser().parse_args(argv)
    if args.rounds < 1:
        raise InputError(f"--rounds must be at least 1, found {args.rounds}")
    core = _pin_to_one_core()
    ways = ways_to_run(policy_file(robots.load(ROBOT), HISTORY, HIDDEN))
    times = median_times(ways, args.rounds)
    ratio = times["step"] / times["network"]
    layers = "-".join(map(str, HIDDEN))
    print(f"{ROBOT}, {HISTORY} samples of history, network {layers}, {core}")
    print(f"  step (observation, network, action)  {times['step'] * 1e6:8.1f} us")
    print(f"  network alone (run_with_iobinding)   {times['network'] * 1e6:8.1f} us")
    print(f"  ratio                                {ratio:8.3f}   limit {LIMIT:g}")
    result = {"where": core, "rounds": args.rounds, "seconds": times, "ratio": ratio}
    write_json(args.json, {**result, "limit": LIMIT, "passed": ratio <= LIMIT})
    if args.check and ratio > LIMIT:
        raise CheckFailedError(f"a step takes {ratio:.3f} times the network, limit {LIMIT:g}")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="python -m amp_sdk.bench runtime", description=__doc__)
    result.add_argument("--rounds", type=int, default=20)
    result.add_argument("--check", action="store_true", help="exit 1 when the limit is missed")
    result.add_argument("--json", metavar="FILE")
    return result


def ways_to_run(data: bytes) -> Dict[str, Callable[[], object]]:
    """The step of the policy file ``data``, and its network in a session of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.onnx"
        file.write_bytes(data)
        runner = PolicyRunner(load_policy(file))
    contract = runner.contract
    state = RobotState(
        ang_vel_b=np.full(3, 0.1),
        quat_w=np.array([1.0, 0.0, 0.0, 0.0]),
        joint_pos=contract.joint_array("default_pos_rad") + 0.1,
        joint_vel=np.full(contract.action_dim, 0.2),
    )
    command = contract.nominal_command
    return {"step": lambda: runner.step(state, command), "network": _bare(data, contract)}


def _bare(data: bytes, contract: PolicyContract) -> Callable[[], object]:
    """A run of the network as anybody would bind it, its buffers held by the function."""
    session = open_session(data, "the measured policy", threads=1)
    binding = session.io_binding()
    obs = np.full((1, contract.obs_dim), 0.1, np.float32)
    actions = np.zeros((1, contract.action_dim), np.float32)
    for bind, name, buffer in (
        (binding.bind_input, INPUT_NAME, obs),
        (binding.bind_output, OUTPUT_NAME, actions),
    ):
        bind(name, "cpu", 0, np.float32, buffer.shape, buffer.ctypes.data)

    def run(held: object = (obs, actions)) -> None:
        session.run_with_iobinding(binding)

    return run


def _pin_to_one_core() -> str:
    """Let this process run on one core only, where the system can; says which."""
    if not hasattr(os, "sched_setaffinity"):
        return "any core (this system cannot pin a process)"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return f"core {core}"
