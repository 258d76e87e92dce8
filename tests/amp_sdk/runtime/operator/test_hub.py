"""Precedence: the stop of any source, one source in charge, a lost source lets go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator.hub import OperatorHub
from amp_sdk.runtime.operator.source import SourceInput

HELD = SourceInput(held=True, velocity=(0.5, 0.0, 0.0))
IDLE = SourceInput()


class Script:
    """A source that says what the test puts into ``wish``."""

    def __init__(self, name: str, rank: int) -> None:
        self.name, self.rank, self.wish, self.closed = name, rank, IDLE, False

    def fileno(self) -> int:
        return -1

    def poll(self, now_ns: int) -> SourceInput:
        return self.wish

    def help(self) -> str:
        return f"map of {self.name}"

    def close(self) -> None:
        self.closed = True


class Desk:
    def __init__(self, policies: int = 2) -> None:
        self.pad, self.keys, self.net = Script("pad", 3), Script("keys", 2), Script("net", 1)
        self.lines = []
        self.hub = OperatorHub([self.net, self.pad, self.keys], policies, self.lines.append)
        self.now = 0

    def poll(self, **wishes: SourceInput):
        for name in ("pad", "keys", "net"):
            getattr(self, name).wish = wishes.get(name, IDLE)
        self.now += 10_000_000
        return self.hub.poll(self.now)


def test_nobody_is_in_charge_at_first() -> None:
    state = Desk().poll()
    assert state.in_charge == "" and state.deadman_ns == 0
    assert state.mode == Mode.STOP and not state.estop


def test_only_the_one_in_charge_moves_the_robot() -> None:
    desk = Desk()
    assert desk.poll(net=SourceInput(velocity=(1.0, 0.0, 0.0))).velocity == (0.0, 0.0, 0.0)
    state = desk.poll(net=HELD, keys=SourceInput(modes=(Mode.POLICY,), next_policy=1))
    assert state.in_charge == "net" and state.velocity == HELD.velocity
    assert state.deadman_ns == desk.now
    assert state.mode == Mode.STOP and state.policy == 0
    asked = SourceInput(held=True, modes=(Mode.STAND, Mode.POLICY), next_policy=3)
    state = desk.poll(net=asked)
    assert state.mode == Mode.POLICY and state.policy == 1
    assert desk.poll(net=HELD).mode == Mode.POLICY, "a wish lasts"


def test_a_higher_rank_takes_over_and_a_lower_one_does_not() -> None:
    desk = Desk()
    desk.poll(keys=HELD)
    assert desk.poll(keys=HELD, net=HELD).in_charge == "keys"
    state = desk.poll(keys=HELD, net=HELD, pad=HELD)
    assert state.in_charge == "pad" and state.mode == Mode.DAMP


def test_the_switch_let_go_is_not_taken_by_who_holds_another() -> None:
    desk = Desk()
    desk.poll(net=HELD)
    desk.poll(net=HELD, pad=SourceInput(held=True, modes=(Mode.POLICY,)))
    released = desk.poll(net=HELD)
    assert released.in_charge == "" and released.mode == Mode.DAMP
    assert released.deadman_ns == desk.now - 10_000_000
    assert desk.poll(net=HELD).in_charge == ""
    desk.poll()
    state = desk.poll(net=HELD)
    assert state.in_charge == "net" and state.mode == Mode.DAMP, "it asks for its mode again"


def test_a_lost_source_lets_go_and_is_closed() -> None:
    desk = Desk()
    desk.poll(pad=HELD)
    state = desk.poll(pad=SourceInput(held=True, lost="unplugged"))
    assert state.in_charge == "" and state.velocity == (0.0, 0.0, 0.0)
    assert desk.pad.closed and desk.pad not in desk.hub.sources
    assert "pad lost: unplugged" in desk.lines
    assert desk.poll(keys=HELD).in_charge == "keys"


def test_the_stop_of_any_source_holds_until_it_is_cleared() -> None:
    for name in ("pad", "keys", "net"):
        desk = Desk()
        desk.poll(pad=SourceInput(held=True, modes=(Mode.POLICY,)))
        wish = SourceInput(stop=True, held=name == "pad")
        state = desk.poll(**{"pad": HELD, name: wish})
        assert state.estop and state.mode == Mode.DAMP
        ask = SourceInput(held=True, modes=(Mode.POLICY,))
        state = desk.poll(pad=ask)
        assert state.estop and state.mode == Mode.DAMP, "no mode goes before the stop"
        still = desk.poll(pad=HELD, keys=SourceInput(stop=True), net=SourceInput(clear=True))
        assert still.estop, "pressed while it is cleared"
        state = desk.poll(pad=HELD, net=SourceInput(clear=True))
        assert not state.estop and state.mode == Mode.DAMP


def test_clearing_counts_and_asks_for_nothing() -> None:
    desk = Desk()
    desk.poll(pad=SourceInput(held=True, modes=(Mode.POLICY,)))
    state = desk.poll(pad=SourceInput(held=True, clear=True))
    assert state.clear_fault == 1 and state.mode == Mode.DAMP
    assert desk.poll(pad=HELD).clear_fault == 1


def test_damping_may_be_asked_by_anyone() -> None:
    desk = Desk()
    desk.poll(pad=SourceInput(held=True, modes=(Mode.POLICY,)))
    assert desk.poll(pad=HELD, net=SourceInput(modes=(Mode.STAND,))).mode == Mode.POLICY
    assert desk.poll(pad=HELD, net=SourceInput(modes=(Mode.DAMP,))).mode == Mode.DAMP


def test_slots_that_do_not_exist_are_not_asked_for() -> None:
    desk = Desk(policies=2)
    assert desk.poll(pad=SourceInput(held=True, policy=3)).policy == 0
    assert desk.poll(pad=SourceInput(held=True, policy=1)).policy == 1


def test_help_and_close() -> None:
    desk = Desk()
    assert desk.hub.help().splitlines()[0] == "map of pad"
    desk.hub.close()
    assert desk.pad.closed and desk.net.closed and not desk.hub.sources


WISH = st.builds(
    SourceInput,
    held=st.booleans(),
    stop=st.booleans(),
    velocity=st.tuples(*[st.floats(-1.0, 1.0)] * 3),
    modes=st.lists(st.sampled_from(Mode), max_size=2).map(tuple),
    clear=st.booleans(),
)


@given(st.lists(st.fixed_dictionaries({"pad": WISH, "keys": WISH, "net": WISH}), max_size=12))
def test_invariants(rounds) -> None:
    desk = Desk()
    for wishes in rounds:
        state = desk.poll(**wishes)
        if any(wish.stop for wish in wishes.values()):
            assert state.estop
        if state.estop or not state.in_charge:
            assert state.mode <= Mode.DAMP
        if not state.in_charge:
            assert state.velocity == (0.0, 0.0, 0.0) and state.deadman_ns < desk.now
        else:
            assert wishes[state.in_charge].held
