"""Events, axes and buttons of a gamepad from byte streams as the kernel writes them."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator import evdev
from amp_sdk.runtime.operator.buttons import GamepadInput
from amp_sdk.runtime.operator.evdev import Axis, Event, EventDecoder
from amp_sdk.runtime.operator.source import CommandRange

STICK = Axis(-32768, 32767, 128)
AXES = {0: STICK, 1: STICK, 3: STICK, 4: STICK, 16: Axis(-1, 1), 17: Axis(-1, 1)}
LIMITS = CommandRange((-0.5, -0.3, -1.0), (1.5, 0.3, 2.0))
KEY, ABS = evdev.EV_KEY, evdev.EV_ABS
LB = (KEY, evdev.BTN_TL)


def stream(*events) -> bytes:
    """The bytes of ``(type, code, value)`` events, each with its own report; times are any."""
    out = b""
    for i, event in enumerate(events):
        out += evdev.EVENT.pack(1_700_000_000, 1000 * i, *event)
        out += evdev.EVENT.pack(1_700_000_000, 1000 * i, evdev.EV_SYN, evdev.SYN_REPORT, 0)
    return out


def pad(*streams: bytes):
    decoder, gamepad = EventDecoder(), GamepadInput(AXES, LIMITS)
    gamepad.resync((), {})
    wish = None
    for data in streams:
        wish = gamepad.feed(decoder.feed(data))
    return wish


def test_the_layout_is_the_kernels() -> None:
    assert evdev.EVENT.size == 2 * struct.calcsize("l") + 8


@given(st.lists(st.integers(1, 70), max_size=20))
def test_events_may_come_in_pieces(cuts) -> None:
    data = stream((ABS, 0, 5), (KEY, evdev.BTN_SOUTH, 1), (KEY, evdev.BTN_SOUTH, 0))
    decoder, reports, at = EventDecoder(), [], 0
    for cut in itertools.chain(cuts, [len(data)]):
        reports += decoder.feed(data[at : at + cut])
        at += cut
    whole = EventDecoder().feed(data)
    assert (
        reports
        == whole
        == [
            [Event(ABS, 0, 5)],
            [Event(KEY, evdev.BTN_SOUTH, 1)],
            [Event(KEY, evdev.BTN_SOUTH, 0)],
        ]
    )


def test_after_lost_events_nothing_counts_up_to_the_next_report() -> None:
    decoder = EventDecoder()
    lost = evdev.EVENT.pack(0, 0, evdev.EV_SYN, evdev.SYN_DROPPED, 0)
    reports = decoder.feed(stream((KEY, 1, 1)) + lost + stream((KEY, 2, 1)) + stream((KEY, 3, 1)))
    assert reports == [[Event(KEY, 1, 1)], [Event(KEY, 3, 1)]]
    assert decoder.dropped


@pytest.mark.parametrize("axis", [STICK, Axis(0, 255), Axis(0, 255, 15)])
def test_an_axis_reaches_its_ends_and_rests_in_the_middle(axis: Axis) -> None:
    assert axis.normalized(axis.minimum, 0.1) == pytest.approx(-1.0)
    assert axis.normalized(axis.maximum, 0.1) == pytest.approx(1.0)
    assert axis.normalized((axis.minimum + axis.maximum) // 2, 0.1) == 0.0
    steps = [axis.normalized(v, 0.1) for v in range(axis.minimum, axis.maximum + 1, 7)]
    assert steps == sorted(steps)
    assert max(b - a for a, b in itertools.pairwise(steps)) < 0.1, "continuous at the dead zone"
    assert Axis(3, 3).normalized(3, 0.1) == 0.0


def test_buttons_map_to_modes() -> None:
    press = [(KEY, c, 1) for c in (evdev.BTN_SELECT, evdev.BTN_SOUTH, evdev.BTN_START)]
    wish = pad(stream(*press, (KEY, evdev.BTN_TR, 1), (KEY, evdev.BTN_THUMBR, 1)))
    assert wish.modes == (Mode.DAMP, Mode.STAND, Mode.POLICY)
    assert wish.next_policy == 1 and wish.clear and not wish.stop
    assert pad(stream((ABS, 17, 1))).modes == (Mode.STOP,)
    assert pad(stream((ABS, 17, 1), (ABS, 17, 1), (ABS, 17, 0))).modes == (Mode.STOP,)


def test_the_stop_counts_even_when_it_was_let_go_at_once() -> None:
    b = (KEY, evdev.BTN_EAST)
    assert pad(stream((*b, 1))).stop and pad(stream((*b, 1)), b"").stop
    assert pad(stream((*b, 1), (*b, 0))).stop
    assert not pad(stream((*b, 1), (*b, 0)), b"").stop


def test_sticks_move_only_while_the_switch_is_held() -> None:
    push = stream((ABS, 1, -32768), (ABS, 0, 32767), (ABS, 3, -32768))
    assert pad(push).velocity == (0.0, 0.0, 0.0)
    wish = pad(push, stream((*LB, 1)))
    assert wish.held and wish.velocity == pytest.approx((1.5, -0.3, 2.0))
    assert pad(push, stream((*LB, 1)), stream((ABS, 1, 32767))).velocity[0] == pytest.approx(-0.5)
    assert not pad(push, stream((*LB, 1)), stream((*LB, 0))).held


def test_a_switch_let_go_between_two_looks_is_noticed() -> None:
    decoder, gamepad = EventDecoder(), GamepadInput(AXES, LIMITS)
    gamepad.resync((), {})
    assert gamepad.feed(decoder.feed(stream((*LB, 1)))).held
    assert not gamepad.feed(decoder.feed(stream((*LB, 0), (*LB, 1)))).held
    assert gamepad.feed([]).held


def test_a_switch_held_from_the_start_counts_once_it_was_open() -> None:
    gamepad = GamepadInput(AXES, LIMITS)
    gamepad.resync({evdev.BTN_TL}, {})
    assert not gamepad.feed([]).held
    gamepad.feed(EventDecoder().feed(stream((*LB, 0))))
    assert gamepad.feed(EventDecoder().feed(stream((*LB, 1)))).held


def test_bit_fields() -> None:
    assert evdev.pressed(b"\x01\x80") == {0, 15}
    # an Xbox pad's capabilities on a 64-bit kernel
    if struct.calcsize("l") == 8:
        keys = evdev.capabilities("7cdb000000000000 0 0 0 0\n")
        assert evdev.is_gamepad(keys, evdev.capabilities("3003f\n"))
        assert not evdev.is_gamepad(evdev.capabilities("1f0000 0 0 0 0"), {0, 1}), "a mouse"
    assert evdev.capabilities("0\n") == set()
