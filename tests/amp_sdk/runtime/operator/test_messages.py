"""The JSON protocol: strict, one program at a time, and a stop that always counts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_sdk.errors import InputError
from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator.messages import MAX_BYTES, TIMEOUT_S, Message, MessageInput, parse
from amp_sdk.runtime.operator.source import CommandRange

LIMITS = CommandRange((-0.5, -0.3, -1.0), (1.0, 0.3, 1.0))
MS = 1_000_000


def send(target: MessageInput, now_ms: float = 0.0, sender: str = "port 1", **values) -> dict:
    answer = target.handle(json.dumps(values).encode(), sender, int(now_ms * MS))
    assert answer.endswith(b"\n") and answer.count(b"\n") == 1
    return json.loads(answer)


def test_a_whole_message() -> None:
    text = (
        b'{"seq": 7, "deadman": true, "velocity": [0.5, 0, -1e-1], "mode": "policy", '
        b'"policy": 2, "clear": true, "estop": false}'
    )
    assert parse(text) == Message(7, True, False, True, (0.5, 0.0, -0.1), Mode.POLICY, 2)
    assert parse(b'{"seq": 0}') == Message(0)


@pytest.mark.parametrize(
    "data, part",
    [
        (b"", "JSON"),
        (b"\xff", "JSON"),
        (b"[1]", "object"),
        (b"{}", "seq"),
        (b'{"seq": -1}', "seq"),
        (b'{"seq": 1.0}', "seq"),
        (b'{"seq": true}', "seq"),
        (b'{"seq": 1, "seq": 2}', "twice"),
        (b'{"seq": 1, "velocty": [0, 0, 0]}', "velocity"),
        (b'{"seq": 1, "velocity": [0, 0]}', "velocity"),
        (b'{"seq": 1, "velocity": [NaN, 0, 0]}', "velocity"),
        (b'{"seq": 1, "velocity": [Infinity, 0, 0]}', "velocity"),
        (b'{"seq": 1, "velocity": [1e999, 0, 0]}', "velocity"),
        (b'{"seq": 1, "velocity": [' + b"9" * 500 + b", 0, 0]}", "velocity"),
        (b'{"seq": 1, "velocity": ["1", 0, 0]}', "velocity"),
        (b'{"seq": 1, "mode": "walk"}', "stand"),
        (b'{"seq": 1, "mode": ["stop"]}', "mode"),
        (b'{"seq": 1, "policy": 4}', "policy"),
        (b'{"seq": 1, "deadman": 1}', "deadman"),
        (b'{"seq": 1}' + b" " * MAX_BYTES, "bytes"),
        (b"[" * 1000, "JSON"),
    ],
)
def test_refusals_say_why_in_one_line(data: bytes, part: str) -> None:
    with pytest.raises(InputError, match=part) as info:
        parse(data)
    assert "\n" not in str(info.value)
    answer = json.loads(MessageInput(LIMITS).handle(data, "x", 0))
    assert answer["ok"] is False and answer["error"] == str(info.value)


@given(st.one_of(st.binary(max_size=64), st.text(max_size=40).map(str.encode)))
def test_any_bytes_are_answered(data: bytes) -> None:
    target = MessageInput(LIMITS)
    assert set(json.loads(target.handle(data, "x", 0))) <= {"ok", "error", "seq"}
    assert not target.take(0).stop or b"estop" in data


def test_the_switch_times_out_and_velocities_are_clipped() -> None:
    target = MessageInput(LIMITS)
    assert send(target, seq=1, deadman=True, velocity=[9, -9, 0.5]) == {"ok": True, "seq": 1}
    wish = target.take(0)
    assert wish.held and wish.velocity == (1.0, -0.3, 0.5)
    assert target.take(int(TIMEOUT_S * 1e9) - 1).held
    late = target.take(int(TIMEOUT_S * 1e9))
    assert not late.held and late.velocity == (0.0, 0.0, 0.0)


def test_how_long_a_silence_may_be_is_for_the_caller() -> None:
    target = MessageInput(LIMITS, silence_s=2.0)
    send(target, seq=1, deadman=True)
    assert target.take(1_999_999_999).held and not target.take(2_000_000_000).held


def test_without_the_switch_there_is_no_velocity() -> None:
    target = MessageInput(LIMITS)
    send(target, seq=1, velocity=[1, 0, 0])
    assert target.take(0).velocity == (0.0, 0.0, 0.0)


def test_events_count_once() -> None:
    target = MessageInput(LIMITS)
    send(target, seq=1, mode="stand", policy=1, clear=True)
    send(target, seq=2, mode="policy")
    wish = target.take(0)
    assert wish.modes == (Mode.STAND, Mode.POLICY) and wish.policy == 1 and wish.clear
    wish = target.take(0)
    assert wish.modes == () and wish.policy is None and not wish.clear


def test_old_numbers_are_refused_until_the_program_was_silent() -> None:
    target = MessageInput(LIMITS)
    assert send(target, seq=5)["ok"]
    assert "more than 5" in send(target, seq=5, mode="policy")["error"]
    assert target.take(0).modes == ()
    assert send(target, TIMEOUT_S * 1000, seq=0)["ok"], "a program that was started again"


def test_one_program_at_a_time() -> None:
    target = MessageInput(LIMITS)
    assert send(target, seq=1, deadman=True)["ok"]
    assert "port 1" in send(target, seq=2, sender="port 2", deadman=True)["error"]
    assert send(target, TIMEOUT_S * 1000, seq=1, sender="port 2")["ok"]


def test_the_stop_counts_from_anyone_and_beside_mistakes() -> None:
    for values in ({"seq": 0}, {"seq": 9, "sender": "port 2"}, {"nonsense": 1}):
        target = MessageInput(LIMITS)
        send(target, seq=5, deadman=True)
        assert not send(target, **values, estop=True)["ok"]
        assert target.take(0).stop and not target.take(0).stop
    target = MessageInput(LIMITS)
    send(target, seq=1, estop=True)
    assert target.take(0).stop and target.take(0).stop, "as long as the program says so"
    send(target, seq=2)
    assert not target.take(0).stop
