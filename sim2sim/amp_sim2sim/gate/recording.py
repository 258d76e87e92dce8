"""What is kept of many runs: the course at every control period, sums over every physics step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sim2sim.episode import Fall
from amp_sim2sim.gate.plan import Run


@dataclass(eq=False)
class Course:
    """At every control period; ``[T, N, ...]``, in the units of ``episode.EpisodeLog``.

    Rows after a run's end are zero; ``length [N]`` counts the good ones. ``slip_m_s [T, N, F]`` is
    the speed of the contact point over the floor, zero without contact.
    """

    base_pos_w: np.ndarray
    base_quat_w: np.ndarray
    lin_vel_w: np.ndarray
    ang_vel_b: np.ndarray
    joint_pos: np.ndarray
    joint_vel: np.ndarray
    target_rad: np.ndarray
    torque_nm: np.ndarray
    foot_contact: np.ndarray
    slip_m_s: np.ndarray
    length: np.ndarray

    @classmethod
    def empty(cls, periods: int, runs: int, joints: int, feet: int) -> Course:
        """Room for ``periods`` of ``runs``."""

        def zeros(*width: int) -> np.ndarray:
            return np.zeros((periods, runs, *width))

        return cls(
            base_pos_w=zeros(3),
            base_quat_w=zeros(4),
            lin_vel_w=zeros(3),
            ang_vel_b=zeros(3),
            joint_pos=zeros(joints),
            joint_vel=zeros(joints),
            target_rad=zeros(joints),
            torque_nm=zeros(joints),
            foot_contact=np.zeros((periods, runs, feet), dtype=bool),
            slip_m_s=zeros(feet),
            length=np.zeros(runs, dtype=int),
        )


SATURATED_SHARE = 0.99
"""Of its torque limit, from which on a joint counts as saturated."""


class Sums:
    """Sums over the physics steps of every run."""

    def __init__(self, contract: PolicyContract, runs: int, step_s: float) -> None:
        joints = contract.action_dim
        # the loop keeps targets within the limits by what it measures, which is not quite the truth
        self._limit = contract.joint_array("effort_limit_nm") * SATURATED_SHARE
        self._lower, self._upper = (contract.joint_array(f"{e}_rad") for e in ("lower", "upper"))
        self._step_s = step_s
        self.steps = np.zeros(runs)
        self.work_j = np.zeros(runs)
        self.saturated = np.zeros((runs, joints))
        self.beyond = np.zeros((runs, joints))

    def add(
        self,
        active: np.ndarray,
        asked: np.ndarray,
        torque: np.ndarray,
        pos: np.ndarray,
        vel: np.ndarray,
    ) -> None:
        """One physics step of the runs ``active [N]`` bool; the other arrays are ``[N, J]``."""
        alive = active[:, None]
        excess = np.maximum(self._lower - pos, pos - self._upper)
        work = np.abs(torque * vel).sum(axis=1) * self._step_s
        self.steps += active
        np.add(self.work_j, work, out=self.work_j, where=active)
        self.saturated += (np.abs(asked) >= self._limit) & alive
        self.beyond += (excess > 1e-4) & alive


@dataclass(frozen=True, eq=False)
class GroupLog:
    """What happened in runs that share a floor and a physics step.

    ``command [T, N, C]`` is what the policies observed (ramped by the loop), ``changes`` the
    periods in which another one was asked for.
    """

    runs: tuple[Run, ...]
    period_s: float
    course: Course
    sums: Sums
    falls: tuple[Fall | None, ...]
    command: np.ndarray
    changes: tuple[tuple[int, ...], ...]
    pushing: np.ndarray
    mass_kg: np.ndarray
