"""All joints of a robot, fitted to one record."""

from __future__ import annotations

import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_sim2sim.identify.chirp import Chirps
from amp_sim2sim.identify.fit import JointFit, excited, fit_joint
from amp_sim2sim.identify.links import link_torque

_LEAST_S = 2.0


def fit(robot: RobotSpec, chirps: Chirps) -> dict[str, JointFit]:
    """A fit for each joint that was excited long enough. Raises InputError where none was."""
    acc = np.gradient(chirps.vel, chirps.time_s, axis=0)
    links = link_torque(robot, chirps, acc)
    which = excited(chirps.vel)
    period_s = float(np.median(np.diff(chirps.time_s)))
    fits = {}
    for j, name in enumerate(chirps.joint_names):
        found = np.flatnonzero(which == j)
        if len(found) * period_s < _LEAST_S:
            continue
        part = slice(found[0], found[-1] + 1)
        measured = tuple(v[part, j] for v in (chirps.pos, chirps.vel, acc, chirps.torque))
        fits[name] = fit_joint(
            chirps.time_s[part],
            measured,  # type: ignore[arg-type]
            links[part, j],
            (chirps.sent_s, chirps.target[:, j]),
            (float(chirps.kp[j]), float(chirps.kd[j])),
        )
    if not fits:
        raise InputError(
            f"no joint was moved for {_LEAST_S:g} s; expected a record of deploy --excite"
        )
    return fits
