"""Flight records for tests: what a policy process and a loop would have done, tick by tick."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Sequence

import numpy as np

from amp_sdk.contract import COMMAND_NAMES
from amp_sdk.observation import ObservationBuilder, RobotState
from amp_sdk.policy import Policy
from amp_sdk.runtime._native import native
from amp_sdk.runtime.flight_header import write_header
from amp_sdk.runtime.flight_start import make_header

PERIOD_NS = 2_000_000


def loop_config(joints: int) -> np.ndarray:
    config = np.zeros((), native().DTYPES["LoopConfig"])
    config["joints"], config["period_s"] = joints, PERIOD_NS * 1e-9
    return config


def random_tick(rng: np.random.Generator, joints: int, observation: int) -> np.ndarray:
    """A TickRecord in which every number is another one."""
    dtype = native().DTYPES["TickRecord"]
    tick = np.frombuffer(rng.bytes(dtype.itemsize), dtype)[0].copy()
    tick = np.array(tick)
    tick["has_state"] = 1
    tick["has_target"] = rng.integers(2)
    tick["target"]["obs_size"], tick["target"]["policy"] = observation, 1
    return tick


class Run:
    """Writes one record with the recorder of the loop."""

    def __init__(
        self, path: Path, policies: Sequence[Policy], names: Optional[Sequence[str]] = None
    ) -> None:
        self.names = tuple(names or policies[0].contract.joint_names)
        self.path = path
        header = make_header("toy", "toy_1", self.names, policies, PERIOD_NS * 1e-9)
        write_header(path, header)
        self.recorder = native().FlightRecorder(str(path), loop_config(len(self.names)))

    def close(self) -> None:
        self.recorder.close()
        assert self.recorder.dropped == 0 and self.recorder.state == "closed"


def record_policy(
    path: Path,
    policy: Policy,
    answers: int = 20,
    restarts: Sequence[int] = (),
    ticks_per_answer: int = 5,
    seed: int = 0,
    change=None,
) -> None:
    """A run in which the policy answers every ``ticks_per_answer`` ticks, as on a robot.

    Its history begins anew at the answers in ``restarts``. ``change(i, target)`` may change the
    answer ``i`` before it is recorded.
    """
    run, contract, rng = Run(path, [policy]), policy.contract, np.random.default_rng(seed)
    builder, bound = ObservationBuilder(contract), policy.bind()
    commands = [list(COMMAND_NAMES).index(c.name) for c in contract.commands]
    joints = contract.action_dim
    tick = np.zeros((), native().DTYPES["TickRecord"])
    applied, sequence = np.zeros(joints), 0
    for n in range(answers * ticks_per_answer):
        _measure(tick, n, joints, rng)
        tick["has_target"] = 0
        if n % ticks_per_answer == 0:
            if sequence in restarts:
                builder.reset()
                applied = np.zeros(joints)
            target = tick["target"]
            target["command"] = rng.normal(size=3)
            state = RobotState(
                ang_vel_b=tick["state"]["gyro_b"],
                quat_w=tick["state"]["quat_wxyz"],
                joint_pos=tick["state"]["joint_pos"][:joints],
                joint_vel=tick["state"]["joint_vel"][:joints],
            )
            builder.build(state, target["command"][commands], applied, bound.observation)
            bound.run()
            applied = contract.applied_action(bound.action.astype(np.float64))
            sequence += 1
            tick["has_target"] = 1
            target["time_ns"], target["state_tick"] = (
                tick["state"]["time_ns"],
                tick["state"]["tick"],
            )
            target["sequence"], target["obs_size"] = sequence, contract.obs_dim
            target["action"][:joints] = bound.action
            target["observation"][: contract.obs_dim] = bound.observation
            if change is not None:
                change(sequence - 1, target)
        run.recorder.record(tick)
    run.close()


def _measure(tick: np.ndarray, n: int, joints: int, rng: np.random.Generator) -> None:
    now = 10**12 + n * PERIOD_NS
    state, status = tick["state"], tick["status"]
    state["time_ns"], state["tick"], tick["has_state"] = now, 100 + n, 1
    quat = rng.normal(size=4)
    state["quat_wxyz"] = quat / np.linalg.norm(quat)
    state["gyro_b"] = rng.normal(size=3)
    for name in ("joint_pos", "joint_vel", "joint_torque"):
        state[name][:joints] = rng.normal(size=joints)
    status["tick"], status["mode"] = n, 3
    timing = status["timing"]
    timing["time_ns"], timing["period_ns"] = now, PERIOD_NS
    timing["lateness_ns"] = rng.integers(1000, 90000)
    timing["compute_ns"], timing["policy_latency_ns"] = 15000, 400000
