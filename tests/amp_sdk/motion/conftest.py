"""Robots, made-up clips and the folder of real clips, which are not part of the repository."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from amp_sdk import robots, rotations
from amp_sdk.motion import MotionClip
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree


@pytest.fixture(scope="session")
def go2() -> RobotSpec:
    return robots.load("go2")


@pytest.fixture(scope="session")
def g1() -> RobotSpec:
    return robots.load("g1_29dof")


@pytest.fixture(scope="session")
def real_clip() -> Callable[[str], Path]:
    """The path of a real clip; skips without it."""
    beside = Path(__file__).resolve().parents[4] / "shared"
    folder = Path(os.environ.get("AMP_SDK_SHARED", str(beside))) / "motions"

    def find(name: str) -> Path:
        path = folder / name
        if not path.is_file():
            pytest.skip(f"no real clip {path} (set AMP_SDK_SHARED)")
        return path

    return find


@pytest.fixture(scope="session")
def make_clip(go2: RobotSpec) -> Callable[..., MotionClip]:
    """A smooth made-up motion near the stand pose: it walks a curve, rolls, pitches and climbs."""

    def make(seed: int = 0, frames: int = 31, fps: float = 40.0, **fields: Any) -> MotionClip:
        rng = np.random.default_rng(seed)
        t = np.arange(frames) / fps
        w = 2 * np.pi / t[-1]

        def waves(count: int, size: float) -> np.ndarray:
            phase, scale = rng.uniform(0, 6, count), size * rng.uniform(0.3, 1, count)
            return scale * np.sin(w * t[:, None] + phase)

        heading = fields.pop("turn_rad", 0.0) * t / t[-1] + waves(1, 0.1)[:, 0]
        tilt = rotations.from_exp_map(waves(3, 0.2) * [1, 1, 0])
        path = np.stack([0.8 * t, 0.1 * t, np.full(frames, 0.3)], axis=1) + waves(3, 0.02)
        given = {
            "name": "made_up",
            "robot": "go2",
            "fps": fps,
            "joint_names": go2.joint_names,
            "root_pos_w": path + [2.0, -1.0, 0.0],
            "root_quat_w": rotations.multiply(rotations.from_heading(heading), tilt),
            "joint_pos": go2.default_joint_pos_rad + waves(12, 0.25),
            "loop": "wrap",
            "source": "made up",
        }
        return MotionClip(**{**given, **fields})

    return make


@pytest.fixture(scope="session")
def write_mimickit() -> Callable[..., Path]:
    """Write a clip as a MimicKit pickle; ``fields`` replace those of the file."""

    def write(path: Path, clip: MotionClip, **fields: Any) -> Path:
        turn = rotations.to_exp_map(clip.root_quat_w)
        frames = np.hstack([clip.root_pos_w, turn, clip.joint_pos]).tolist()
        content = {"loop_mode": int(clip.loop == "wrap"), "fps": clip.fps, "frames": frames}
        path.write_bytes(pickle.dumps({**content, **fields}, protocol=3))
        return path

    return write


@pytest.fixture(scope="session")
def write_amp_for_hardware(go2: RobotSpec) -> Callable[..., Path]:
    """Write a Go2 clip as AMP_for_hardware text with its legs in the order ``legs``."""
    tree = KinematicTree.from_mjcf(go2.mjcf_path)

    def write(
        path: Path, clip: MotionClip, legs: tuple, toe_shift_m: float = 0.0, **fields
    ) -> Path:
        n = clip.num_frames
        names = [f"{leg}_{part}_joint" for leg in legs for part in ("hip", "thigh", "calf")]
        feet = tree.body_index([f"{leg}_foot" for leg in legs])
        level = np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))
        toes = tree.forward(np.zeros((n, 3)), level, clip.joint_pos)[0][:, feet].reshape(n, 12)
        joint_pos = clip.joint_pos[:, [clip.joint_names.index(name) for name in names]]
        step = np.diff(joint_pos, axis=0, append=joint_pos[-1:]) * clip.fps
        quat = rotations.to_xyzw(clip.root_quat_w)
        base = [clip.root_pos_w, quat, joint_pos, toes + toe_shift_m]
        frames = np.hstack([*base, np.zeros((n, 6)), step, np.zeros((n, 12))])
        content = {
            "LoopMode": clip.loop.capitalize(),
            "FrameDuration": 1 / clip.fps,
            "EnableCycleOffsetPosition": True,
            "EnableCycleOffsetRotation": clip.wrap_heading,
            "MotionWeight": clip.weight,
            "Frames": frames.tolist(),
        }
        path.write_text(json.dumps({**content, **fields}))
        return path

    return write
