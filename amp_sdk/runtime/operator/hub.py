"""Many sources of operator input, one operator: who is in charge, and the stop that any may press.

Rules, in this order:

1. A stop of any source holds until faults are cleared while no source presses it.
2. One source at most is in charge: it took the dead-man's switch (a press, not a held switch), and
   nobody or a source of lower rank had it. Only its commands, and its wishes to stand, to run a
   policy and to change it, count. To damp and to go limp may be asked by any source.
3. The switch let go, or the source in charge lost: nobody is in charge, and no source that holds
   its own switch follows by itself. The robot is damped, and stays so until it is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List, Sequence, Tuple

from amp_sdk.runtime.modes import Mode
from amp_sdk.runtime.operator.source import STANDSTILL, Source, SourceInput, Velocity

MAX_POLICIES = 4


@dataclass(frozen=True)
class OperatorState:
    """What the loop is told. ``deadman_ns``: when the switch was last seen held (0: never);
    ``clear_fault`` counts requests; ``policy`` is a slot; ``in_charge`` names a source or is "".
    """

    time_ns: int = 0
    deadman_ns: int = 0
    clear_fault: int = 0
    mode: Mode = Mode.STOP
    policy: int = 0
    estop: bool = False
    velocity: Velocity = STANDSTILL
    in_charge: str = ""


class OperatorHub:
    """Asks all sources and makes one state of what they say. ``policies``: how many there are.

    ``say`` is called with one line for a person when something changes.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        policies: int = 1,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._sources: List[Source] = sorted(sources, key=lambda s: s.rank, reverse=True)
        self._policies = min(max(1, policies), MAX_POLICIES)
        self._say = say
        self._held: Dict[str, bool] = {source.name: False for source in sources}
        self._state = OperatorState()

    @property
    def sources(self) -> Tuple[Source, ...]:
        """The sources that are still there, the highest rank first."""
        return tuple(self._sources)

    @property
    def state(self) -> OperatorState:
        """The result of the last ``poll``."""
        return self._state

    def help(self) -> str:
        """The key maps of all sources."""
        return "\n\n".join(source.help() for source in self._sources)

    def poll(self, now_ns: int) -> OperatorState:
        """Read every source without waiting, and decide."""
        said = [(source, source.poll(now_ns)) for source in self._sources]
        old = self._state
        charge = self._charge(said)
        mode, policy, clears = old.mode, old.policy, old.clear_fault
        if old.in_charge and charge != old.in_charge:
            mode = Mode.DAMP  # also for the next one in charge: it asks again
        for source, wish in said:
            asked = wish.modes if source.name == charge else _safe(wish.modes)
            mode = asked[-1] if asked else mode
            if source.name == charge:
                policy = (policy + wish.next_policy) % self._policies
                if wish.policy is not None and 0 <= wish.policy < self._policies:
                    policy = wish.policy
        stop = any(wish.stop for _, wish in said)
        if any(wish.clear for _, wish in said):
            clears += 1
            mode = min(mode, Mode.DAMP)
        estop = stop or (old.estop and clears == old.clear_fault)
        if estop:
            mode = min(mode, Mode.DAMP)
        held = next((w for s, w in said if s.name == charge), SourceInput())
        self._state = OperatorState(
            time_ns=now_ns,
            deadman_ns=now_ns if charge else old.deadman_ns,
            clear_fault=clears,
            mode=mode,
            policy=policy,
            estop=estop,
            velocity=held.velocity,
            in_charge=charge,
        )
        self._drop_lost(said)
        self._tell(old, self._state)
        return self._state

    def close(self) -> None:
        """Give all devices back."""
        for source in self._sources:
            source.close()
        self._sources = []

    def _charge(self, said: Sequence[Tuple[Source, SourceInput]]) -> str:
        """Who is in charge now; ``said`` is in the order of rank."""
        taken: List[str] = []
        ranks: Dict[str, int] = {}
        for source, wish in said:
            held = wish.held and not wish.lost
            if held and not self._held[source.name]:
                taken.append(source.name)
            self._held[source.name] = held
            ranks[source.name] = source.rank
        current = self._state.in_charge
        if current and self._held.get(current):
            higher = [name for name in taken if ranks[name] > ranks[current]]
            return higher[0] if higher else current
        if current:  # let go: who took the switch in this very moment asks again
            return ""
        return taken[0] if taken else ""

    def _drop_lost(self, said: Sequence[Tuple[Source, SourceInput]]) -> None:
        for source, wish in said:
            if wish.lost:
                self._say(f"{source.name} lost: {wish.lost}")
                self._sources.remove(source)
                source.close()

    def _tell(self, old: OperatorState, new: OperatorState) -> None:
        if new.in_charge != old.in_charge:
            self._say(f"in charge: {new.in_charge or 'nobody'}")
        if new.estop != old.estop:
            self._say("EMERGENCY STOP" if new.estop else "emergency stop cleared")
        if new.mode != old.mode:
            self._say(f"asked for: {new.mode.name.lower()}")
        if new.policy != old.policy:
            self._say(f"policy slot {new.policy}")


def _safe(modes: Sequence[Mode]) -> Tuple[Mode, ...]:
    return tuple(mode for mode in modes if mode <= Mode.DAMP)
