"""The options of ``python -m amp_sdk.sim2sim``, and which of them go together."""

from __future__ import annotations

import argparse
from pathlib import Path

from amp_sdk.errors import InputError


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(
        prog="python -m amp_sdk.sim2sim",
        description="Verify a policy in MuJoCo, apart from its training: falls, speed, likeness to "
        "the clip, torques. Exit status: 0 passed, 1 failed, 2 bad input.",
    )
    add = found.add_argument
    add("policy", metavar="POLICY", help="ONNX file, or the name of a shipped policy")
    add(
        "--complete",
        type=Path,
        metavar="FILE",
        help="YAML with what the metadata of another project's POLICY do not say",
    )
    add("--episodes", type=int, metavar="N", help="default: 32")
    add("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
    add("--duration", type=float, metavar="S", help="of an episode; default: 10")
    add(
        "--motion",
        nargs="+",
        action="extend",
        default=[],
        metavar="CLIP",
        help="clips to compare with: files or generator names; default: those of the training that "
        "the package generates itself",
    )
    add(
        "--max-joint-error",
        type=float,
        metavar="RAD",
        help="also require this likeness to the clip (without it, it is only reported)",
    )
    add("--report", type=Path, metavar="DIR", help="write report.html and results.json")
    add("--video", type=Path, metavar="FILE", help="write a film of one episode (MP4)")
    add("--json", type=Path, metavar="FILE", help="write the results as JSON")
    add(
        "--parity",
        type=Path,
        metavar="RECORD",
        help="instead of episodes: compare with what training recorded (amp_sdk.test --record), or "
        "with a flight record, and name the mistake behind a difference; of the other options only "
        "--complete and --json apply",
    )
    gate = found.add_argument_group(
        "gate",
        "Many scenarios instead of episodes: commands, pushes, friction, payload, motors, "
        "sensors, latency, physics, ground. --episodes, --duration and --video do not apply.",
    ).add_argument
    gate("--gate", metavar="SUITE", help="'default' (the robot's), a suite's name or a YAML file")
    gate(
        "--compare",
        nargs="+",
        action="extend",
        default=[],
        metavar="POLICY",
        help="run the suite on these policies too, and show them side by side",
    )
    gate("--junit", type=Path, metavar="FILE", help="write the verdict as JUnit XML")
    gate(
        "--threads",
        type=int,
        default=0,
        metavar="N",
        help="default: all cores; the results are the same",
    )
    view = found.add_argument_group(
        "view",
        "Watch the policy live instead, command it and push it: in a window where there is a "
        "display, else as a web page (extra 'view'). Of the options above, only --seed and "
        "--complete apply.",
    ).add_argument
    view("--view", action="store_true", help="open it; Ctrl-C ends")
    view("--port", type=int, metavar="N", help="serve the page, at this port (default: 8080)")
    return found


def check(args: argparse.Namespace) -> None:
    """Raise InputError for options that do not go together."""
    if args.view:
        _check_alone(args, "a view", "json", "parity")
    elif args.port is not None:
        raise InputError("--port belongs to a view; add --view")
    if args.parity is not None:
        _check_alone(args, "--parity")
    if args.video is not None and args.video.suffix.lower() != ".mp4":
        raise InputError(f"--video {args.video}: expected a file name that ends in .mp4")
    if args.report is not None and args.report.exists() and not args.report.is_dir():
        raise InputError(f"--report {args.report}: expected a folder, found a file")
    if args.gate is None:
        for name in ("compare", "junit", "threads"):
            if getattr(args, name):
                raise InputError(f"--{name} belongs to a gate; add --gate default")
    elif args.video is not None or args.max_joint_error is not None:
        raise InputError("--video and --max-joint-error do not apply to a gate; leave them out")


def _check_alone(args: argparse.Namespace, what: str, *more: str) -> None:
    names = ("gate", "episodes", "duration", "motion", "max_joint_error", "video", "report", *more)
    for name in names:
        if getattr(args, name) not in (None, []):
            raise InputError(f"--{name.replace('_', '-')} does not apply to {what}; leave it out")
