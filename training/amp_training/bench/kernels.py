"""``python -m amp_sdk.bench kernels``: the kernels beside what they replace, in one run."""

from __future__ import annotations

import argparse
from typing import Dict, List, Sequence

import torch

from amp_sdk import kernels
from amp_sdk._cli import write_json
from amp_sdk._timing import median_times
from amp_sdk.errors import CheckFailedError, InputError
from amp_sdk.kernels import _native
from amp_training.bench import timing
from amp_training.bench.cases import COPY, KERNEL, Case, cases

GRAPH_CALLS = 20  # per CUDA graph, so that a replay's own cost does not count


def main(argv: Sequence[str]) -> int:
    """Measure, print a table, write JSON; with ``--check`` fail where a limit is missed."""
    args = parser().parse_args(argv)
    if args.rounds < 1:
        raise InputError(f"--rounds must be at least 1, found {args.rounds}")
    if args.device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: torch finds no CUDA device here; use --device cpu")
    if args.threads is not None:
        kernels.set_num_threads(args.threads)
    threads = kernels.num_threads()
    torch.set_num_threads(threads)
    where = describe(args.device, threads)
    print(f"{where}; medians of {args.rounds} rounds in turns, us per call, x: times the kernel's")
    results = []
    for case in cases(args.device, args.compile):
        times = measure(case, args.device, args.rounds)
        print(row(case, times), flush=True)
        results.append(
            {
                "case": case.name,
                "bytes_moved": case.bytes_moved,
                "seconds": times,
                "missed": missed(case, times),
            }
        )
    write_json(args.json, {"where": where, "torch": torch.__version__, "results": results})
    failures = [text for result in results for text in result["missed"]]
    if args.check and failures:
        raise CheckFailedError("; ".join(failures))
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="python -m amp_sdk.bench kernels", description=__doc__)
    result.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    result.add_argument("--threads", type=int, help="CPU threads of the kernels and of torch")
    result.add_argument("--rounds", type=int, default=9)
    result.add_argument(
        "--no-compile", dest="compile", action="store_false", help="leave torch.compile out"
    )
    result.add_argument("--check", action="store_true", help="exit 1 when a limit is missed")
    result.add_argument("--json", metavar="FILE")
    return result


def describe(device: str, threads: int) -> str:
    """The machine and what the kernels run on."""
    if device == "cuda":
        built = _native.cuda(torch.cuda.current_device())
        code = f"amp_sdk._cuda for {built.architectures()}" if built else "torch in place of CUDA"
        return f"{torch.cuda.get_device_name()}, {code}"
    return f"CPU, {threads} threads, {_native.core().isa()}"


def measure(case: Case, device: str, rounds: int) -> Dict[str, float]:
    """Median seconds of every way. On CUDA ``kernel`` and ``copy`` are timed again inside CUDA
    graphs, as ``kernel on device`` and ``copy on device``: without the launches."""
    if device == "cpu":
        return median_times(case.ways, rounds)
    times = timing.median_cuda_times(case.ways, rounds, calls=5)
    graphs = {
        f"{name} on device": timing.in_cuda_graph(case.ways[name], GRAPH_CALLS)
        for name in (KERNEL, COPY)
    }
    for name, seconds in timing.median_cuda_times(graphs, rounds, calls=1).items():
        times[name] = seconds / GRAPH_CALLS
    return times


def row(case: Case, times: Dict[str, float]) -> str:
    """One line of the table."""
    kernel = times[KERNEL]
    parts = [f"{KERNEL} {kernel * 1e6:.1f}"]
    parts += [
        f"{name} {seconds * 1e6:.1f} ({seconds / kernel:.2g}x)"
        for name, seconds in times.items()
        if name != KERNEL
    ]
    return f"{case.name:28} " + ", ".join(parts)


def missed(case: Case, times: Dict[str, float]) -> List[str]:
    """The limits that ``times`` miss, for a person."""
    texts = []
    if case.limits.times_faster is not None:
        name, wanted = case.limits.times_faster
        ratio = times[name] / times[KERNEL]
        if ratio < wanted:
            texts.append(f"{case.name}: {ratio:.1f}x faster than {name}, wanted {wanted:g}x")
    if case.limits.times_copy is not None:
        suffix = " on device" if f"{COPY} on device" in times else ""
        ratio = times[KERNEL + suffix] / times[COPY + suffix]
        if ratio > case.limits.times_copy:
            wanted = case.limits.times_copy
            texts.append(f"{case.name}: {ratio:.2f} times the copy, wanted at most {wanted:g}")
    return texts
