"""One episode: the policy drives the robot as it would in reality, and everything is logged."""

from __future__ import annotations

import mujoco
import numpy as np

from amp_sdk.contract import PolicyContract
from amp_sdk.observation import ObservationBuilder
from amp_sdk.policy import Policy
from amp_sdk.robots import RobotSpec
from amp_sim2sim import metrics
from amp_sim2sim.recorder import EpisodeLog, Fall, Recorder, steps_per_period
from amp_sim2sim.robot_in_sim import RobotInSim

MAX_TILT_RAD = 1.0
MIN_HEIGHT_SHARE = 0.5
DIVERGED = "the simulation diverged"
_JOINT_SPREAD_RAD = 0.05


def pd_torque(
    contract: PolicyContract, target_rad: np.ndarray, pos_rad: np.ndarray, vel_rad_s: np.ndarray
) -> np.ndarray:
    """``clip(kp (target - q) - kd dq, +-effort limit)`` in Nm; all ``[J]``."""
    torque = contract.joint_array("kp") * (target_rad - pos_rad)
    torque -= contract.joint_array("kd") * vel_rad_s
    limit = contract.joint_array("effort_limit_nm")
    return np.clip(torque, -limit, limit, out=torque)


class Drive:
    """A policy on a simulated robot, one control period after another: ``look``, ``think``, then
    ``steps`` times ``step``. The contract decides everything; ``action [J]`` is the newest as
    applied, ``target_rad [J]`` what it asks of the joints."""

    def __init__(self, model: mujoco.MjModel, robot: RobotSpec, policy: Policy) -> None:
        contract = policy.contract
        self.sim = RobotInSim(model, robot, contract.joint_names)
        self.steps = steps_per_period(contract, model.opt.timestep)
        self._policy = policy
        self._builder = ObservationBuilder(contract)
        self._obs = np.zeros(contract.obs_dim, dtype=np.float32)
        self._min_height = 0.0
        self._sensed = False
        self.action = np.zeros(contract.action_dim)
        self.target_rad = np.zeros(contract.action_dim)

    def begin(self, seed: int, number: int) -> None:
        """Start episode ``number`` of ``seed``: at rest in the contract's default pose, each joint
        off by up to 0.05 rad, with a random yaw."""
        contract, rng = self._policy.contract, np.random.default_rng([seed, number])
        default_pos = contract.joint_array("default_pos_rad")
        self._min_height = MIN_HEIGHT_SHARE * self.sim.stand(default_pos, 0.0)
        start = default_pos + rng.uniform(-_JOINT_SPREAD_RAD, _JOINT_SPREAD_RAD, default_pos.shape)
        lower, upper = contract.joint_array("lower_rad"), contract.joint_array("upper_rad")
        self.sim.stand(np.clip(start, lower, upper), rng.uniform(-np.pi, np.pi))
        self._builder.reset()
        self._sensed = False
        self.action[:] = 0.0
        self.target_rad = default_pos

    def look(self) -> tuple[str, np.ndarray]:
        """Why the present state counts as fallen, or an empty text, and the feet on the floor."""
        sim = self.sim
        sim.sense()
        self._sensed = True
        if not sim.is_finite():
            return DIVERGED, np.zeros(0, dtype=bool)
        feet, trunk_down = sim.floor_contacts()
        return fall_reason(sim.base_pose_w, trunk_down, self._min_height), feet

    def think(self, command: np.ndarray) -> None:
        """The policy's answer to what the robot measures and ``command [C]``."""
        contract = self._policy.contract
        self._builder.build(self.sim.measure(), command, self.action, out=self._obs)
        self.action = contract.applied_action(self._policy.act(self._obs)[0].astype(np.float64))
        self.target_rad = contract.joint_target_rad(self.action)

    def step(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One physics step; joint angles and velocities before it, and the torques of it, [J]."""
        if not self._sensed:
            self.sim.sense()
        self._sensed = False
        pos, vel = self.sim.joint_pos, self.sim.joint_vel
        torque = pd_torque(self._policy.contract, self.target_rad, pos, vel)
        self.sim.push(torque)
        return pos, vel, torque


def run_episode(
    model: mujoco.MjModel,
    robot: RobotSpec,
    policy: Policy,
    seed: int,
    number: int,
    duration_s: float,
) -> EpisodeLog:
    """Run episode ``number`` of ``seed``: the result depends on nothing else.

    It starts as ``Drive.begin`` says and gets the contract's nominal command.
    """
    contract = policy.contract
    drive = Drive(model, robot, policy)
    drive.begin(seed, number)
    recorder = Recorder(contract, model.opt.timestep, len(robot.foot_bodies), duration_s)
    fall = _run(drive, contract, recorder)
    return recorder.finish(number, duration_s, fall, contract.nominal_command)


def _run(drive: Drive, contract: PolicyContract, recorder: Recorder) -> Fall | None:
    for period in range(recorder.periods):
        reason, feet = drive.look()
        if reason:
            return Fall(period * contract.control_period_s, reason)
        drive.think(contract.nominal_command)
        recorder.period(period, drive.sim, drive.action, feet)
        for step in range(drive.steps):
            recorder.step(period * drive.steps + step, *drive.step())
    return None


def fall_reason(base_pose_w: np.ndarray, trunk_down: bool, min_height: float) -> str:
    """Why this state counts as fallen, or an empty text; ``base_pose_w [7]``."""
    tilt = float(metrics.tilt_rad(base_pose_w[3:]))
    if tilt > MAX_TILT_RAD:
        return f"tilted by more than {MAX_TILT_RAD:g} rad"
    if base_pose_w[2] < min_height:
        return f"base below {MIN_HEIGHT_SHARE:g} of its standing height"
    return "trunk on the floor" if trunk_down else ""
