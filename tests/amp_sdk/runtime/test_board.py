"""Boards, settings and configurations: what goes in comes out, and bad input is refused."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from runtime_rig import CONTRACT, GO2, SETTINGS, robot_state
from small_policy import CommandTerm, robot_contract

from amp_sdk import robots
from amp_sdk.config import from_mapping, to_mapping
from amp_sdk.errors import InputError
from amp_sdk.runtime import Board, LoopSettings, Role, SafetySettings, _native, loop_config
from amp_sdk.runtime import messages as m
from amp_sdk.runtime.operator import CommandRange


@pytest.fixture
def board() -> Board:
    return Board.local(loop_config(GO2, [CONTRACT], SETTINGS))


def test_channels_give_the_newest_message_once(board: Board) -> None:
    target, reader = m.new(m.TARGET), board.target(2)
    target["policy"] = 2
    assert not reader.poll()
    for sequence in (1, 2, 3):
        target["sequence"] = sequence
        target["observation"] = np.arange(2048) * sequence
        board.write_target(target)
    assert reader.poll() and reader.message["sequence"] == 3
    assert reader.message["observation"][2047] == 3 * 2047
    assert not reader.poll() and not board.target(1).poll()


def test_messages_of_another_kind_are_refused(board: Board) -> None:
    for wrong in (m.new(m.STATUS), np.zeros(3), robot_state()[None].repeat(2)):
        with pytest.raises((ValueError, TypeError)):
            board.write_robot_state(wrong)
    target = m.new(m.TARGET)
    target["policy"] = 4
    with pytest.raises(ValueError, match="no such policy"):
        board.write_target(target)


def test_a_board_is_shared_by_name() -> None:
    board = Board.create(loop_config(GO2, [CONTRACT], SETTINGS))
    try:
        other = Board.attach(board.name)
        board.write_robot_state(robot_state())
        assert other.config == board.config
        code = (
            "import sys; from amp_sdk.runtime import Board, Role\n"
            "board = Board.attach(sys.argv[1]); board.claim(Role.POLICY); print(board.name)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, board.name], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == board.name
        board.claim(Role.POLICY)  # whose holder is dead is free
        with pytest.raises(InputError, match="cannot create"):
            Board.create(board.config, board.name)
    finally:
        board.unlink()
    with pytest.raises(InputError, match="cannot open"):
        Board.attach(board.name)


def test_configuration_follows_robot_contract_and_settings(board: Board) -> None:
    config = board.config
    joint, policy = config["joint"][: len(GO2.joint_names)], config["policy"]
    assert [name.decode() for name in joint["name"]] == list(GO2.joint_names)
    np.testing.assert_array_equal(joint["effort_limit_nm"], GO2.effort_limit_nm)
    np.testing.assert_array_equal(joint["stand_pos_rad"], CONTRACT.joint_array("default_pos_rad"))
    np.testing.assert_array_equal(policy["kp"][0][:12], CONTRACT.joint_array("kp"))
    assert list(policy["present"]) == [1, 0, 0, 0]
    assert policy["command_upper"][0][0] == CONTRACT.commands[0].upper
    assert policy["timeout_s"][0] == 2.5 * CONTRACT.control_period_s
    assert config["safety"]["state_period_s"] == SETTINGS.period_s


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="does not fit robot"):
        loop_config(robots.load("g1_29dof"), [CONTRACT], SETTINGS)
    with pytest.raises(InputError, match="at most 64 joints and 4 policies"):
        loop_config(GO2, [CONTRACT] * 5, SETTINGS)
    with pytest.raises(InputError, match="at most 64 joints"):
        loop_config(robots.load("smpl"), [], SETTINGS)


def test_commands_that_no_loop_takes_are_refused() -> None:
    names = ("steer_x", "steer_y", "speed")
    commands = tuple(CommandTerm(name, -1.0, 1.0, 0.0) for name in names)
    contract = robot_contract(GO2, commands=commands)
    expected = "lin_vel_x, lin_vel_y, ang_vel_z; the policy observes steer_x, steer_y, speed;"
    with pytest.raises(InputError, match=expected):
        loop_config(GO2, [contract], SETTINGS)
    with pytest.raises(InputError, match=expected):
        CommandRange.of_contract(contract)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"period_s": 0.5}, "0.0002 to 0.02"),
        ({"priority": 120}, "0 to 99"),
        ({"cpu": -2}, "number of a CPU"),
        ({"interpolation": 1.5}, "a share"),
        ({"target_timeout_periods": 1.0}, "above 1"),
        ({"command_rate": [1.0, 0.0, 1.0]}, "three above 0"),
        ({"stand_time_s": -1.0}, "0 or more"),
        ({"driver": "serial"}, "unknown value"),
        ({"safety": {"max_state_loss": 1.0}}, "below 1"),
        ({"safety": {"state_timeout_s": 0.0}}, "above 0"),
        ({"safety": {"max_tilt_rad": 4.0}}, "at most pi"),
        ({"safety": {"max_tillt_rad": 1.0}}, "did you mean 'max_tilt_rad'"),
    ],
)
def test_settings_are_checked(mapping: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_mapping(LoopSettings, mapping, "loop.yaml")


def test_settings_survive_the_way_to_a_file_and_back() -> None:
    settings = dataclasses.replace(SETTINGS, cpu=1, safety=SafetySettings(max_tilt_rad=0.5))
    assert from_mapping(LoopSettings, to_mapping(settings), "loop.yaml") == settings


def test_without_posix_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Core:
        pass

    monkeypatch.setattr(_native, "core", Core)
    _native.native.cache_clear()
    try:
        with pytest.raises(InputError, match="needs a POSIX system"):
            Board.attach("/amp-none")
    finally:
        _native.native.cache_clear()


def test_roles_have_names_and_faults_too(board: Board) -> None:
    board.claim(Role.OPERATOR)
    board.beat(Role.OPERATOR)
    assert board.writer(Role.OPERATOR)[1] > 0
    board.release(Role.OPERATOR)
    assert board.writer(Role.OPERATOR)[0] == 0
    assert m.fault_names(m.fault_bit("tilt") | m.fault_bit("estop")) == ("estop", "tilt")
