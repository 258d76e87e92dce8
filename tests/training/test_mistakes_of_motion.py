"""Mistakes of published AMP code, part two: clip time, clamped ends, frames of velocities, gains.

Each property is a check that the package passes and that the mistake, made here on purpose, fails.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable

import mujoco
import numpy as np
import pytest
import torch

from amp_sdk import motion, robots
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.backends.mujoco_model import build_model
from amp_training.config import SimulationConfig
from amp_training.features import lin_vel_b
from amp_training.rotations import rotate, rotate_inverse

GO2 = robots.load("go2")
FPS, FRAMES, SPEED = 30.0, 31, 1.0
DURATION_S = (FRAMES - 1) / FPS

Lookup = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Times [n] s to place along x [n] m and velocity along x [n] m/s."""


def assert_caught(check, wrong) -> None:
    with pytest.raises(AssertionError):
        check(wrong)


def straight_clip(loop: str = "clamp") -> motion.MotionClip:
    """A clip whose base goes 1 m/s along x for one second."""
    place = np.zeros((FRAMES, 3))
    place[:, 0], place[:, 2] = SPEED * np.arange(FRAMES) / FPS, 0.3
    return motion.MotionClip(
        name="straight",
        robot="go2",
        fps=FPS,
        joint_names=GO2.joint_names,
        root_pos_w=place,
        root_quat_w=np.tile([1.0, 0.0, 0.0, 0.0], (FRAMES, 1)),
        joint_pos=np.tile(GO2.default_joint_pos_rad, (FRAMES, 1)),
        loop=loop,
        source="test",
    )


def of_library(loop: str = "clamp") -> Lookup:
    library = motion.MotionLibrary([straight_clip(loop)], GO2)

    def lookup(times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        state = library.state(np.zeros(len(times_s), dtype=int), times_s)
        return state.root_pos_w[:, 0], state.root_lin_vel_w[:, 0]

    return lookup


# 5. A slow-down that speeds up; the last frame paired with itself; a time grid off by one.


def naive(times_s: np.ndarray, duration_s: float = DURATION_S, last: int = FRAMES - 1) -> tuple:
    """A lookup as it is often written: phase times the index of the last frame."""
    position = np.clip(times_s / duration_s, 0.0, 1.0) * last
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, FRAMES - 1)
    place = straight_clip().root_pos_w[:, 0]
    x = place[np.minimum(low, FRAMES - 1)]
    return x + (position - low) * (place[high] - x), np.full(len(times_s), SPEED)


def check_time(lookup: Lookup) -> None:
    """Frame k is at k / fps; the velocity is the slope of the place, up to the last interval."""
    times = np.linspace(0.0, DURATION_S - 1e-9, 500)
    place, velocity = lookup(times)
    np.testing.assert_allclose(place, SPEED * times, atol=1e-5)
    np.testing.assert_allclose(velocity, SPEED, atol=1e-4)


def test_clip_time_is_exact_to_the_last_frame() -> None:
    check_time(of_library("clamp"))
    check_time(of_library("wrap"))
    check_time(naive)
    assert_caught(check_time, lambda t: naive(t, duration_s=FRAMES / FPS))  # 3 % too slow
    assert_caught(check_time, lambda t: naive(t, last=FRAMES))  # last frame with itself


def test_a_lower_frame_rate_slows_the_clip_down(tmp_path) -> None:
    """``fps`` of the recipe overrides the file's: half the rate takes twice the time."""
    path = tmp_path / "clip.pkl"
    frames = np.zeros((FRAMES, 18))
    frames[:, :3] = straight_clip().root_pos_w
    frames[:, 6:] = GO2.default_joint_pos_rad
    path.write_bytes(pickle.dumps({"loop_mode": 0, "fps": FPS, "frames": frames.tolist()}))

    def check(slow_down: Callable[[float], float]) -> None:
        clip = motion.load_clip(path, GO2, fps=slow_down(FPS))
        assert clip.duration_s == pytest.approx(2.0 * DURATION_S)
        library = motion.MotionLibrary([clip], GO2)
        speed = library.state(np.zeros(1, dtype=int), np.array([1.0])).root_lin_vel_w[0, 0]
        assert speed == pytest.approx(0.5 * SPEED, rel=1e-4)

    check(lambda fps: fps / 2)
    assert_caught(check, lambda fps: fps * 2)


# 6. Repeated first frames of a clamped clip that carry a velocity.


def check_held(lookup: Lookup) -> None:
    """Where the pose does not move, the velocity is zero."""
    times = np.concatenate([np.linspace(-0.1, -0.01, 10), DURATION_S + np.linspace(0.02, 0.1, 9)])
    place, velocity = lookup(times)
    moved = lookup(times + 0.005)[0] - place
    assert (moved == 0).all()
    assert (velocity == 0).all()


def test_held_frames_of_a_clamped_clip_rest() -> None:
    check_held(of_library("clamp"))
    assert_caught(check_held, naive)


# 7. The phase clipped before the first frame, but not the blend between frames.


def check_edge(lookup: Lookup) -> None:
    place, _ = lookup(np.array([-0.05, -1e-3, 0.0, DURATION_S, DURATION_S + 0.05]))
    np.testing.assert_allclose(place, SPEED * np.array([0, 0, 0, DURATION_S, DURATION_S]))


def unclipped_blend(times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low = np.clip(np.floor(times_s * FPS), 0, FRAMES - 2).astype(int)
    place = straight_clip().root_pos_w[:, 0]
    blend = times_s * FPS - low
    return place[low] + blend * (place[low + 1] - place[low]), np.zeros(len(times_s))


def test_no_pose_is_extrapolated() -> None:
    check_edge(of_library("clamp"))
    assert_caught(check_edge, unclipped_blend)


# 8. A linear velocity rotated twice on the way from the simulator to the features.


def check_velocity(velocity_b: Callable) -> None:
    """Turned back to the world, the base-frame velocity is how the base moves in the simulator."""
    config = SimulationConfig(num_envs=8, threads=1)
    backend = MujocoBackend(GO2, GO2.kp, GO2.kd, config)
    rows = backend.state.flat.clone()
    view = backend.layout.view(rows)
    view.root_pos_w[:, 2] = 5.0  # in the air, where nothing but gravity acts
    turn = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
    view.root_quat_w.copy_(torch.nn.functional.normalize(turn, dim=-1))
    view.root_lin_vel_w.copy_(torch.tensor([2.0, -1.0, 0.5]))
    pose = torch.tensor(GO2.default_joint_pos_rad, dtype=torch.float32)
    view.joint_pos.copy_(pose)
    backend.reset(torch.arange(8), rows)
    backend.step(pose.expand(8, -1))
    before = backend.state.flat.clone()
    backend.step(pose.expand(8, -1))
    moved = backend.state.root_pos_w - backend.layout.view(before).root_pos_w
    state = backend.state
    found = rotate(state.root_quat_w, velocity_b(state)) * config.control_period_s
    torch.testing.assert_close(found, moved, atol=4e-3, rtol=0)


def test_velocities_are_rotated_once() -> None:
    check_velocity(lin_vel_b)
    assert_caught(check_velocity, lambda s: rotate_inverse(s.root_quat_w, lin_vel_b(s)))
    assert_caught(check_velocity, lambda s: s.root_lin_vel_w)


# 10. MJCF joint stiffness and damping as PD gains here and as springs there; the MJCF's mass.


@pytest.mark.parametrize("name", ["go2", "g1_29dof", "humanoid", "smpl", "pi_plus"])
def test_gains_act_once_and_the_mass_is_that_of_the_file(name: str) -> None:
    robot = robots.load(name)
    plain = mujoco.MjModel.from_xml_path(str(robot.mjcf_path))
    dofs = [int(plain.joint(joint).dofadr[0]) for joint in robot.joint_names]

    def check(change: Callable[[mujoco.MjModel], None]) -> None:
        """At a pose and speed near rest, joint forces are kp (u - q) - kd dq and the MJCF's own
        damping, and nothing else; base mass and inertia are the file's."""
        model = build_model(robot, robot.kp, robot.kd, SimulationConfig())
        change(model)
        np.testing.assert_allclose(model.body_mass.sum(), plain.body_mass.sum(), rtol=1e-12)
        data = mujoco.MjData(model)
        offset = 1e-3 * np.cos(np.arange(len(dofs)))
        speed = 1e-2 * np.sin(1.0 + np.arange(len(dofs)))
        data.qpos[2] = 5.0
        data.qpos[7:] = robot.default_joint_pos_rad
        data.qvel[6:] = speed
        data.ctrl[:] = robot.default_joint_pos_rad + offset
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(
            data.qfrc_actuator[dofs], robot.kp * offset - robot.kd * speed, atol=1e-9
        )
        np.testing.assert_allclose(
            data.qfrc_passive[dofs], -plain.dof_damping[dofs] * speed, atol=1e-12
        )

    def springs(model: mujoco.MjModel) -> None:
        model.jnt_stiffness[1:] = robot.kp
        model.dof_damping[dofs] += robot.kd

    def from_volume(model: mujoco.MjModel) -> None:
        model.body_mass[1:] = 1.0

    check(lambda model: None)
    assert_caught(check, springs)
    assert_caught(check, from_volume)
