"""The rehearsal in real time, with figures; ``record.sh`` runs it in a network of its own.

Exit status: 0 passed, 1 failed, 3 void: what failed says nothing, as a bare loop was late too.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent / "amp_sdk"))  # small_policy
import scenario
import stand_policy

from amp_sdk import robots
from amp_sdk.runtime import Board, LoopSettings, loop_config
from amp_sdk.runtime._native import native
from amp_sdk.runtime.flight_log import FlightLog
from amp_sdk.runtime.modes import Mode
from amp_sdk.unitree import wire
from amp_sim2real.link import Link

ROBOTS = {"go2": "go2", "g1": "g1_29dof"}
PERIOD_S = LoopSettings().period_s
START_S = 15.0  # of the processes and their preflight
# of loops that only sleep: when one was late by more, the machine was busy or stood still, and a
# run that failed says nothing
STALLS_S = {"bare": 0.01, "ordinary": 0.02}


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("robot", choices=sorted(ROBOTS))
    parser.add_argument("policy")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--json", type=Path)
    args, simulate = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        report = record(args, simulate, Path(name))
    problems = judge(report)
    report["problems"] = problems
    text = json.dumps(report)
    print(text)
    if args.json is not None:
        args.json.write_text(text + "\n")
    loop, bare = report["loop"], report["bare"]
    late_s = {name: report[name]["lateness_max_s"] for name in STALLS_S}
    stalls = [f"{1e3 * s:.0f} ms ({name})" for name, s in late_s.items() if s > STALLS_S[name]]
    void = bool(problems and stalls)
    verdict = "FAILED: " + "; ".join(problems) if problems else "passed"
    if void:
        verdict = f"void, a bare loop was late by {' and '.join(stalls)}; it {verdict}"
    print(
        f"{verdict}: {report['held_s']:.1f} s held, "
        f"{loop['ticks']} ticks of the loop, {loop['missed']} missed ({bare['missed']} by a bare "
        f"loop beside it), {report['commands']['accepted']} commands taken, "
        f"{report['crc_errors']} wrong check sums"
    )
    return 3 if void else 1 if problems else 0


def record(args: argparse.Namespace, simulate: list[str], folder: Path) -> dict[str, Any]:
    """One run; times in seconds."""
    policy, velocity, flight = args.policy, [0.5, 0.0, 0.0], folder / "run.flight"
    if policy == "stand":
        policy, velocity = str(folder / "stand.onnx"), [0.0, 0.0, 0.0]
        stand_policy.write(Path(policy))
    bare = BareLoop(args.seconds + START_S, LoopSettings().priority)
    ordinary = BareLoop(args.seconds + START_S, 0)
    robot = robots.load(ROBOTS[args.robot])
    listener = Link(wire(robot, robot.joint_names, "lo", 1))
    asked = scenario.Scenario(
        args.robot, policy, 2.0 * args.seconds + START_S, action="end_deploy",
        after_s=args.seconds, simulate=simulate, velocity=velocity, real_time=True,
        deploy=["--record", str(flight)],
    )  # fmt: skip
    result = scenario.run(asked, folder)
    heard = listener.status()
    simulated = result.simulate
    for line in result.lines:
        print(line)
    return {
        "robot": args.robot,
        "asked_s": args.seconds,
        "deploy_status": result.deploy_status,
        "simulate_status": result.simulate_status,
        "policy": args.policy,
        "simulate": simulate,
        "error": result.error,
        "fell": simulated.get("fell"),
        "stood": simulated.get("stood"),
        "held_s": simulated.get("held_s", 0.0),
        "simulation_latest_s": simulated.get("latest_s", 0.0),
        "left_out_s": simulated.get("behind_s", 0.0),
        "command_timeouts": simulated.get("timeouts"),
        "commands": simulated.get("commands", {"accepted": 0}),
        "states_heard": heard.received,
        "crc_errors": heard.crc_errors + simulated.get("commands", {}).get("bad_crc", 0),
        "faults": result.deploy.get("run", {}).get("faults", []),
        "rescues": result.deploy.get("run", {}).get("rescues", 0),
        "loop": loop_figures(flight),
        "bare": bare.figures(),
        "ordinary": ordinary.figures(),
    }


def judge(report: dict[str, Any]) -> list[str]:
    """What is wrong with a run; nothing where it is as it must be."""
    refused = {k: n for k, n in report["commands"].items() if k.startswith("bad_") and n}
    loop, bare = report["loop"], report["bare"]
    ended = {name: report[f"{name}_status"] for name in ("deploy", "simulate")}
    share = loop["missed"] / max(1, loop["ticks"]), bare["missed"] / max(1, bare["ticks"])
    found = {
        report["error"]: bool(report["error"]),
        "it fell": report["fell"],
        "it never stood": not report["stood"],
        "no ticks in mode policy": not loop["ticks"],
        f"held for {report['held_s']:.1f} s, less than the {report['asked_s']:g} s asked": (
            report["held_s"] < report["asked_s"]
        ),
        **{f"{name} ended with status {n}": n != 0 for name, n in ended.items()},
        "faults: " + ", ".join(report["faults"]): bool(report["faults"]),
        f"{report['crc_errors']} wrong check sums": report["crc_errors"],
        f"commands refused: {refused}": bool(refused),
        f"{report['command_timeouts']} command time-outs": report["command_timeouts"],
        "more deadlines missed than by the bare loop": share[0] > share[1],
    }
    return [text for text, wrong in found.items() if wrong]


def loop_figures(flight: Path) -> dict[str, Any]:
    """Of the ticks in which the policy moved the robot."""
    if not flight.exists():
        return {"ticks": 0, "missed": 0}
    ticks = FlightLog(flight).ticks
    ticks = ticks[ticks["status.mode"] == Mode.POLICY]
    names = ("period", "lateness", "compute", "policy_latency")
    figures: dict[str, Any] = {
        name: quantiles(1e-9 * ticks[f"timing.{name}_ns"]) for name in names if len(ticks)
    }
    return {"ticks": len(ticks), "missed": missed(1e-9 * ticks["timing.period_ns"]), **figures}


def missed(period_s: np.ndarray, count: np.ndarray | float = 1.0) -> int:
    """How many ticks were left out, by the times from one to the next, each ``count`` often."""
    return int(np.sum(np.maximum(0.0, np.round(period_s / PERIOD_S) - 1.0) * count))


def quantiles(values: np.ndarray) -> dict[str, float]:
    """Of durations in seconds."""
    median, p99, longest = np.quantile(values, (0.5, 0.99, 1.0)).tolist()
    return {"median_s": median, "p99_s": p99, "max_s": longest}


class BareLoop:
    """A loop that only sleeps, in a thread without Python: scheduled like the real one, or like the
    simulated robot and the policy (priority 0)."""

    def __init__(self, seconds: float, priority: int) -> None:
        settings = LoopSettings(lock_memory=False, priority=priority)
        config = loop_config(robots.load("go2"), (), settings)
        self._board = Board.local(config)
        self._thread = threading.Thread(
            target=native().bare_loop, args=(self._board.native, seconds), daemon=True
        )
        self._thread.start()

    def figures(self) -> dict[str, Any]:
        """Of all its ticks so far."""
        begins, _, counts = self._board.native.period.bins()
        late = self._board.native.lateness
        return {
            "ticks": int(counts.sum()) + 1,
            "missed": missed(1e-9 * begins, counts),
            "lateness_max_s": 1e-9 * late.max_ns,
        }


if __name__ == "__main__":
    sys.exit(main())
