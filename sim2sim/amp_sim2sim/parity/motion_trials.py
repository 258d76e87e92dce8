"""Control periods run again under other gains, targets and states."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.robots import RobotSpec
from amp_sim2sim.parity.physics import Gains, Parts, TrainingPhysics
from amp_sim2sim.parity.rollout import Rollout

_ROUNDS, _SMOOTH_FROM, _LARGEST_STEP = 14, 3, 1.0


class Trials:
    """Some control periods of a rollout, each of at least three steps since its start where there
    are such, to be run again and again. ``rows`` are their places in ``[T, N]``, up to half of
    them where ``differing [T, N]``."""

    def __init__(
        self,
        contract: PolicyContract,
        robot: RobotSpec,
        rollout: Rollout,
        count: int,
        differing: np.ndarray,
    ) -> None:
        record = rollout.record
        assert record is not None
        old = np.asarray(np.isfinite(rollout.delayed(record.target, 2)).all(axis=-1))
        chosen = _chosen(old, differing, count)
        self.rows = (chosen[:, 0], chosen[:, 1])
        self.names, self.gains = rollout.names, Gains.of(contract, rollout.names)
        at = [contract.joint_names.index(name) for name in rollout.names]
        self.centre = contract.joint_array("action_offset_rad")[at]
        self.state = record.state[self.rows].astype(np.float64)
        self.next_state = record.next_state[self.rows].astype(np.float64)
        late = [rollout.delayed(record.target.astype(np.float64), k)[self.rows] for k in (0, 1, 2)]
        self.targets = [np.where(np.isfinite(t), t, late[0]) for t in late]
        self.physics_step_s = record.physics.physics_step_s
        self.steps = round(record.contract.control_period_s / self.physics_step_s)
        self._make = lambda physics: TrainingPhysics(robot, self.names, physics, len(chosen))
        self._recorded = record.physics
        self._physics = self._make(record.physics)

    def run(
        self,
        gains: Gains | None = None,
        parts: Parts | None = None,
        state: np.ndarray | None = None,
    ) -> np.ndarray:
        """The next states ``[M, S]``, with the record's own where nothing else is given."""
        self._physics.set_gains(self.gains if gains is None else gains)
        state = self.state if state is None else state
        return self._physics.after(state, self._whole() if parts is None else parts)

    def other_friction(self) -> np.ndarray:
        """The next states with dry friction where the record has none, and the other way round."""
        changed = dataclasses.replace(
            self._recorded, friction_loss=not self._recorded.friction_loss
        )
        physics = self._make(changed)
        physics.set_gains(self.gains)
        return physics.after(self.state, self._whole())

    def fit(self, run: Callable[[np.ndarray], np.ndarray], count: int) -> np.ndarray:
        """Ratios ``[count]`` that bring ``run(ratios) [M, S]`` nearest to the recorded joint
        speeds: Gauss-Newton on their logarithms.

        Where a foot lands a moment later the speeds jump; after some rounds the rows that fit
        worst are left out, so that the smooth ones decide.
        """
        log, step = np.zeros(count), np.ones(count)
        for number in range(_ROUNDS):
            nudge = float(np.clip(np.abs(step).max() / 4.0, 1e-3, 0.05))
            error = self._speed_error(run(np.exp(log)))
            slopes = [
                (self._speed_error(run(np.exp(log + nudge * unit))) - error) / nudge
                for unit in np.eye(count)
            ]
            size = np.abs(error).max(axis=1)
            kept = size <= np.quantile(size, 1.0 if number < _SMOOTH_FROM else 0.5)
            matrix = np.stack([slope[kept].ravel() for slope in slopes], axis=1)
            step, *_ = np.linalg.lstsq(matrix, -error[kept].ravel(), rcond=None)
            log = log + np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
            if np.abs(step).max() < 1e-6:
                break
        return np.exp(log)

    def _speed_error(self, state: np.ndarray) -> np.ndarray:
        """``[M, J]`` rad/s."""
        return (state - self.next_state)[:, -len(self.names) :]

    def _whole(self) -> Parts:
        return [(self.steps, self.targets[0])]


def _chosen(old: np.ndarray, differing: np.ndarray, count: int) -> np.ndarray:
    """``[M, 2]``: up to ``count`` rows, old ones where there are some, up to half differing."""
    told = differing & old if (differing & old).any() else differing
    some = _spaced(np.argwhere(told), count // 2)
    rest = old.copy() if old.any() else np.ones_like(old)
    rest[some[:, 0], some[:, 1]] = False
    return np.vstack([some, _spaced(np.argwhere(rest), count - len(some))])


def _spaced(rows: np.ndarray, count: int) -> np.ndarray:
    return rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]
