"""A film of a recorded motion: ``python -m amp_training.film MOTION FILM --robot NAME``.

It is made in a process of its own, since graphics libraries may end the one that they fail in.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

import numpy as np

from amp_sdk import robots
from amp_sdk._cli import run_layer
from amp_sdk._files import atomic_write
from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_training.motion_quality import Track

RATE_HZ = 25
SIZE = (640, 360)
LONGEST_S = 10.0
_SMOOTHING_S = 0.4
_TIMEOUT_S = 600.0


MOTION, FILM = "best_motion.npz", "best.mp4"
"""Of a run's best policy, in the run's folder."""


def save_motion(path: Path, track: Track, period_s: float) -> None:
    """Write a motion recorded every ``period_s``. Raises InputError."""
    with atomic_write(path) as file:
        np.savez(
            file,
            period_s=period_s,
            root_pos_w=track.root_pos_w,
            root_quat_w=track.root_quat_w,
            joint_pos=track.joint_pos,
        )


def load_motion(path: Path) -> Tuple[Track, float]:
    """What ``save_motion`` wrote. Raises InputError."""
    try:
        with np.load(path, allow_pickle=False) as content:
            values = {name: content[name] for name in content.files}
        period_s = float(values.pop("period_s"))
        return Track(**values), period_s
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: expected a recorded motion ({error})") from error


def make_film(motion: Path, film: Path, robot: str) -> str:
    """Write ``film`` from a motion's file, in a process of its own; returns why there is none."""
    command = [sys.executable, "-m", "amp_training.film", str(motion), str(film), "--robot", robot]
    environment = dict(os.environ)
    display = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    if sys.platform == "linux" and not display:
        environment.setdefault("MUJOCO_GL", "egl")
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return f"it was not done in {_TIMEOUT_S:g} s"
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return said[-1][len("error: ") :] if said[-1].startswith("error: ") else said[-1]


def main(argv: Optional[List[str]] = None) -> int:
    """Render and write. Raises InputError where that cannot be done here."""
    parser = argparse.ArgumentParser(prog="python -m amp_training.film")
    parser.add_argument("motion", type=Path)
    parser.add_argument("film", type=Path)
    parser.add_argument("--robot", required=True)
    args = parser.parse_args(argv)
    track, period_s = load_motion(args.motion)
    encode(args.film, frames(robots.load(args.robot), track, period_s))
    return 0


def frames(robot: RobotSpec, track: Track, period_s: float) -> Iterator[np.ndarray]:
    """Pictures [360, 640, 3] uint8 of the motion's first ten seconds, in real time.

    Raises InputError where MuJoCo cannot render.
    """
    import mujoco

    from amp_training.stage import build_stage

    model = build_stage(robot, SIZE)
    data = mujoco.MjData(model)
    camera, option = mujoco.MjvCamera(), mujoco.MjvOption()
    option.geomgroup[3] = 0  # collision shapes
    height = float(track.root_pos_w[:, 2].max())
    camera.distance, camera.azimuth, camera.elevation = 0.55 + 2.9 * height, 125.0, -16.0
    path = _smooth(track.root_pos_w[:, :2], _SMOOTHING_S / period_s)
    try:
        renderer = mujoco.Renderer(model, SIZE[1], SIZE[0])
    except Exception as error:  # each graphics library fails with errors of its own
        backend = os.environ.get("MUJOCO_GL", "the default")
        said = " ".join(str(error).split())
        raise InputError(
            f"MuJoCo cannot render here (MUJOCO_GL={backend}): {said}; without a display install "
            "EGL (Debian, Ubuntu: apt install libegl1)"
        ) from error
    with renderer:
        for k in range(max(1, int(min(len(path) * period_s, LONGEST_S) * RATE_HZ))):
            i = min(len(path) - 1, int(k / (RATE_HZ * period_s) + 1e-6))
            data.qpos[:3], data.qpos[3:7] = track.root_pos_w[i], track.root_quat_w[i]
            data.qpos[7:] = track.joint_pos[i]
            mujoco.mj_forward(model, data)
            camera.lookat[:] = path[i, 0], path[i, 1], 0.75 * height
            renderer.update_scene(data, camera, option)
            yield renderer.render()


def _smooth(path: np.ndarray, width: float) -> np.ndarray:
    """``path`` [T, 2] averaged over about ``width`` samples to both sides."""
    reach = min(len(path) - 1, int(round(width)))
    ends = np.arange(len(path))
    low, high = np.maximum(0, ends - reach), np.minimum(len(path), ends + reach + 1)
    summed = np.concatenate([np.zeros((1, 2)), np.cumsum(path, axis=0)])
    return (summed[high] - summed[low]) / (high - low)[:, None]


def encode(path: Path, pictures: Iterator[np.ndarray]) -> None:
    """H.264 that every browser plays, whole or not at all. Raises InputError where ffmpeg fails."""
    import imageio_ffmpeg

    source = f"-f rawvideo -pix_fmt rgb24 -s {SIZE[0]}x{SIZE[1]} -r {RATE_HZ} -i -"
    target = "-an -c:v libx264 -preset fast -crf 20 -pix_fmt yuv420p -movflags +faststart -f mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", *source.split()]
    with atomic_write(path) as file, tempfile.TemporaryFile() as errors:
        command += [*target.split(), file.name]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors)
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process:  # ffmpeg says why, below
            for picture in pictures:
                process.stdin.write(picture.tobytes())
        if process.returncode:
            errors.seek(0)
            said = " ".join(errors.read(2000).decode(errors="replace").split())
            raise InputError(f"ffmpeg could not write {path}: {said or process.returncode}")


if __name__ == "__main__":
    sys.exit(run_layer("amp_training.film", "train"))
