"""``python -m amp_sdk.deploy``: preflight, then Stop, Damp, Stand, Policy as the operator asks."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from typing import Iterator, List, Optional, Sequence

from amp_sdk._cli import write_json
from amp_sdk.doctor._finding import NOTE, PROBLEM, Finding
from amp_sdk.operate import open_sources
from amp_sdk.policy import load_policy
from amp_sdk.runtime.operator import CommandRange, OperatorHub, Source
from amp_sdk.runtime.operator.board_writer import run_operator
from amp_sdk.runtime.operator.messages import TIMEOUT_S
from amp_sdk.runtime.timing import report_mapping, report_text
from amp_sdk.unitree import native, wire
from amp_sim2real.excite import load_settings
from amp_sim2real.link import Link
from amp_sim2real.preflight import preflight
from amp_sim2real.remote import RemoteSource
from amp_sim2real.session import Session
from amp_sim2real.settings import ROBOTS, loop_settings, robot_of


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run: 0 ended as asked, 1 a problem was found or ended it, 2 bad input (InputError)."""
    args = _parser().parse_args(argv)
    native()  # what is missing is said before anything else
    policy = load_policy(args.policy)
    robot = robot_of(args.robot, policy.contract)
    limits = CommandRange.of_contract(policy.contract)
    where = wire(robot, policy.contract.joint_names, args.net, args.domain, args.dry_run)
    settings = loop_settings(args.robot, where, args.config)
    if args.excite is not None:
        load_settings(args.excite)  # a mistake in it is said before anything moves
    link = Link(where)
    findings = _show(preflight(where, link, robot, policy, settings))
    problems = sum(finding.level == PROBLEM for finding in findings)
    notes = sum(finding.level == NOTE for finding in findings)
    print(f"preflight: {problems} problem(s), {notes} note(s)", flush=True)
    if problems or args.preflight:
        write_json(args.json, {"problems": problems, "findings": findings})
        return 1 if problems else 0
    signal.signal(signal.SIGTERM, _end)
    session = Session(robot, policy, where, settings, args.record, args.board, args.excite)
    sources: List[Source] = [RemoteSource(link, limits)]
    silence_s = settings.safety.deadman_timeout_s or TIMEOUT_S
    sources += open_sources(limits, args.keyboard, args.gamepad, args.port, silence_s)
    try:
        with session:
            _operate(session, OperatorHub(sources, say=_say), args.dry_run)
    except (KeyboardInterrupt, SystemExit):
        print("ended: the robot was damped, then let go limp", flush=True)
    finally:
        for source in sources:
            source.close()
    print(report_text(session.timing), flush=True)
    session.outcome.timing = report_mapping(session.timing)
    write_json(args.json, {"problems": 0, "findings": findings, "run": session.outcome})
    return 1 if session.outcome.problem else 0


def _operate(session: Session, hub: OperatorHub, dry_run: bool) -> None:
    for note in session.outcome.notes:
        print(f"note: {note}")
    print(hub.help() + "\n")
    if dry_run:
        print("dry run: nothing is sent to the robot")
    print(f"board {session.board.name}; the motors are idle until you ask for more", flush=True)
    run_operator(hub, session.board, running=session.watch)


def _show(findings: Iterator[Finding]) -> List[Finding]:
    shown = []
    for finding in findings:
        print(finding.text(), flush=True)
        shown.append(finding)
    return shown


def _say(line: str) -> None:
    print(line, flush=True)


def _end(*_: object) -> None:
    raise SystemExit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m amp_sdk.deploy",
        description="Run a policy on a robot: checks first, then the motors stay idle until the "
        "operator asks to damp, stand and run the policy, by the robot's remote, the keyboard, a "
        "gamepad or the socket. The first time, hang the robot up. Exit status: 0 ended as asked, "
        "1 a problem, 2 bad input.",
    )
    add = parser.add_argument
    add("policy", metavar="POLICY", help="ONNX file, or the name of a shipped policy")
    add("--robot", required=True, choices=sorted(ROBOTS))
    add(
        "--net", required=True, metavar="IFACE", help="network interface to the robot, such as eth0"
    )
    add("--domain", type=int, default=0, help="DDS domain: 0 (default) a robot, 1 a simulator")
    add("--dry-run", action="store_true", help="everything, but no command is ever sent")
    add("--preflight", action="store_true", help="the checks only")
    add("--config", type=Path, metavar="FILE", help="YAML over the robot's limits of the loop")
    add("--record", type=Path, metavar="FILE", help="write the flight record")
    add("--keyboard", action="store_true", help="the keyboard of this terminal")
    add("--gamepad", nargs="?", const="", metavar="DEVICE", help="such as /dev/input/event3")
    add("--port", type=int, metavar="N", help="UDP port of the operator's socket")
    add(
        "--excite",
        nargs="?",
        const="",
        metavar="FILE",
        help="move one joint after the other in place of the policy, robot hung up, for "
        "amp_sdk.identify; FILE: YAML of amplitudes and frequencies",
    )
    add("--board", metavar="NAME", help="of the loop's shared memory, such as /amp-1; default: new")
    add("--json", type=Path, metavar="FILE", help="write findings and outcome as JSON")
    return parser
