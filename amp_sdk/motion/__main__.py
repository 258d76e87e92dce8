"""The command line of motion clips: info, lint, convert, generate."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import List, Optional

from amp_sdk import robots
from amp_sdk._cli import guarded, write_json
from amp_sdk.errors import InputError
from amp_sdk.motion.clip import LOOPS, MotionClip
from amp_sdk.motion.finding import PROBLEM
from amp_sdk.motion.formats import interchange
from amp_sdk.motion.generate import GENERATORS, GaitParameters, generate
from amp_sdk.motion.lint import lint
from amp_sdk.motion.load import FORMATS, read_raw, to_clip
from amp_sdk.motion.report import describe, text

_GAIT_OPTIONS = (
    ("speed", "speed_m_s", "M_S", "forward speed in m/s"),
    ("frequency", "frequency_hz", "HZ", "cycles per second"),
    ("duty-factor", "duty_factor", "SHARE", "share of a cycle that a foot is on the ground"),
    ("swing-height", "swing_height_m", "M", "how high a foot is lifted in m"),
    ("body-height", "body_height_m", "M", "height of the base in m (default: as it stands)"),
    ("fps", "fps", "FPS", "frames per second"),
)


def info(args: argparse.Namespace) -> int:
    """Print what each clip is."""
    robot = robots.load(args.robot)
    described = []
    for source in args.clips:
        raw = read_raw(source, robot, args.fps)
        described.append(describe(to_clip(raw, robot, args.fps, args.loop), raw.format))
        print(text(described[-1]))
    write_json(args.json, {"clips": described})
    return 0


def check(args: argparse.Namespace) -> int:
    """Print the defects of each clip; 1 where one is a problem."""
    robot = robots.load(args.robot)
    results = []
    for source in args.clips:
        findings = lint(read_raw(source, robot, args.fps), robot, args.fps, args.loop)
        problems = sum(finding.level == PROBLEM for finding in findings)
        print(f"{source}: {problems} problem(s), {len(findings) - problems} note(s)")
        for finding in findings:
            print(f"  {finding.text()}")
        results.append({"source": str(source), "problems": problems, "findings": findings})
    failed = any(result["problems"] for result in results)
    write_json(args.json, {"passed": not failed, "clips": results})
    return 1 if failed else 0


def convert(args: argparse.Namespace) -> int:
    """Write a clip of any known format in the interchange format."""
    robot = robots.load(args.robot)
    raw = read_raw(args.clip, robot, args.fps)
    return _save(to_clip(raw, robot, args.fps, args.loop), raw.format, args)


def make(args: argparse.Namespace) -> int:
    """Generate a clip and write it in the interchange format."""
    fields = [field for _, field, _, _ in _GAIT_OPTIONS]
    given = {field: value for field in fields if (value := getattr(args, field)) is not None}
    unused = sorted(set(given) - {"fps", "body_height_m"})
    if args.name in ("go2_stand", "sway") and unused:
        raise InputError(f"{args.name} goes nowhere; it takes no {', '.join(unused)}")
    clip = generate(args.name, robots.load(args.robot), GaitParameters(**given))
    return _save(clip, "generated", args)


def _save(clip: MotionClip, file_format: str, args: argparse.Namespace) -> int:
    interchange.save(clip, args.output)
    print(f"{args.output}: {clip.num_frames} frames at {clip.fps:.6g} per second, {clip.loop}")
    write_json(args.json, {"output": args.output, "clip": describe(clip, file_format)})
    return 0


def _parser() -> argparse.ArgumentParser:
    formats = "; ".join(file_format.NAME for file_format in FORMATS)
    parser = argparse.ArgumentParser(
        prog="python -m amp_sdk.motion",
        description="Look at, check, convert and generate motion clips. A CLIP is a file "
        f"({formats}), recognised by its content, or the name of a generator "
        f"({', '.join(GENERATORS)}).",
        epilog="Exit status: 0 done, 1 lint found a problem, 2 bad input.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, function, summary in (
        ("info", info, "what a clip is: length, speed, range of the joints"),
        ("lint", check, "what is wrong with a clip"),
        ("convert", convert, "write a clip as an .npz of this package"),
        ("generate", make, "make a gait of the package's own"),
    ):
        command = commands.add_parser(name, help=summary, description=f"{function.__doc__}")
        command.set_defaults(function=function)
        if name in ("info", "lint"):
            command.add_argument("clips", nargs="+", metavar="CLIP")
        elif name == "convert":
            command.add_argument("clip", metavar="CLIP")
        else:
            command.add_argument("name", choices=GENERATORS)
            for option, field, unit, help_text in _GAIT_OPTIONS:
                default = getattr(GaitParameters(), field)
                shown = help_text if default is None else f"{help_text} (default: {default:g})"
                command.add_argument(
                    f"--{option}", dest=field, type=float, metavar=unit, help=shown
                )
        if name in ("convert", "generate"):
            command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.npz")
        if name != "generate":
            command.add_argument("--loop", choices=LOOPS, help="in place of the file's")
            command.add_argument("--fps", type=float, help="frame rate, in place of the file's")
        command.add_argument("--robot", default="go2", help="the clip's robot (default: go2)")
        command.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    return parser


def main(argv: Optional[List[str]] = None) -> int:
    """Run a command; see ``--help``."""
    args = _parser().parse_args(argv)
    return args.function(args)


if __name__ == "__main__":
    sys.exit(guarded(main))
