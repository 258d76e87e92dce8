"""Times on a CUDA device, as ``amp_sdk._timing`` takes them on the CPU: several ways in turns."""

from __future__ import annotations

import contextlib
import statistics
from typing import Callable, Dict, Iterator, List, Mapping

import torch


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


@contextlib.contextmanager
def no_waiting(device: torch.device) -> Iterator[None]:
    """On a GPU, torch raises RuntimeError where the host would wait for it; elsewhere nothing."""
    if device.type == "cpu":
        yield
        return
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def _cuda_seconds(call: Callable[[], object], calls: int) -> float:
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    for _ in range(calls):
        call()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end) / 1000.0 / calls
