"""What the hub decides reaches the board, and its end asks for damping."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time

import pytest
from runtime_rig import CONTRACT, GO2, SETTINGS

from amp_sdk import operate
from amp_sdk.errors import InputError
from amp_sdk.runtime import Board, Role, loop_config
from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator import CommandRange, OperatorHub, OperatorState, SocketSource
from amp_sdk.runtime.operator.board_writer import OperatorWriter, run_operator


@pytest.fixture
def board() -> Board:
    return Board.local(loop_config(GO2, [CONTRACT], SETTINGS))


def test_every_member_is_written(board: Board) -> None:
    reader, writer = board.operator_input(), OperatorWriter(board)
    writer.write(OperatorState(5, 4, 2, Mode.POLICY, 1, True, (0.5, -0.25, 0.125), "keyboard"))
    assert reader.poll()
    message = reader.message
    assert (message["time_ns"], message["deadman_ns"], message["sequence"]) == (5, 4, 1)
    assert message["clear_fault"] == 2 and message["estop"] == 1
    assert message["requested_mode"] == 3 and message["requested_policy"] == 1
    assert message["velocity_command"].tolist() == [0.5, -0.25, 0.125]


def test_one_that_follows_goes_on_counting(board: Board) -> None:
    reader, writer = board.operator_input(), OperatorWriter(board)
    writer.write(OperatorState(clear_fault=3, mode=Mode.STAND, estop=True))
    writer.close()
    assert reader.poll() and reader.message["requested_mode"] == Mode.DAMP
    assert reader.message["estop"] == 1 and reader.message["clear_fault"] == 3
    assert reader.message["deadman_ns"] == 0
    OperatorWriter(board).write(OperatorState(clear_fault=1))
    assert reader.poll()
    assert reader.message["clear_fault"] == 4 and reader.message["sequence"] == 3


def test_from_the_socket_to_the_board(board: Board) -> None:
    source = SocketSource(CommandRange.of_config(board.config), port=0)
    hub, stop, reader = OperatorHub([source]), threading.Event(), board.operator_input()
    thread = threading.Thread(target=run_operator, args=(hub, board, lambda: not stop.is_set()))
    thread.start()
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        end, seq = time.monotonic() + 60.0, 0
        while not reader.poll() or reader.message["deadman_ns"] == 0:
            assert time.monotonic() < end, "the message never reached the board"
            seq += 1
            message = {"seq": seq, "deadman": True, "velocity": [9, 0, 0], "mode": "stand"}
            client.sendto(json.dumps(message).encode(), ("127.0.0.1", source.port))
            time.sleep(0.01)
        upper = CommandRange.of_config(board.config).upper[0]
        assert reader.message["velocity_command"][0] == upper == CONTRACT.commands[0].upper
    finally:
        stop.set()
        thread.join()
        client.close()
    assert reader.poll() and reader.message["requested_mode"] == Mode.DAMP
    assert not hub.sources


def test_sources_are_opened_all_or_none() -> None:
    with pytest.raises(InputError, match="event-none"):
        operate.open_sources(CommandRange(), False, "/dev/input/event-none", 0)
    (source,) = operate.open_sources(CommandRange(), False, None, 0)
    source.close()


def test_ranges_of_a_contract_and_of_a_board_agree(board: Board) -> None:
    assert CommandRange.of_config(board.config) == CommandRange.of_contract(CONTRACT)
    sticks = CommandRange((-0.5, 0.0, -1.0), (1.5, 0.0, 2.0))
    assert sticks.from_sticks((1.0, 1.0, -1.0)) == (1.5, 0.0, -1.0)
    assert sticks.from_sticks((-0.5, 0.0, 0.5)) == (-0.25, 0.0, 1.0)


def test_a_terminated_operator_asks_for_damping(root) -> None:
    board = Board.create(loop_config(GO2, [CONTRACT], SETTINGS))
    command = [sys.executable, "-m", "amp_sdk.operate", board.name, "--port", "0"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
    try:
        reader, end = board.operator_input(), time.monotonic() + 60.0
        while not reader.poll():
            assert time.monotonic() < end and child.poll() is None, "the operator never wrote"
            time.sleep(0.01)
        assert reader.message["requested_mode"] == Mode.STOP
        child.terminate()
        printed = child.communicate()[0]
        assert child.returncode == 0 and "asked to damp" in printed and "UDP" in printed
        assert reader.poll() and reader.message["requested_mode"] == Mode.DAMP
        assert board.writer(Role.OPERATOR)[0] == 0
    finally:
        child.kill()
        child.wait()
        board.unlink()
