"""Reference states for resets and demonstration windows for the discriminator."""

from __future__ import annotations

from typing import Tuple

import numpy as np
import torch
from torch import Tensor

from amp_sdk.motion import MotionClip, MotionLibrary, MotionState
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree
from amp_training.backends.base import SimState, StateLayout
from amp_training.key_bodies import KeyBodies
from amp_training.rotations import heading_velocity, rotate_inverse


class Reference:
    """Samples windows of H control steps, the last of which may start an episode.

    Args:
        library: the clips, of ``robot``.
        window: control steps in a window, H.
        control_period_s: their spacing, for demonstrations as for the policy.
        seed: of the sampling.
    """

    def __init__(
        self,
        library: MotionLibrary,
        robot: RobotSpec,
        window: int,
        control_period_s: float,
        seed: int,
    ) -> None:
        self._library = library
        self._robot = robot
        self._dt_s = control_period_s
        self._window = window
        self._tree = KinematicTree.from_mjcf(robot.mjcf_path)
        self._feet = [self._tree.body_names.index(name) for name in robot.foot_bodies]
        self._keys = KeyBodies(robot, torch.device("cpu"))
        self.layout = StateLayout(len(robot.joint_names), len(robot.key_bodies))
        self.rng = np.random.default_rng(seed)
        self._sole_m = self._stand_sole_height()
        self.lift_m = self._clip_lift()

    @property
    def clips(self) -> Tuple[MotionClip, ...]:
        """The clips, in the robot's joint order."""
        return self._library.clips

    @property
    def tree(self) -> KinematicTree:
        """The robot's links."""
        return self._tree

    def clip_windows(self, n: int, at_start: bool = False) -> Tensor:
        """Flat states of ``n`` windows of the clips, [n, H, size], oldest first.

        They end anywhere in a clip, or with ``at_start`` at its first frame.
        """
        clip_ids, end_s = self._library.sample(self.rng, n)
        return self.windows_at(clip_ids, np.zeros_like(end_s) if at_start else end_s)

    def windows_at(self, clip_ids: np.ndarray, end_s: np.ndarray) -> Tensor:
        """Flat states of the windows of clips [n] that end at times [n] s, [n, H, size]."""
        back_s = np.arange(self._window - 1, -1, -1) * self._dt_s
        times_s = end_s[:, None] - back_s[None, :]
        motion = self._library.state(np.repeat(clip_ids, self._window), times_s.reshape(-1))
        return self._flat(motion).unflatten(0, (len(clip_ids), self._window))

    def states_at(self, clip_ids: np.ndarray, times_s: np.ndarray) -> SimState:
        """States [n] of clips [n] at times [n] s, on the ground."""
        return self.layout.view(self._flat(self._library.state(clip_ids, times_s)))

    def feet(
        self, root_pos_w: np.ndarray, root_quat_w: np.ndarray, joint_pos: np.ndarray
    ) -> np.ndarray:
        """Places [T, F, 3] m of the feet for bases [T, 3], [T, 4] and joints [T, J]; heights are
        above where a foot is when the robot stands."""
        places = self._tree.forward(root_pos_w, root_quat_w, joint_pos)[0][:, self._feet]
        return places - np.array([0.0, 0.0, self._sole_m])

    def stand_windows(self, n: int, noise_rad: float = 0.1) -> Tensor:
        """Standing still near the default pose with the lowest foot on the ground, [n, H, size]."""
        robot, joints = self._robot, self.layout.joints
        state = self.layout.empty((n,), torch.device("cpu"))
        noise = self.rng.uniform(-noise_rad, noise_rad, (n, joints))
        joint_pos = robot.default_joint_pos_rad + noise
        root_pos = np.zeros((n, 3))
        root_pos[:, 2] = robot.default_base_height_m
        root_quat = np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))
        body_pos, _ = self._tree.forward(root_pos, root_quat, joint_pos)
        rise = self._sole_m - body_pos[:, self._feet, 2].min(axis=1)
        root_pos[:, 2] += rise
        state.root_pos_w.copy_(torch.from_numpy(root_pos))
        state.root_quat_w.copy_(torch.from_numpy(root_quat))
        state.joint_pos.copy_(torch.from_numpy(joint_pos))
        state.key_pos_b.copy_(self._keys.positions_b(state.joint_pos))
        return state.flat.unsqueeze(1).expand(-1, self._window, -1).contiguous()

    def mean_joint_pos(self) -> np.ndarray:
        """[J] rad, the mean pose of the clips."""
        clip_ids, times_s = self._library.sample(np.random.default_rng(0), 4096)
        return self._library.state(clip_ids, times_s).joint_pos.mean(axis=0).astype(np.float64)

    def mean_velocity_h(self) -> Tuple[float, float]:
        """(forward, lateral) mean velocity of the clips in the heading frame, m/s."""
        clip_ids, times_s = self._library.sample(np.random.default_rng(0), 4096)
        motion = self._library.state(clip_ids, times_s)
        velocity = heading_velocity(
            torch.from_numpy(motion.root_quat_w), torch.from_numpy(motion.root_lin_vel_w)
        )
        forward, lateral, _ = velocity.double().mean(dim=0).tolist()
        return round(forward, 4), round(lateral, 4)

    def _stand_sole_height(self) -> float:
        """Height of the lowest foot body above the ground when the foot touches it."""
        robot = self._robot
        root = np.array([[0.0, 0.0, robot.default_base_height_m]])
        pose = robot.default_joint_pos_rad[None]
        body_pos, _ = self._tree.forward(root, np.array([[1.0, 0.0, 0.0, 0.0]]), pose)
        return float(body_pos[:, self._feet, 2].min())

    def _clip_lift(self) -> float:
        """What puts the low points (5 %) of the clips' lowest foot on the ground, m."""
        clip_ids, times_s = self._library.sample(np.random.default_rng(0), 4096)
        motion = self._library.state(clip_ids, times_s)
        body_pos, _ = self._tree.forward(motion.root_pos_w, motion.root_quat_w, motion.joint_pos)
        lowest = body_pos[:, self._feet, 2].min(axis=1)
        return self._sole_m - float(np.quantile(lowest, 0.05))

    def _flat(self, motion: MotionState) -> Tensor:
        state = self.layout.empty((len(motion.root_pos_w),), torch.device("cpu"))
        lift = torch.tensor([0.0, 0.0, self.lift_m])
        quat = torch.from_numpy(motion.root_quat_w)
        state.root_pos_w.copy_(torch.from_numpy(motion.root_pos_w) + lift)
        state.root_quat_w.copy_(quat)
        state.root_lin_vel_w.copy_(torch.from_numpy(motion.root_lin_vel_w))
        state.root_ang_vel_b.copy_(rotate_inverse(quat, torch.from_numpy(motion.root_ang_vel_w)))
        state.joint_pos.copy_(torch.from_numpy(motion.joint_pos))
        state.joint_vel.copy_(torch.from_numpy(motion.joint_vel))
        state.key_pos_b.copy_(self._keys.positions_b(state.joint_pos))
        return state.flat
