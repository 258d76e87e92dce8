"""Times of several ways to do one thing, taken in turns so that a busy machine slows all alike."""

from __future__ import annotations

import statistics
import time
from typing import Callable, Dict, List, Mapping

import torch

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


def median_cuda_times(
    ways: Mapping[str, Callable[[], object]], rounds: int, calls: int
) -> Dict[str, float]:
    """Median seconds per call of each of ``ways`` on the current CUDA stream: ``calls`` calls in a
    row between two events, launches included."""
    times: Dict[str, List[float]] = {name: [] for name in ways}
    for call in ways.values():
        for _ in range(3):
            call()
    for _ in range(rounds):
        for name, call in ways.items():
            times[name].append(_cuda_seconds(call, calls))
    return {name: statistics.median(values) for name, values in times.items()}


def in_cuda_graph(call: Callable[[], object], calls: int) -> Callable[[], None]:
    """``calls`` calls captured into one CUDA graph; calling the result replays it."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(calls):
            call()
    return graph.replay


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


def _cuda_seconds(call: Callable[[], object], calls: int) -> float:
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    for _ in range(calls):
        call()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end) / 1000.0 / calls
