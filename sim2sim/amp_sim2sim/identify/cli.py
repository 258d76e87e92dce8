"""``python -m amp_sdk.identify``: fits motors and joints to a record of ``deploy --excite``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import mujoco
import numpy as np
import yaml

from amp_sdk import robots
from amp_sdk._cli import write_json
from amp_sdk._files import atomic_write
from amp_sdk._table import table
from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime.flight_log import FlightLog
from amp_sim2sim.identify.chirp import read
from amp_sim2sim.identify.fit import Estimate, JointFit
from amp_sim2sim.identify.robot import fit
from amp_sim2sim.scene import PHYSICS_STEP_S, robot_spec

_ERRORS = 2.0  # standard errors on both sides of the bounds for training
TRUSTED = 0.3
"""The share of the torque that a fit may leave unexplained."""
_TYPICAL_RAD_S = 2.0  # at which damping takes as much as the dry friction that it stands in for


def main(argv: Sequence[str] | None = None) -> int:
    """Fit, print, write. Raises InputError."""
    args = _parser().parse_args(argv)
    robot = robots.load(args.robot)
    log = FlightLog(args.record)
    fits = fit(robot, read(log, log.header.joint_names))
    _print(robot, fits)
    write_json(args.json, fits)
    if args.yaml is not None:
        with atomic_write(args.yaml, binary=False) as file:
            file.write(
                "# bounds for the randomisation of a training, of python -m amp_sdk.identify\n"
            )
            yaml.safe_dump({"randomization": bounds(robot, fits)}, file, sort_keys=False)
    return 0


def book(robot: RobotSpec) -> dict[str, tuple[float, float, float]]:
    """Armature, damping and dry friction of each joint in the robot's MJCF."""
    model: mujoco.MjModel = robot_spec(robot, PHYSICS_STEP_S).compile()
    dofs = {name: int(model.joint(name).dofadr[0]) for name in robot.joint_names}
    values = (model.dof_armature, model.dof_damping, model.dof_frictionloss)
    return {name: tuple(float(v[dof]) for v in values) for name, dof in dofs.items()}  # type: ignore[misc]


def bounds(robot: RobotSpec, fits: dict[str, JointFit]) -> dict[str, list[float]]:
    """Ranges of ``RandomizationConfig`` that hold every joint: gains and delay as found, damping
    beyond the MJCF's, with the dry friction at a typical speed at its upper end. Fits that are not
    to be trusted are left out; raises InputError where none is left."""
    fits = {name: fit for name, fit in fits.items() if trusted(fit)}
    if not fits:
        raise InputError(
            f"every fit leaves more than {TRUSTED:.0%} of its torque unexplained, so there are no "
            "bounds; expected the record of a hung-up robot that nothing touches (deploy --excite)"
        )
    known = book(robot)
    added = [(fit.damping, known[name][1], fit.friction) for name, fit in fits.items()]
    damping = [value.value - before for value, before, _ in added]
    dry = [v.value - b + max(0.0, f.value) / _TYPICAL_RAD_S for v, b, f in added]
    return {
        "gain_ratio": _range([f.kp_ratio for f in fits.values()]),
        "damping_nm_s": [round(max(0.0, min(damping)), 4), round(max(0.0, *dry), 4)],
        "delay_s": [max(0.0, v) for v in _range([f.delay_s for f in fits.values()])],
    }


def trusted(fit: JointFit) -> bool:
    """Whether a fit explains enough to be trusted."""
    return bool(fit.residual <= TRUSTED)


def _range(estimates: list[Estimate]) -> list[float]:
    low = min(e.value - _ERRORS * e.error for e in estimates)
    return [round(low, 4), round(max(e.value + _ERRORS * e.error for e in estimates), 4)]


def _print(robot: RobotSpec, fits: dict[str, JointFit]) -> None:
    known = book(robot)
    head = ["joint", "kp ratio", "kd ratio", "delay ms", "armature", "book", "damping", "book"]
    head += ["friction", "book", "unexplained"]
    rows = []
    for name, f in fits.items():
        delay = Estimate(1e3 * f.delay_s.value, 1e3 * f.delay_s.error)
        armature, damping, friction = known[name]
        row = [name, _pm(f.kp_ratio, 3), _pm(f.kd_ratio, 3), _pm(delay, 1)]
        row += [_pm(f.armature, 4), f"{armature:.4f}", _pm(f.damping, 3), f"{damping:.3f}"]
        rows.append([*row, _pm(f.friction, 2), f"{friction:.2f}", f"{100.0 * f.residual:.0f} %"])
    print(table(head, rows))
    odd = [n for n, f in fits.items() if not trusted(f)]
    if odd:
        print(f"not to be trusted, as little is explained: {', '.join(odd)}; not in the bounds")
    missing = [n for n in robot.joint_names if n not in fits]
    if missing:
        print(f"not excited, or not long enough: {', '.join(missing)}")
    print(f"typical: kp x {np.median([f.kp_ratio.value for f in fits.values()]):.3f}")


def _pm(estimate: Estimate, digits: int) -> str:
    return f"{estimate.value:.{digits}f} +- {estimate.error:.{digits}f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m amp_sdk.identify",
        description="Fit each joint's gains, delay, armature, damping and dry friction to a flight "
        "record of a hung-up robot (deploy --excite --record RECORD).",
    )
    parser.add_argument("record", type=Path, metavar="RECORD")
    parser.add_argument("--robot", required=True, help=f"one of {', '.join(robots.names())}")
    parser.add_argument("--yaml", type=Path, metavar="FILE", help="bounds for a training's recipe")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure")
    return parser
