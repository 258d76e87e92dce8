"""Keys: every binding, escape sequences in pieces, and what a pause means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator.keys import (
    IDLE_RELEASE_S,
    IDLE_STANDSTILL_S,
    STEP,
    KeyboardInput,
    KeyDecoder,
)
from amp_sdk.runtime.operator.source import CommandRange, SourceInput

LIMITS = CommandRange((-0.35, -0.3, -1.0), (0.55, 0.3, 1.0))


def pressed(*chunks: bytes):
    keyboard = KeyboardInput(LIMITS)
    wish = SourceInput()
    for i, chunk in enumerate(chunks):
        wish = keyboard.feed(chunk, i * 10_000_000)
    return wish


@pytest.mark.parametrize(
    "keys, velocity",
    [
        (b"w", (0.1, 0.0, 0.0)),
        (b"www" + b"s" * 3, (0.0, 0.0, 0.0)),
        (b"W", (0.1, 0.0, 0.0)),
        (b"ad" * 5 + b"a", (0.0, 0.1, 0.0)),
        (b"qqe", (0.0, 0.0, 0.2)),
        (b"w" * 99, (0.55, 0.0, 0.0)),
        (b"s" * 99, (-0.35, 0.0, 0.0)),
        (b"wqax", (0.0, 0.0, 0.0)),
        (b"ww ", (0.0, 0.0, 0.0)),
        (b"\x1b[A\x1b[A\x1b[B\x1bOD", (0.1, 0.0, 0.2)),
    ],
)
def test_moves(keys: bytes, velocity) -> None:
    assert pressed(keys).velocity == pytest.approx(velocity, abs=1e-12)


def test_forth_and_back_ends_at_exactly_zero() -> None:
    assert pressed(b"w" * 3 + b"s" * 3 + b"q" * 2 + b"e" * 2).velocity == (0.0, 0.0, 0.0)
    assert STEP[0] * 3 != 0.3  # why whole steps are counted


def test_modes_policies_and_faults() -> None:
    wish = pressed(b"1230ppc")
    assert wish.modes == (Mode.DAMP, Mode.STAND, Mode.POLICY, Mode.STOP)
    assert wish.next_policy == 2 and wish.clear and not wish.stop and not wish.held


def test_space_stops_and_lets_go() -> None:
    wish = pressed(b"\r", b"w", b" ")
    assert wish.stop and not wish.held
    assert not pressed(b" ", b"").stop, "the hub keeps the stop, not the key"


@pytest.mark.parametrize("key", [b"\r", b"\n"])
def test_the_switch(key: bytes) -> None:
    assert pressed(key).held and pressed(key, b"").held
    assert not pressed(key, b"\x7f").held
    assert not pressed(b"w").held


def test_a_pause_stands_still_and_a_long_one_lets_go() -> None:
    keyboard = KeyboardInput(LIMITS)
    keyboard.feed(b"\rw", 10**9)

    def after(pause_s: float):
        return keyboard.feed(b"", 10**9 + int(pause_s * 1e9))

    assert after(IDLE_STANDSTILL_S - 0.01).velocity[0] > 0.0
    assert after(IDLE_STANDSTILL_S).velocity == (0.0, 0.0, 0.0)
    assert after(IDLE_RELEASE_S - 0.01).held and not after(IDLE_RELEASE_S).held


def test_a_key_after_a_long_pause_does_not_take_the_switch_again() -> None:
    keyboard = KeyboardInput(LIMITS)
    keyboard.feed(b"\rww", 0)
    wish = keyboard.feed(b"w", int(20e9))
    assert not wish.held and wish.velocity == pytest.approx((0.1, 0.0, 0.0))


@given(st.lists(st.sampled_from([b"w", b"\x1b[A", b"\x1bOC", b"\x1b[1;5D", b"\xc3\xa9", b" "])))
def test_sequences_may_come_in_pieces(parts) -> None:
    data = b"".join(parts)
    split = KeyDecoder()
    assert [k for byte in data for k in split.feed(bytes([byte]))] == KeyDecoder().feed(data)


@given(st.binary())
def test_any_bytes_are_no_error(data: bytes) -> None:
    wish = pressed(data)
    assert wish.stop or b" " not in data or b"\x1b" in data
