"""Times of several ways to do one thing, taken in turns so that a busy machine slows all alike."""

from __future__ import annotations

import statistics
import time
from typing import Callable, Dict, List, Mapping

# In a round, a way is first called for so long without being timed: its data come into the cache as
# far as they fit, and threads that another way left spinning have gone to sleep.
WARM_UP_S = 0.01
# Then its calls are timed until they took so long.
TIMED_S = 0.03
# A way that takes longer than this is called once per round, in fewer rounds.
SLOW_S = 0.1
SLOW_ROUNDS = 3


def median_times(ways: Mapping[str, Callable[[], object]], rounds: int) -> Dict[str, float]:
    """Median seconds of each of ``ways`` on the CPU over ``rounds`` rounds."""
    times: Dict[str, List[float]] = {name: [] for name in ways}
    slow = set()
    for name, call in ways.items():
        call()
        slow.update({name} if _seconds(call) > SLOW_S else ())
    for i in range(rounds):
        for name, call in ways.items():
            if name not in slow:
                _calls_for(call, WARM_UP_S)
                times[name] += _calls_for(call, TIMED_S)
            elif i < SLOW_ROUNDS:
                times[name].append(_seconds(call))
    return {name: statistics.median(values) for name, values in times.items()}


def _calls_for(call: Callable[[], object], seconds: float) -> List[float]:
    """Seconds of each of as many calls as take ``seconds`` together, one at least."""
    times = [_seconds(call)]
    end = time.perf_counter() + seconds - times[0]
    while time.perf_counter() < end:
        times.append(_seconds(call))
    return times


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
