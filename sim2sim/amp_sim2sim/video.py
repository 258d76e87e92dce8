"""Renders an episode to an H.264 film in real time, with a camera that follows the robot."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import imageio_ffmpeg
import matplotlib
import mujoco
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from amp_sdk import rotations
from amp_sdk._files import atomic_write
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import AmpSdkError
from amp_sdk.robots import RobotSpec
from amp_sim2sim import metrics
from amp_sim2sim.episode import EpisodeLog
from amp_sim2sim.robot_in_sim import RobotInSim
from amp_sim2sim.scene import VIDEO_SIZE

FRAMES_HZ = 50
_CAMERA_SMOOTHING_S = 0.4
_FONT = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"


class RenderError(AmpSdkError):
    """No film could be made; the numbers of the verification are not concerned."""


def render_frames(
    model: mujoco.MjModel,
    robot: RobotSpec,
    contract: PolicyContract,
    log: EpisodeLog,
    caption: str,
    rate_hz: int = FRAMES_HZ,
) -> Iterator[np.ndarray]:
    """Frames ``[height, width, 3]`` uint8 of the episode, ``rate_hz`` a second.

    Raises RenderError, saying what to do, where there is no renderer.
    """
    sim = RobotInSim(model, robot, contract.joint_names)
    width, height = VIDEO_SIZE
    with _renderer(model, width, height) as renderer:
        option = mujoco.MjvOption()
        option.geomgroup[3] = 0  # collision shapes
        camera = _camera(log)
        path = _smooth(log.base_pos_w[:, :2], _CAMERA_SMOOTHING_S / log.period_s)
        speed = metrics.heading_velocity(log.lin_vel_w, log.base_quat_w)[:, 0]
        for i in _frame_samples(len(log.action), log.period_s, rate_hz):
            sim.show(log.base_pos_w[i], log.base_quat_w[i], log.joint_pos[i])
            camera.lookat[:2] = path[i]
            renderer.update_scene(sim.data, camera, option)
            frame = renderer.render()
            window = speed[max(0, i - round(0.5 / log.period_s)) : i + 1]
            yield _caption(frame, caption, f"{i * log.period_s:4.1f} s   {window.mean():5.2f} m/s")


def write_video(
    path: str | Path,
    frames: Iterator[np.ndarray],
    on_frame: Callable[[], None] = lambda: None,
    rate_hz: int = FRAMES_HZ,
) -> None:
    """Write ``frames`` as MP4 (H.264, yuv420p), atomically. Raises RenderError or InputError."""
    first = next(frames)  # a missing renderer shows here, before anything is written
    with atomic_write(path) as file, _encoder(file.name, rate_hz) as pipe:
        for frame in itertools.chain((first,), frames):
            pipe.write(frame.tobytes())
            on_frame()


@contextlib.contextmanager
def _encoder(path: str, rate_hz: int) -> Iterator[IO[bytes]]:
    """A pipe that takes raw frames and leaves the film at ``path``."""
    width, height = VIDEO_SIZE
    source = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {rate_hz} -i -"
    target = "-an -c:v libx264 -preset fast -crf 21 -pix_fmt yuv420p -movflags +faststart -f mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error"]
    command += [*source.split(), *target.split(), path]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors)
        assert process.stdin is not None
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            pass  # ffmpeg has said why, below
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        if process.returncode:
            errors.seek(0)
            reason = " ".join(errors.read(2000).decode(errors="replace").split())
            raise RenderError(f"ffmpeg could not write the film: {reason or process.returncode}")


def frame_count(samples: int, period_s: float, rate_hz: int = FRAMES_HZ) -> int:
    """How many frames ``render_frames`` yields of a log of so many samples."""
    return len(_frame_samples(samples, period_s, rate_hz))


def _frame_samples(samples: int, period_s: float, rate_hz: int) -> list[int]:
    """The sample shown in each frame: the newest that had been at the frame's time."""
    frames = max(1, round(samples * period_s * rate_hz))
    return [min(samples - 1, int(k / rate_hz / period_s + 1e-6)) for k in range(frames)]


@contextlib.contextmanager
def _renderer(model: mujoco.MjModel, width: int, height: int) -> Iterator[mujoco.Renderer]:
    try:
        renderer = mujoco.Renderer(model, height, width)
        if _is_software():  # smooth edges cost it half of its time
            renderer.close()
            model.vis.quality.offsamples = 0
            renderer = mujoco.Renderer(model, height, width)
    except Exception as error:  # each graphics library fails with errors of its own
        backend = os.environ.get("MUJOCO_GL", "the default")
        raise RenderError(
            f"MuJoCo cannot render here (MUJOCO_GL={backend}): {' '.join(str(error).split())}; "
            "without a display install EGL (Debian, Ubuntu: apt install libegl1) and set "
            "MUJOCO_GL=egl, or install OSMesa (apt install libosmesa6) and set MUJOCO_GL=osmesa"
        ) from error
    try:
        yield renderer
    finally:
        renderer.close()


def _is_software() -> bool:
    """Whether the current OpenGL context draws on the CPU."""
    from OpenGL import GL  # comes with mujoco; imports only once its platform is chosen

    name = (GL.glGetString(GL.GL_RENDERER) or b"").decode(errors="replace").lower()
    return any(known in name for known in ("llvmpipe", "softpipe", "swrast", "swiftshader"))


def _camera(log: EpisodeLog) -> mujoco.MjvCamera:
    """A view from the side and a little ahead, level with the robot, at rest in heading."""
    height = float(log.base_pos_w[0, 2])
    camera = mujoco.MjvCamera()
    heading = float(rotations.heading(log.base_quat_w[0]))
    camera.azimuth = np.degrees(heading) + 125.0
    camera.elevation = -16.0
    camera.distance = 0.55 + 2.9 * height
    camera.lookat[:] = log.base_pos_w[0]
    camera.lookat[2] = 0.75 * height
    return camera


def _smooth(path: np.ndarray, width: float) -> np.ndarray:
    """``path [T, 2]`` averaged over a Gaussian of ``width`` samples to both sides, without a lag.

    The camera then neither shakes with every stride nor stays behind a fast robot.
    """
    reach = min(len(path) - 1, round(3 * width))
    if reach < 1:
        return path
    weights = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / width))
    weights /= weights.sum()
    # odd reflection goes on at the speed of the ends
    longer = np.pad(path, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    return np.stack([np.convolve(column, weights, mode="valid") for column in longer.T], axis=1)


def _caption(frame: np.ndarray, left: str, right: str) -> np.ndarray:
    image = Image.fromarray(frame)
    width, height = image.size
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(_FONT, height // 32)
    margin = height // 30  # at the top: players put their controls at the bottom
    for text, anchor, x in ((left, "la", margin), (right, "ra", width - margin)):
        outline = {"stroke_width": 1, "stroke_fill": (20, 30, 45)}
        draw.text((x, margin), text, font=font, anchor=anchor, fill=(255, 255, 255), **outline)
    return np.asarray(image)
