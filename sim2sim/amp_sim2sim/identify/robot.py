"""All joints of a robot, fitted to one record."""

from __future__ import annotations

import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_sim2sim.identify.chirp import Chirps
from amp_sim2sim.identify.fit import JointFit, excited, fit_joint
from amp_sim2sim.identify.links import link_torque

_LEAST_S = 2.0
_PAUSE_S = 0.5  # at rest, or behind another joint, for longer: another excitation
_JUMP_PERIODS = 10.0  # measurements are missing


def fit(robot: RobotSpec, chirps: Chirps) -> dict[str, JointFit]:
    """A fit for each joint that was excited long enough. Raises InputError where none was."""
    acc = np.gradient(chirps.vel, chirps.time_s, axis=0)
    links = link_torque(robot, chirps, acc)
    which = excited(chirps.vel)
    period_s = float(np.median(np.diff(chirps.time_s)))
    fits = {}
    for j, name in enumerate(chirps.joint_names):
        part = longest_run(which == j, chirps.time_s)
        if np.count_nonzero(which[part] == j) * period_s < _LEAST_S:
            continue
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


def longest_run(moved: np.ndarray, time_s: np.ndarray) -> slice:
    """The longest stretch in which a joint ``moved [N]`` (bool) at ``time_s [N]`` without a longer
    pause and without missing measurements."""
    found = np.flatnonzero(moved)
    gaps_s = np.diff(time_s)
    jumps = np.cumsum(gaps_s > _JUMP_PERIODS * np.median(gaps_s))
    part = np.concatenate([[0], jumps])[found]
    ends = (np.diff(time_s[found]) > _PAUSE_S) | (np.diff(part) > 0)
    runs = np.split(found, np.flatnonzero(ends) + 1)
    longest = max(runs, key=len)
    return slice(longest[0], longest[-1] + 1) if len(longest) else slice(0, 0)
