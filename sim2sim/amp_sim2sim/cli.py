"""``python -m amp_sdk.sim2sim``: verify a policy in MuJoCo, with an exit status for scripts."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from amp_sdk._cli import write_json
from amp_sdk.errors import InputError

if TYPE_CHECKING:
    from amp_sim2sim.verify import Verification


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line: 0 passed, 1 failed, 2 bad input (InputError)."""
    args = _parser().parse_args(argv)
    _check_outputs(args)
    if args.parity is not None:
        from amp_sim2sim.parity.command import run as run_parity

        return run_parity(args)
    if args.gate is not None:
        from amp_sim2sim.gate.command import run

        return run(args)
    if args.view:
        from amp_sim2sim.view.command import run

        return run(args)
    _choose_renderer()
    # what is needed at the end is imported now, so that a missing package costs no run
    from amp_sdk.policy import load_policy
    from amp_sim2sim import console

    if args.video or args.report:
        from amp_sim2sim import video  # noqa: F401
    if args.report:
        from amp_sim2sim import report  # noqa: F401
    verification = _verify(args, load_policy(args.policy, complete=args.complete))
    write_json(args.json, verification.results)
    console.print_results(verification.results)
    film_error = _show(args, verification)
    if film_error and args.video and verification.results.passed:
        return 2
    return 0 if verification.results.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m amp_sdk.sim2sim",
        description="Verify a policy in MuJoCo, apart from its training: falls, speed, likeness to "
        "the clip, torques. Exit status: 0 passed, 1 failed, 2 bad input.",
    )
    add = parser.add_argument
    add("policy", metavar="POLICY", help="ONNX file, or the name of a shipped policy")
    add(
        "--complete",
        type=Path,
        metavar="FILE",
        help="YAML with what the metadata of another project's POLICY do not say",
    )
    add("--episodes", type=int, default=32, metavar="N", help="default: %(default)s")
    add("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
    add("--duration", type=float, default=10.0, metavar="S", help="of an episode; default: 10")
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
        "with a flight record, and name the mistake behind a difference; takes --json only",
    )
    gate = parser.add_argument_group(
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
    view = parser.add_argument_group(
        "view",
        "Watch the policy live instead, command it and push it: in a window where there is a "
        "display, else as a web page (extra 'view'). Of the options above, only --seed applies.",
    ).add_argument
    view("--view", action="store_true", help="open it; Ctrl-C ends")
    view("--port", type=int, metavar="N", help="serve the page, at this port (default: 8080)")
    return parser


def _check_outputs(args: argparse.Namespace) -> None:
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
    for name in ("gate", "motion", "max_joint_error", "video", "report", *more):
        if getattr(args, name):
            raise InputError(f"--{name.replace('_', '-')} does not apply to {what}; leave it out")


def _choose_renderer() -> None:
    """Without a display MuJoCo renders through EGL, unless the user chose something else."""
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform != "linux" or has_display or "MUJOCO_GL" in os.environ:
        return
    os.environ["MUJOCO_GL"] = "egl"
    context = sys.modules.get("mujoco.rendering.classic.gl_context")
    if context is not None:  # imported before, and the variable is read at import only
        importlib.reload(context)


def _verify(args: argparse.Namespace, policy) -> Verification:
    from amp_sdk import robots
    from amp_sdk.contract import check_robot
    from amp_sim2sim import console
    from amp_sim2sim.check import BasicCheck
    from amp_sim2sim.clips import load_comparison
    from amp_sim2sim.verify import Settings, verify

    settings = Settings(episodes=args.episodes, seed=args.seed, duration_s=args.duration)
    check = BasicCheck(max_joint_error_rad=args.max_joint_error)
    robot = robots.load(policy.contract.robot)
    check_robot(policy.contract, robot)
    comparison = load_comparison(args.motion, policy, robot)
    if comparison is None and args.max_joint_error is not None:
        raise InputError("--max-joint-error needs a clip to compare with; name one with --motion")
    with console.progress("episodes", settings.episodes) as advance:
        return verify(policy, settings, check, comparison, on_episode=advance)


def _show(args: argparse.Namespace, verification: Verification) -> str:
    """Film and report; returns why there is no film. The results are safe by then."""
    film: Path | None = args.video
    if film is None and args.report is not None:
        film = args.report / "video.mp4"
    error = ""
    if film is not None:
        error = _film(film, verification)
        if error:
            print(f"no video: {error}", file=sys.stderr)
    if args.report is not None:
        from amp_sim2sim.report import write_report

        page = write_report(args.report, verification, None if error else film, error)
        print(f"report: {page}")
    return error


def _film(path: Path, verification: Verification) -> str:
    from amp_sim2sim import console, video
    from amp_sim2sim.measures import command_text

    results, shown = verification.results, verification.shown
    caption = f"{Path(results.policy).stem}, command: {command_text(results.command)}"
    try:
        frames = video.render_frames(
            verification.model, verification.robot, verification.policy.contract, shown, caption
        )
        with console.progress("video", video.frame_count(shown)) as advance:
            video.write_video(path, frames, on_frame=advance)
    except (video.RenderError, InputError) as error:
        return str(error)
    print(f"video: {path}")
    return ""
