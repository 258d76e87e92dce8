"""Reference motion of our own: trot, pace and stand of the Go2 from foot paths, a sway of all.

In a steady frame that moves at the gait's speed, every foot is on the ground for a share of the
cycle, the duty factor, and then swings to where the ground has come to. In the world the stance
foot rests and the swing starts and ends at rest, with zero acceleration. The trunk stays level at
one height and moves as a linear inverted pendulum over the centre of the feet on the ground.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np

from amp_sdk.errors import InputError, closest
from amp_sdk.motion import sway
from amp_sdk.motion.clip import MotionClip
from amp_sdk.motion.leg_ik import Leg
from amp_sdk.motion.velocity import frame_velocities
from amp_sdk.robots import RobotSpec

_GRAVITY_M_S2 = 9.81
_LEGS = ("FL", "FR", "RL", "RR")
_OVERSAMPLING = 16
_MAX_FPS = 10_000.0
_FRAMES_PER_CYCLE = (8, 10_000)


@dataclass(frozen=True)
class GaitParameters:
    """What a gait is made from; a stand uses ``fps`` and ``body_height_m`` only.

    Attributes:
        speed_m_s: forward, negative for backward, zero on the spot.
        frequency_hz: cycles per second; rounded so that a cycle is a whole number of frames.
        duty_factor: the share of a cycle that a foot is on the ground, 0.5 to 0.9.
        swing_height_m: the highest that a foot is lifted.
        body_height_m: of the base above the ground; None for that of the robot's stand pose.
        fps: frames per second.
    """

    speed_m_s: float = 0.9
    frequency_hz: float = 2.2
    duty_factor: float = 0.55
    swing_height_m: float = 0.07
    body_height_m: Optional[float] = None
    fps: float = 100.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None and field.name == "body_height_m":
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise InputError(f"{field.name}: expected a number, found {value!r}")
            if not math.isfinite(value) or (field.name != "speed_m_s" and value <= 0):
                raise InputError(f"{field.name}: expected a number above zero, found {value!r}")
        if self.fps > _MAX_FPS:
            raise InputError(f"fps: expected at most {_MAX_FPS:g}, found {self.fps:g}")
        if not 0.5 <= self.duty_factor <= 0.9:
            raise InputError(f"duty_factor: expected 0.5 to 0.9, found {self.duty_factor}")


# the phase of a cycle at which FL, FR, RL and RR have been on the ground since phase 0 of their own
_PHASES: Dict[str, Tuple[float, float, float, float]] = {
    "go2_trot": (0.0, 0.5, 0.5, 0.0),
    "go2_pace": (0.0, 0.5, 0.0, 0.5),
}
_STAND = "go2_stand"
GENERATORS: Tuple[str, ...] = (*_PHASES, _STAND, sway.NAME)


def generate(
    name: str, robot: RobotSpec, parameters: Optional[GaitParameters] = None
) -> MotionClip:
    """A wrapped clip of "go2_trot", "go2_pace" (one cycle, forward), "go2_stand" (one second) or
    "sway" (of any robot, two seconds on the spot).

    Raises InputError for an unknown name, another robot, or a motion that breaks a joint's
    position or velocity limit.
    """
    if name not in GENERATORS:
        raise InputError(f"no motion generator {name!r}; {closest(name, GENERATORS)}")
    given = parameters or GaitParameters()
    if name == sway.NAME:
        clip = sway.sway(robot, given.fps, given.body_height_m)
    elif robot.name != "go2":
        raise InputError(f"{name} is a motion of go2, not of {robot.name}; choose the robot go2")
    else:
        clip = _stand(robot, given) if name == _STAND else _gait(name, robot, given)
    _check_limits(clip, robot)
    return clip


def _stand(robot: RobotSpec, given: GaitParameters) -> MotionClip:
    frames = max(int(round(given.fps)), 1) + 1
    height = given.body_height_m or robot.default_base_height_m
    trunk = np.tile([0.0, 0.0, height], (frames, 1))
    legs = [Leg.of(robot, leg) for leg in _LEGS]
    feet = [np.tile(_stand_foot(leg, robot), (frames, 1)) for leg in legs]
    source = f"{_STAND}(body_height_m={height:g}, fps={given.fps:g})"
    return _clip(_STAND, robot, given.fps, source, legs, trunk, feet)


def _gait(name: str, robot: RobotSpec, given: GaitParameters) -> MotionClip:
    steps = int(round(given.fps / given.frequency_hz))
    if not _FRAMES_PER_CYCLE[0] <= steps <= _FRAMES_PER_CYCLE[1]:
        raise InputError(
            f"{name}: expected {_FRAMES_PER_CYCLE[0]} to {_FRAMES_PER_CYCLE[1]} frames per cycle, "
            f"found {steps}; change fps or frequency_hz"
        )
    period_s = steps / given.fps
    height = given.body_height_m or robot.default_base_height_m
    legs = [Leg.of(robot, leg) for leg in _LEGS]
    fine = np.arange(steps * _OVERSAMPLING) / (steps * _OVERSAMPLING)
    feet, support = [], np.zeros((len(fine), 2))
    on_ground = np.zeros((len(fine), 1))
    for leg, shift in zip(legs, _PHASES[name]):
        phase = np.mod(fine + shift, 1.0)
        foot = _stand_foot(leg, robot) + _foot_path(phase, given, given.speed_m_s * period_s)
        stance = (phase < given.duty_factor)[:, None]
        support += stance * foot[:, :2]
        on_ground += stance
        feet.append(foot)
    trunk = np.empty((len(fine), 3))
    trunk[:, :2] = _pendulum(support / on_ground, period_s, height)
    trunk[:, 2] = height
    frames = np.append(np.arange(0, len(fine), _OVERSAMPLING), 0)  # the last frame is the first
    source = (
        f"{name}(speed_m_s={given.speed_m_s:g}, frequency_hz={1 / period_s:.6g}, "
        f"duty_factor={given.duty_factor:g}, swing_height_m={given.swing_height_m:g}, "
        f"body_height_m={height:g}, fps={given.fps:g})"
    )
    moved = np.arange(steps + 1)[:, None] / steps * [given.speed_m_s * period_s, 0.0, 0.0]
    feet = [foot[frames] for foot in feet]
    return _clip(name, robot, given.fps, source, legs, trunk[frames], feet, moved)


def _foot_path(phase: np.ndarray, given: GaitParameters, stride_m: float) -> np.ndarray:
    """Displacement [N, 3] m from the foot's place in the stand, in the steady frame.

    On the ground, phase 0 to d, the duty factor, x = stride (d / 2 - phase). In the swing the world
    comes on top: the minimum-jerk profile 10 u^3 - 15 u^4 + 6 u^5 (Flash and Hogan 1985) and the
    lift (4 u (1 - u))^3, u from 0 to 1.
    """
    u = np.clip((phase - given.duty_factor) / (1 - given.duty_factor), 0.0, 1.0)
    swing = u**3 * (10 - 15 * u + 6 * u**2)
    x = stride_m * (given.duty_factor / 2 - phase + swing)
    z = given.swing_height_m * (4 * u * (1 - u)) ** 3
    return np.stack([x, np.zeros_like(x), z], axis=-1)


def _pendulum(support: np.ndarray, period_s: float, height_m: float) -> np.ndarray:
    """The periodic path [N, 2] of a linear inverted pendulum over the centre of pressure [N, 2].

    y'' = w^2 (y - p), w^2 = g / h (Kajita 2001): each harmonic k of p gives y_k = p_k w^2 / (w^2 +
    (2 pi k / T)^2). A pace sways over the feet that carry it; a trot hardly moves.
    """
    natural = _GRAVITY_M_S2 / height_m
    spectrum = np.fft.rfft(support, axis=0)
    rate = 2 * np.pi * np.arange(len(spectrum)) / period_s
    return np.fft.irfft(spectrum * (natural / (natural + rate**2))[:, None], n=len(support), axis=0)


def _stand_foot(leg: Leg, robot: RobotSpec) -> np.ndarray:
    """The foot's centre [3] m in the stand pose: below the base, on the ground at z = 0."""
    angles = robot.default_joint_pos_rad[robot.joint_index(leg.joint_names)]
    return leg.foot_centre_b(angles) + [0.0, 0.0, robot.default_base_height_m]


def _clip(
    name: str,
    robot: RobotSpec,
    fps: float,
    source: str,
    legs: List[Leg],
    trunk: np.ndarray,
    feet: List[np.ndarray],
    moved: Optional[np.ndarray] = None,
) -> MotionClip:
    """The clip with the trunk and feet [T, 3] there, all displaced by ``moved`` [T, 3]."""
    joint_pos = np.empty((len(trunk), len(robot.joint_names)))
    for leg, foot in zip(legs, feet):
        joint_pos[:, robot.joint_index(leg.joint_names)] = leg.angles_rad(foot - trunk)
    return MotionClip(
        name=name,
        robot=robot.name,
        fps=fps,
        joint_names=robot.joint_names,
        root_pos_w=trunk if moved is None else trunk + moved,
        root_quat_w=np.tile([1.0, 0.0, 0.0, 0.0], (len(trunk), 1)),
        joint_pos=joint_pos,
        loop="wrap",
        source=source,
    )


def _check_limits(clip: MotionClip, robot: RobotSpec) -> None:
    excess = np.maximum(
        robot.joint_lower_rad - clip.joint_pos, clip.joint_pos - robot.joint_upper_rad
    )
    fast = np.abs(frame_velocities(clip)[2]) - robot.velocity_limit_rad_s
    for what, over, unit in (("position", excess, "rad"), ("velocity", fast, "rad/s")):
        frame, joint = np.unravel_index(int(np.argmax(over)), over.shape)
        if over[frame, joint] > 0:
            raise InputError(
                f"{clip.source}: {robot.joint_names[joint]} would exceed its {what} limit by "
                f"{over[frame, joint]:.3g} {unit}; lower the speed or the swing height, or change "
                "the frequency or the body height"
            )
