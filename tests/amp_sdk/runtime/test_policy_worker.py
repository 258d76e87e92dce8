"""The policy side of the board: when it answers, with what, and when it gives up. No real time."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest
from small_policy import robot_contract, write_policy

import amp_sdk
from amp_sdk import robots
from amp_sdk.contract import CommandTerm
from amp_sdk.errors import CheckFailedError, InputError
from amp_sdk.observation import RobotState
from amp_sdk.runtime import Board, PolicyRunner, Role, messages
from amp_sdk.runtime.policy_worker import PolicyWorker

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the runtime needs POSIX")
GO2 = robots.load("go2")
TICK_NS, PERIOD_TICKS = 2_000_000, 10


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    """Two policies with other weights; the second also takes turning commands."""
    result = []
    commands = [CommandTerm("lin_vel_x", -1, 1, 0.5), CommandTerm("ang_vel_z", -2, 2, 0.0)]
    for i in range(2):
        contract = robot_contract(GO2, commands=commands[: i + 1], history=2)
        weight = 0.01 * np.random.default_rng(i).normal(size=(contract.obs_dim, 12))
        path = tmp_path_factory.mktemp("policy") / f"p{i}.onnx"
        write_policy(path, contract, weight)
        result.append(amp_sdk.load_policy(path))
    return result


class Loop:
    """The loop's side: its clock, measurements and wishes, by hand."""

    def __init__(self, policies):
        self.messages, self.role = messages, Role
        config = messages.new(messages.CONFIG)
        config["joints"], config["period_s"] = 12, TICK_NS / 1e9
        config["joint"]["name"][:12] = [name.encode() for name in GO2.joint_names]
        config["safety"]["state_timeout_s"] = config["safety"]["frozen_timeout_s"] = 0.02
        for slot, policy in zip(config["policy"], policies, strict=False):
            contract = policy.contract
            slot["present"], slot["period_s"] = 1, contract.control_period_s
            slot["timeout_s"] = 1e6  # of real time, which does not count here
            slot["kp"][:12], slot["kd"][:12] = (contract.joint_array(k) for k in ("kp", "kd"))
        self.config = config
        self.board = Board.local(config)
        self.board.claim(Role.LOOP)
        self.now_ns = messages.now_ns()
        self.state, self.status = messages.new(messages.STATE), messages.new(messages.STATUS)
        self.rng = np.random.default_rng(5)

    def worker(self, policies, robot=GO2):
        self.worker_ = PolicyWorker(self.board, robot, [PolicyRunner(p) for p in policies])
        self.targets = [self.board.target(i) for i in range(len(policies))]
        return self.worker_

    def want(self, slots, command=(0.0, 0.0, 0.0)):
        self.status["wanted_policies"], self.status["velocity_command"] = slots, command
        self.board.native.write_status(self.status)

    def tick(self, measure=True, freeze=False):
        """A tick and the worker's look at it; which slots got a target."""
        self.now_ns += TICK_NS
        if measure:
            self.state["time_ns"] = self.now_ns
            self.state["tick"] += not freeze
            self.state["gyro_b"] = self.rng.normal(size=3)
            self.state["joint_pos"][:12] = self.rng.normal(size=12)
            self.board.native.write_state(self.state)
        self.board.beat(self.role.LOOP)
        self.worker_.poll(self.now_ns)
        return [i for i, target in enumerate(self.targets) if target.poll()]

    def measured(self):
        s = self.state
        return RobotState(
            s["gyro_b"].copy(),
            s["quat_wxyz"].copy(),
            s["joint_pos"][:12].copy(),
            s["joint_vel"][:12].copy(),
        )


@pytest.fixture
def loop(policies):
    loop = Loop(policies)
    loop.worker(policies)
    return loop


def test_nothing_is_written_until_it_is_wanted(loop):
    assert [loop.tick() for _ in range(30)] == [[]] * 30


def test_answers_come_at_the_contracts_period_and_are_those_of_a_runner(loop, policies):
    expected = PolicyRunner(policies[0])
    loop.want(1, (0.25, 9.0, 9.0))
    answers = 0
    for tick in range(5 * PERIOD_TICKS):
        written = loop.tick()
        assert written == ([0] if tick % PERIOD_TICKS == 0 else [])
        if written:
            answers += 1
            target = loop.targets[0].message
            np.testing.assert_array_equal(
                target["target"][:12], expected.step(loop.measured(), np.array([0.25]))
            )
            np.testing.assert_array_equal(target["action"][:12], expected.action)
            size = int(target["obs_size"])
            np.testing.assert_array_equal(target["observation"][:size], expected.observation)
            assert target["time_ns"] == loop.now_ns and target["sequence"] == answers
            assert target["state_tick"] == loop.state["tick"] and target["policy"] == 0
    assert loop.worker_.steps == answers == 5 and loop.worker_.late == 0


def test_commands_go_by_name(loop, policies):
    loop.want(2, (0.1, 0.2, 0.3))
    assert loop.tick() == [1]
    contract = policies[1].contract
    start = sum(t.width for t in contract.observation[:2])
    assert contract.observation[2].name == "command"
    found = loop.targets[1].message["observation"][start : start + 2]
    np.testing.assert_array_equal(found, np.float32([0.1, 0.3]))


def test_two_policies_run_while_one_is_blended_into_the_other(loop, policies):
    loop.want(1)
    for _ in range(PERIOD_TICKS):
        loop.tick()
    loop.want(3)
    assert loop.tick() == [0, 1]
    expected = PolicyRunner(policies[1]).step(loop.measured(), np.zeros(2))
    np.testing.assert_array_equal(loop.targets[1].message["target"][:12], expected)
    loop.want(2)
    written = [loop.tick() for _ in range(PERIOD_TICKS)]
    assert written == [[]] * (PERIOD_TICKS - 1) + [[1]]


def test_a_policy_that_is_wanted_again_starts_from_a_reset(loop, policies):
    loop.want(1)
    for _ in range(3 * PERIOD_TICKS):
        loop.tick()
    loop.want(0)
    loop.tick()
    loop.want(1)
    assert loop.tick() == [0]
    expected = PolicyRunner(policies[0]).step(loop.measured(), np.zeros(1))
    np.testing.assert_array_equal(loop.targets[0].message["target"][:12], expected)


def test_lost_measurements_shift_no_later_step_and_are_counted(loop):
    loop.want(1)
    loop.tick()
    for _ in range(PERIOD_TICKS):  # the measurement of the due time is lost: the next one serves
        loop.tick(measure=False)
    assert loop.tick() == [0]
    assert [loop.tick() for _ in range(PERIOD_TICKS - 1)] == [[]] * (PERIOD_TICKS - 2) + [[0]]
    assert loop.worker_.late == 0
    for _ in range(2 * PERIOD_TICKS):
        loop.tick(measure=False)
    assert loop.tick() == [0] and loop.worker_.late == 1


def test_an_action_that_is_not_finite_is_written_once_and_ends_it(tmp_path):
    contract = robot_contract(GO2)
    write_policy(tmp_path / "p.onnx", contract, np.full((contract.obs_dim, 12), 10.0))
    policy = amp_sdk.load_policy(tmp_path / "p.onnx")
    loop = Loop([policy])
    loop.worker([policy])
    loop.want(1)
    loop.tick()
    loop.state["joint_vel"][:12] = 3e38
    with pytest.raises(CheckFailedError, match="policy 0 stops: .* for joint"):
        for _ in range(PERIOD_TICKS):
            loop.tick()
    assert loop.targets[0].poll()
    assert np.isnan(loop.targets[0].message["target"][:12]).all()


def test_a_measurement_that_is_not_finite_ends_it_without_an_answer(loop):
    loop.want(1)
    loop.state["joint_vel"][3] = np.nan
    with pytest.raises(CheckFailedError, match="policy 0 stops: .*term 'joint_vel', element 3"):
        loop.tick()
    assert not loop.targets[0].poll()


def test_measurements_that_stay_away_or_stand_still_end_it(loop, policies):
    limit = round(5 * 0.02e9 / TICK_NS)
    for keywords, message in (
        ({"measure": False}, "newest measurement is 0.10"),
        ({"freeze": True}, "counter stands at"),
    ):
        loop.worker(policies)
        loop.want(0)
        for _ in range(3 * limit):  # nobody wants a policy: not its business
            loop.tick(**keywords)
        loop.want(1)
        loop.tick()
        for _ in range(limit):
            loop.tick(**keywords)
        with pytest.raises(CheckFailedError, match=message) as caught:
            loop.tick(**keywords)
        assert "\n" not in str(caught.value)


def test_a_loop_that_hangs_or_ends_ends_it(loop):
    with pytest.raises(CheckFailedError, match="last sign of life 1.5 s ago"):
        loop.worker_.poll(loop.board.writer(loop.role.LOOP)[1] + 1_500_000_000)
    loop.board.release(loop.role.LOOP)
    with pytest.raises(CheckFailedError, match="the loop has ended"):
        loop.worker_.poll(loop.now_ns)


def test_an_answer_after_the_time_out_ends_it(policies):
    loop = Loop(policies)
    loop.config["policy"]["timeout_s"] = 0.05
    loop.board = type(loop.board).local(loop.config)
    loop.board.claim(loop.role.LOOP)
    loop.worker(policies)
    loop.want(1)
    loop.now_ns -= 3_000_000_000  # the measurement is three seconds old by the real clock
    with pytest.raises(CheckFailedError, match=r"answered [23]\.\d+ s after .* at most 0.050 s"):
        loop.tick()


def test_board_and_policies_must_belong_together(policies):
    loop = Loop(policies[:1])
    with pytest.raises(InputError, match="another policy in slot 1"):
        loop.worker(policies)
    with pytest.raises(InputError, match="does not fit robot 'g1_29dof'"):
        loop.worker(policies[:1], robots.load("g1_29dof"))
    other = dataclasses.replace(policies[0].contract, control_period_s=0.01)
    policy = type(policies[0])(other, policies[0]._network, policies[0].sources)
    with pytest.raises(InputError, match="period 0.02 s, expected 0.01 s"):
        loop.worker([policy])
    loop.config["joint"]["name"][2] = b"knee"
    loop.board = type(loop.board).local(loop.config)
    with pytest.raises(InputError, match="at position 2: 'knee'"):
        loop.worker(policies[:1])
