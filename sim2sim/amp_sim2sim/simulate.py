"""``python -m amp_sdk.simulate``: a simulated robot on the real wire protocol."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Sequence
from pathlib import Path

from amp_sdk import robots
from amp_sdk._cli import write_json
from amp_sdk.errors import InputError
from amp_sdk.unitree import wire
from amp_sim2sim.wire.events import KINDS, parse
from amp_sim2sim.wire.line import LineSettings
from amp_sim2sim.wire.settings import Report, SimulateSettings
from amp_sim2sim.wire.simulation import Simulation

ROBOTS = {"go2": "go2", "g1": "g1_29dof", "g1_29dof": "g1_29dof", "g1_23dof": "g1_23dof"}
_GANTRY_S = 5.0
_FOREVER_S = 1e9


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate until the time is over, SIGTERM or an interrupt. Raises InputError."""
    args = _parser().parse_args(argv)
    for name in ("duration", "held"):
        if not getattr(args, name) > 0.0:
            raise InputError(f"--{name} {getattr(args, name)}: expected more than 0 seconds")
    robot = robots.load(ROBOTS[args.robot])
    settings = _settings(args)
    where = wire(robot, robot.joint_names, args.net, args.domain)
    simulation = Simulation(robot, where, settings)
    print(
        f"{robot.name} on {args.net}, domain {args.domain}: states at {settings.state_hz:g} Hz",
        flush=True,
    )
    signal.signal(signal.SIGTERM, _end)
    try:
        simulation.run(args.duration, args.held)
    except (SystemExit, KeyboardInterrupt):
        pass
    report = simulation.finish()
    _print(report)
    write_json(args.json, report)
    return 0


def _end(*_: object) -> None:
    raise SystemExit(0)


def _print(report: Report) -> None:
    commands = report.commands
    refused = {name: n for name, n in commands.items() if name.startswith("bad_") and n}
    print(
        f"simulated {report.simulated_s:.3f} s, {report.behind_s:.3f} s left out; held "
        f"{report.held_s:.3f} s; {'fell' if report.fell else 'no fall'}; ended {report.end}"
    )
    print(
        f"{report.states} states sent; {commands['accepted']} commands taken, refused: "
        f"{refused or 'none'}; {report.timeouts} command time-outs",
        flush=True,
    )


def _settings(args: argparse.Namespace) -> SimulateSettings:
    gantry = args.gantry
    if gantry is None:
        gantry = 0.0 if ROBOTS[args.robot] == "go2" else _GANTRY_S
        gantry = _FOREVER_S if args.lift > 0.0 else gantry
    return SimulateSettings(
        state_hz=args.state_hz,
        timeout_s=1e-3 * args.timeout_ms,
        gantry_s=gantry,
        lift_m=args.lift,
        mode_machine=args.mode_machine,
        lockstep=args.lockstep is not None,
        board=args.lockstep or "",
        seed=args.seed,
        line=LineSettings(1e-3 * args.latency_ms, 1e-3 * args.jitter_ms, args.loss),
        events=tuple(parse(text) for text in args.inject),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m amp_sdk.simulate",
        description="Simulate a robot on the topics and messages of the real one. Commands with a "
        "wrong check sum, header, motor mode or mode_machine are refused, and one that is too old "
        "counts no more: the robot goes limp.",
        epilog="events: " + "; ".join(f"{kind}: {what}" for kind, what in KINDS.items()) + ". "
        "Their times are seconds since the robot was first held up.",
    )
    add = parser.add_argument
    add("--robot", required=True, choices=sorted(ROBOTS))
    add("--net", default="lo", metavar="IFACE", help="network interface (default: lo)")
    add("--domain", type=int, default=1, help="DDS domain (default: 1, that of simulators)")
    add("--duration", type=float, default=_FOREVER_S, metavar="S", help="of simulated time")
    add("--held", type=float, default=_FOREVER_S, metavar="S", help="since it was first held up")
    add(
        "--lockstep",
        nargs="?",
        const="",
        metavar="BOARD",
        help="simulated time waits for commands, and for the policies of the loop on a board "
        "(deploy --board): a busy machine does not matter (tests)",
    )
    add("--state-hz", type=float, default=500.0, metavar="HZ", help="default: %(default)g")
    add("--timeout-ms", type=float, default=50.0, metavar="MS", help="of commands; default: 50")
    add("--gantry", type=float, metavar="S", help="a band holds it so long; default: G1 5, Go2 0")
    add("--lift", type=float, default=0.0, metavar="M", help="so high above its stance (for ever)")
    add("--mode-machine", type=int, default=0, metavar="N", help="of a G1; default: its variant's")
    add("--latency-ms", type=float, default=0.0, metavar="MS", help="of each message, both ways")
    add("--jitter-ms", type=float, default=0.0, metavar="MS", help="up to so much more")
    add("--loss", type=float, default=0.0, metavar="SHARE", help="of messages, both ways")
    add("--inject", action="append", default=[], metavar="KIND@START[:DURATION][=VALUE]")
    add("--seed", type=int, default=0)
    add("--json", type=Path, metavar="FILE", help="write the report as JSON")
    return parser
