"""Controllers side by side are what each would be alone, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from runtime_rig import CONTRACT, GO2, POLICY, SETTINGS, STOP

from amp_sdk.errors import InputError
from amp_sdk.runtime import Controller, ControllerBatch, loop_config
from amp_sdk.runtime import messages as m

ROBOTS, TICKS, JOINTS = 5, 260, 12
CONFIG = loop_config(GO2, [CONTRACT], SETTINGS)


def random_tick(rng: np.random.Generator, tick: int, time_ns: int, batch: ControllerBatch):
    """New messages in some rows; returns which states, targets and inputs are new."""
    fresh = rng.uniform(size=ROBOTS) < 0.9
    answers = (rng.uniform(size=ROBOTS) < 0.15) & (batch.state["tick"] > 0)
    asked = rng.uniform(size=ROBOTS) < 0.5
    state, target, wish = batch.state, batch.target, batch.operator_input
    pose = CONTRACT.joint_array("default_pos_rad")
    state["time_ns"][fresh] = time_ns
    state["tick"][fresh] += 1
    noise = rng.normal(scale=0.05, size=(ROBOTS, JOINTS))
    state["joint_pos"][:, :JOINTS][fresh] = (pose + noise)[fresh]
    state["joint_vel"][:, :JOINTS][fresh] = 20.0 * noise[fresh]
    for i in np.flatnonzero(answers):
        target[i]["time_ns"] = target[i]["written_ns"] = state[i]["time_ns"]
        target[i]["state_tick"] = state[i]["tick"]
        target[i]["sequence"] += 1
        target[i]["target"][:JOINTS] = pose + rng.normal(scale=0.3, size=JOINTS)
    for i in np.flatnonzero(asked):
        wish[i]["sequence"] += 1
        wish[i]["requested_mode"] = STOP if tick < 10 else POLICY
        wish[i]["velocity_command"] = rng.normal(size=3)
    wish["deadman_ns"][asked] = time_ns
    state["quat_wxyz"][:, 1] = (rng.uniform(size=ROBOTS) < 0.001) * 1.0  # tilted, rarely
    return fresh, answers, asked


def test_a_batch_equals_single_controllers() -> None:
    rng = np.random.default_rng(0)
    batch = ControllerBatch(CONFIG, ROBOTS)
    alone = [Controller(CONFIG) for _ in range(ROBOTS)]
    modes = set()
    for tick in range(TICKS):
        time_ns = 1_000_000_000 + tick * 2_000_000
        fresh, answers, asked = random_tick(rng, tick, time_ns, batch)
        commands = batch.step(time_ns, fresh)
        for i, controller in enumerate(alone):
            command = controller.step(
                time_ns,
                batch.state[i : i + 1] if fresh[i] else None,
                [batch.target[i : i + 1]] if answers[i] else [],
                batch.operator_input[i : i + 1] if asked[i] else None,
            )
            assert command.tobytes() == commands[i].tobytes()
            assert controller.status.tobytes() == batch.status[i].tobytes()
        modes |= set(batch.status["mode"].tolist())
    assert modes == {0, 1, 2, 3}, "the test must reach every mode"


def test_who_is_not_active_stays_as_it_was() -> None:
    batch = ControllerBatch(CONFIG, 3)
    active = np.array([True, False, True])
    batch.step(1_000_000_000, None, active)
    assert batch.status["tick"].tolist() == [1, 0, 1]


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="robots is 0"):
        ControllerBatch(CONFIG, 0)
    batch = ControllerBatch(CONFIG, 3)
    with pytest.raises(ValueError, match="one flag for each robot"):
        batch.step(1, np.ones(2, dtype=bool))
    batch.state = m.new(m.STATE, 2)
    with pytest.raises(ValueError, match="array of 3"):
        batch.step(1)
