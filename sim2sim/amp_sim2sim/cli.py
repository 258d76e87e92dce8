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
from amp_sim2sim import options

if TYPE_CHECKING:
    from amp_sim2sim.verify import Verification


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line: 0 passed, 1 failed, 2 bad input (InputError)."""
    args = options.parser().parse_args(argv)
    options.check(args)
    if args.parity is not None:
        from amp_sim2sim.parity.command import run as run_parity

        return run_parity(args)
    if args.gate is not None:
        _choose_renderer()
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

    settings = Settings(
        episodes=Settings.episodes if args.episodes is None else args.episodes,
        seed=args.seed,
        duration_s=Settings.duration_s if args.duration is None else args.duration,
    )
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
        with console.progress(
            "video", video.frame_count(len(shown.action), shown.period_s)
        ) as advance:
            video.write_video(path, frames, on_frame=advance)
    except (video.RenderError, InputError) as error:
        return str(error)
    print(f"video: {path}")
    return ""
