"""``python -m amp_sdk.bench dds``: a command's write, and the way to the robot and back beside bare
DDS messages of the same size, in one run."""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from amp_sdk import robots
from amp_sdk._cli import guarded, write_json
from amp_sdk.errors import CheckFailedError, InputError
from amp_sdk.unitree import Wire, guarded_native, wire

ROBOTS = {"go2": "go2", "g1": "g1_29dof"}
WRITE_LIMIT_S, RATIO_LIMIT = 30e-6, 1.3
_BLOCKS = 4
_ANSWER_S = 3600.0
_WAYS = {"bare": True, "driver": False}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Measure, print, write JSON; with ``--check`` fail above the limits."""
    args = _parser().parse_args(argv)
    if args.rounds < _BLOCKS:
        raise InputError(f"--rounds must be at least {_BLOCKS}, found {args.rounds}")
    robot = robots.load(ROBOTS[args.robot])
    # each way has a domain and an answering process of its own
    lines = {
        way: wire(robot, robot.joint_names, args.net, args.domain + i)
        for i, way in enumerate(_WAYS)
    }
    if args.answer:
        guarded_native("answer", lines[args.answer].options(), _WAYS[args.answer], _ANSWER_S)
        return 0
    writes, trips = _measure(args, lines)
    result = {
        "write_s": _quantiles(writes),
        "round_trip_s": {way: _quantiles(times) for way, times in trips.items()},
        "lost": {way: args.rounds - len(times) for way, times in trips.items()},
        "ratio": float(np.median(trips["driver"]) / np.median(trips["bare"])),
    }
    _print(args.robot, result)
    write_json(args.json, {"robot": args.robot, "rounds": args.rounds, **result})
    if args.check:
        _check(result)
    return 0


def _measure(
    args: argparse.Namespace, lines: Dict[str, Wire]
) -> Tuple[List[float], Dict[str, List[float]]]:
    answering = []
    try:
        for way in _WAYS:
            command = [sys.executable, "-m", "amp_sdk.unitree.bench", "--answer", way]
            command += ["--robot", args.robot, "--net", args.net, "--domain", str(args.domain)]
            answering.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
        trips: Dict[str, List[float]] = {way: [] for way in _WAYS}
        for _ in range(_BLOCKS):  # in turns, so that the machine is as busy for both
            for way, bare in _WAYS.items():
                rounds = args.rounds // _BLOCKS
                times = guarded_native("round_trips", lines[way].options(), bare, rounds)
                trips[way] += times  # type: ignore[arg-type]
        silent = [way for way, times in trips.items() if not times]
        if silent:
            raise CheckFailedError(
                f"no answer over {args.net} ({', '.join(silent)}); expected the answering process "
                f"to be found; check that multicast is on: ip link set {args.net} multicast on"
            )
        writes = guarded_native("writes", lines["driver"].options(), args.rounds)
        return list(writes), trips  # type: ignore[call-overload]
    finally:
        for process in answering:
            process.kill()
            process.wait()


def _quantiles(times: Sequence[float]) -> Dict[str, float]:
    median, p99 = np.quantile(times, (0.5, 0.99))
    return {"median": float(median), "p99": float(p99), "max": float(max(times))}


def _print(robot: str, result: Dict) -> None:
    print(f"{robot}, times in us             median      p99      max")
    rows = {"write (CRC, serialise, publish)": result["write_s"]}
    rows["there and back, bare DDS"] = result["round_trip_s"]["bare"]
    rows["there and back, loop's driver"] = result["round_trip_s"]["driver"]
    for name, times in rows.items():
        numbers = "".join(f"{1e6 * times[key]:9.1f}" for key in ("median", "p99", "max"))
        print(f"  {name:32}{numbers}")
    print(f"  ratio {result['ratio']:.3f}   limit {RATIO_LIMIT:g}; answers lost {result['lost']}")


def _check(result: Dict) -> None:
    write = result["write_s"]["median"]
    if write > WRITE_LIMIT_S:
        raise CheckFailedError(f"a write takes {1e6 * write:.1f} us, limit {1e6 * WRITE_LIMIT_S:g}")
    if result["ratio"] > RATIO_LIMIT:
        raise CheckFailedError(f"the ratio is {result['ratio']:.3f}, limit {RATIO_LIMIT:g}")


def _parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(prog="python -m amp_sdk.bench dds", description=__doc__)
    add = result.add_argument
    add("--robot", choices=sorted(ROBOTS), default="g1")
    add("--net", default="lo", metavar="IFACE", help="default: lo")
    add("--domain", type=int, default=100, help="this one and the next are used; default: 100")
    add("--rounds", type=int, default=2000)
    add("--check", action="store_true", help="exit 1 when a limit is missed")
    add("--json", metavar="FILE")
    add("--answer", choices=sorted(_WAYS), help=argparse.SUPPRESS)
    return result


if __name__ == "__main__":
    sys.exit(guarded(main))
