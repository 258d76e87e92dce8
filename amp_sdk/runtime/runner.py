"""One step of a policy: measurement and command in, joint targets out; nothing is allocated."""

from __future__ import annotations

from typing import Optional, Sequence

import numpy as np

from amp_sdk._network import check_actions, check_observations
from amp_sdk.contract import PolicyContract
from amp_sdk.kernels import _native
from amp_sdk.observation import ObservationBuilder, RobotState
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sdk.runtime.arming import check_armable


class PolicyRunner:
    """Observation, inference and action of one policy, on buffers that are made once.

    ``joint_names`` are those of the measured joints where these are not in the contract's order.
    For one robot and one thread; inference runs in the calling thread where the policy was loaded
    with one thread (the default), without spinning.

    Attributes, overwritten by every step: ``observation [D]`` and ``action [J]`` float32, what the
    network got and gave; ``applied_action [J]`` float64, after the contract's ``action_clip``;
    ``target_rad [J]`` float64, all in the contract's order.
    """

    def __init__(self, policy: Policy, joint_names: Optional[Sequence[str]] = None) -> None:
        self._policy = policy
        self._builder = ObservationBuilder(policy.contract, joint_names)
        self._bound = policy.bind()
        contract, core = policy.contract, _native.core()
        self._all_finite = core.all_finite
        self._map = core.ActionMap(
            contract.joint_array("action_offset_rad"),
            contract.joint_array("action_scale"),
            contract.action_clip,
        )
        self.observation = self._bound.observation
        self.action = self._bound.action
        self.applied_action = np.zeros(contract.action_dim)
        self.target_rad = np.zeros(contract.action_dim)

    @property
    def policy(self) -> Policy:
        """The policy that it runs."""
        return self._policy

    @property
    def contract(self) -> PolicyContract:
        """What the policy expects."""
        return self._policy.contract

    def arm(self, robot: RobotSpec, joint_names: Sequence[str], tick_s: float) -> None:
        """Raise InputError unless this policy may drive ``robot`` now; starts from a reset.

        The policy's files must be those that were loaded, and robot, variant, joint names and
        their order in the loop, limits, schema and control period must fit (a loop of ticks of
        ``tick_s`` seconds). See ``amp_sdk.runtime.arming``.
        """
        check_armable(self._policy, robot, joint_names, tick_s)
        self.reset()

    def reset(self) -> None:
        """Forget history and last action, as at the start of an episode."""
        self._builder.reset()
        self.applied_action[:] = 0.0

    def step(self, state: RobotState, command: np.ndarray) -> np.ndarray:
        """``target_rad [J]`` for one more measurement; call it once per control period.

        ``command [C]`` is in the order of ``contract.commands``. Raises InputError for a wrong
        size, a quaternion that is none, an observation that is not finite (naming the term) and
        such an action (naming the joint; ``action`` then holds it). The history holds what led to
        the error: reset before the next step.
        """
        self._builder.build(state, command, self.applied_action, self.observation)
        if not self._all_finite(self.observation):
            check_observations(self.contract, self.observation[None])
        self._bound.run()
        if not self._map.apply(self.action, self.applied_action, self.target_rad):
            check_actions(self.contract, self.action[None], self._policy.path)
        return self.target_rad
