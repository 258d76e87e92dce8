"""The observation of training equals the one that the runtime builds from the contract."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_session import small_recipe

from amp_sdk.observation import ObservationBuilder, RobotState
from amp_training.build import build_session
from amp_training.session_contract import session_contract


@pytest.mark.parametrize("history", [1, 3])
def test_equals_runtime_through_steps_and_restarts(history: int) -> None:
    session = build_session(
        small_recipe(f"observation.history={history}", "episode.length_s=0.2", "action.clip=0.7")
    )
    environment = session.environment
    contract = session_contract(session, 0)
    builder = ObservationBuilder(contract)
    generator = torch.Generator().manual_seed(0)
    restarts = 0
    first = True
    for _ in range(30):
        state = environment.backend.state
        robot = RobotState(
            ang_vel_b=state.root_ang_vel_b[0].double().numpy(),
            quat_w=state.root_quat_w[0].double().numpy(),
            joint_pos=state.joint_pos[0].double().numpy(),
            joint_vel=state.joint_vel[0].double().numpy(),
        )
        if first:
            builder.reset()
        command = environment.task.command[0].double().numpy()
        runtime = builder.build(robot, command, environment.last_action[0].double().numpy())
        np.testing.assert_allclose(environment.observation[0].numpy(), runtime, atol=2e-6)
        action = torch.randn(environment.num_envs, environment.action_dim, generator=generator)
        result = environment.step(action)
        first = 0 in result.restarted.tolist()
        restarts += first
    assert restarts >= 2
    assert contract.obs_dim == environment.policy_observation.size
