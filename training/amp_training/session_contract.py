"""The contract of a training session: everything a runtime must know, gathered in one place."""

from __future__ import annotations

import datetime
from pathlib import Path

import torch

import amp_sdk
from amp_sdk.contract import Golden, JointContract, PolicyContract, Provenance
from amp_training.build import Session
from amp_training.interface import Interface

GOLDEN_SAMPLES = 8


def session_contract(session: Session, samples: int) -> PolicyContract:
    """The contract of the session's policy as it is now, with golden vectors of its rollout."""
    recipe, interface = session.recipe, session.interface
    provenance = Provenance(
        sdk_version=amp_sdk.__version__,
        recipe=recipe.name,
        recipe_sha256=recipe.sha256(),
        seed=recipe.seed,
        samples=samples,
        motions=tuple(Path(file).name for file in recipe.motion.files),
        torch_version=str(torch.__version__),
        created_utc=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    return PolicyContract(
        schema_version=1,
        robot=interface.robot.name,
        variant=interface.robot.variant,
        joints=joint_contracts(interface),
        observation=interface.observation,
        commands=interface.commands,
        control_period_s=recipe.simulation.control_period_s,
        action_clip=recipe.action.clip,
        quaternion="wxyz",
        history_order="oldest_first",
        normalizer_in_graph=True,
        provenance=provenance,
        golden=_golden(session),
    )


def joint_contracts(interface: Interface) -> tuple[JointContract, ...]:
    """One entry a joint, in the robot's order."""
    robot = interface.robot
    return tuple(
        JointContract(
            name=name,
            default_pos_rad=float(robot.default_joint_pos_rad[i]),
            kp=float(interface.kp[i]),
            kd=float(interface.kd[i]),
            action_scale=float(interface.action_scale[i]),
            action_offset_rad=float(interface.action_center[i]),
            effort_limit_nm=float(robot.effort_limit_nm[i]),
            lower_rad=float(robot.joint_lower_rad[i]),
            upper_rad=float(robot.joint_upper_rad[i]),
        )
        for i, name in enumerate(robot.joint_names)
    )


@torch.no_grad()
def _golden(session: Session) -> Golden:
    """Observations of the last rollout, spread over its environments, and the policy's actions."""
    last = session.learner.rollout.observation[-1]
    ids = torch.linspace(0, len(last) - 1, min(GOLDEN_SAMPLES, len(last))).long()
    observation = last[ids]
    action = session.learner.ppo.average(observation)
    return Golden(
        obs=tuple(tuple(row) for row in observation.tolist()),
        actions=tuple(tuple(row) for row in action.tolist()),
    )
