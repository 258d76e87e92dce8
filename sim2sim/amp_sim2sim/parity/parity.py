"""A whole comparison: every link of the chain, what explains its differences, and a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import mujoco

import amp_sdk
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sdk.rollout_record import RolloutRecord
from amp_sim2sim.parity.action_link import action_causes, action_link
from amp_sim2sim.parity.compare import Group, Link, LinkResult, compare
from amp_sim2sim.parity.explain import (
    EXPLAINS,
    EXPLAINS_ELSEWHERE,
    Candidate,
    Cause,
    explain,
    like_physics,
)
from amp_sim2sim.parity.identity import contract_differences
from amp_sim2sim.parity.motion_link import motion_causes, motion_link, whole_state
from amp_sim2sim.parity.observation_link import observation_causes, observation_link
from amp_sim2sim.parity.replay import OwnPhysicsDifference, Replay, own_physics, replay
from amp_sim2sim.parity.rollout import Rollout, of_training
from amp_sim2sim.parity.target_link import target_causes, target_link


@dataclass(frozen=True)
class ParityResult:
    """What is written as JSON. ``unexplained``: groups of numbers that differ, and that none of the
    known mistakes explains. ``physics_only``: links that differ as other physics may.
    ``not_compared``: what the record does not hold; without observations there is no parity."""

    in_parity: bool
    policy: str
    record: str
    robot: str
    recorded_by: str
    steps: int
    robots: int
    contract_differences: tuple[str, ...]
    links: tuple[LinkResult, ...]
    causes: tuple[Cause, ...]
    unexplained: tuple[str, ...]
    physics_only: tuple[str, ...]
    replay: Replay | None
    own_physics: OwnPhysicsDifference | None
    not_compared: tuple[str, ...]
    amp_sdk_version: str
    mujoco_version: str


class Findings:
    """Links compared so far, with what explains them."""

    def __init__(self) -> None:
        self.links: list[LinkResult] = []
        self.causes: list[Cause] = []
        self.unexplained: list[str] = []
        self.physics_only: list[str] = []
        self.not_compared: list[str] = []

    def add(
        self,
        link: Link,
        candidates: Iterable[Candidate],
        groups: Iterable[Group] | None = None,
        other_physics: bool = False,
    ) -> None:
        """Compare ``link``, and try ``candidates`` only where it differs.

        Under ``other_physics`` a difference that none of them explains is no mistake while it is
        small beside what was recorded.
        """
        if not link.known.any():
            self.not_compared.append(f"{link.name}: the record holds no row that can be compared")
            return
        result = compare(link)
        self.links.append(result)
        if result.in_parity:
            return
        share = EXPLAINS_ELSEWHERE if other_physics else EXPLAINS
        causes, left = explain(link, groups or link.groups, candidates, share)
        self.causes += causes
        if other_physics:
            left = [group for group in left if not like_physics(link, group)]
        self.unexplained += [f"{link.name}: {group.name}" for group in left]
        if other_physics and not causes and not left:
            self.physics_only.append(link.name)

    @property
    def in_parity(self) -> bool:
        """Whether observations were compared, and no link differs but by its physics."""
        if not any(link.name == "observation" for link in self.links):
            return False
        return all(link.in_parity or link.name in self.physics_only for link in self.links)


def compare_chain(policy: Policy, rollout: Rollout, findings: Findings) -> None:
    """Measurement to observation, observation to action, action to target."""
    contract = policy.contract
    link = observation_link(contract, rollout)
    findings.add(link, observation_causes(contract, rollout, link))
    link = action_link(policy, rollout)
    findings.add(link, action_causes(policy, rollout, link))
    link = target_link(contract, rollout)
    findings.add(link, target_causes(contract, rollout, link))


def training_parity(
    policy: Policy, robot: RobotSpec, record: RolloutRecord, where: str
) -> ParityResult:
    """The policy file and this package's runtime and simulation against a training rollout."""
    contract, rollout, findings = policy.contract, of_training(record), Findings()
    compare_chain(policy, rollout, findings)
    same_engine = record.physics.engine == f"MuJoCo {mujoco.__version__}"
    link = motion_link(contract, robot, rollout)
    findings.add(
        link,
        motion_causes(contract, robot, rollout, link),
        whole_state(link),
        other_physics=not same_engine,
    )
    differences = contract_differences(contract, record.contract)
    return ParityResult(
        in_parity=findings.in_parity and not differences,
        policy=policy.path,
        record=where,
        robot=robot.name,
        recorded_by=f"{record.physics.backend} ({record.physics.engine}, "
        f"{record.physics.physics_step_s:g} s)",
        steps=len(record.start),
        robots=record.start.shape[1],
        contract_differences=tuple(differences),
        links=tuple(findings.links),
        causes=tuple(findings.causes),
        unexplained=tuple(findings.unexplained),
        physics_only=tuple(findings.physics_only),
        replay=replay(contract, robot, record, link),
        own_physics=own_physics(contract, robot, record),
        not_compared=tuple(findings.not_compared),
        amp_sdk_version=amp_sdk.__version__,
        mujoco_version=mujoco.__version__,
    )
