"""The interchange format of this package: an ``.npz`` of plain arrays with every name written out.

``format`` "amp_sdk.motion", ``version`` 1, ``name``, ``robot``, ``source``, ``loop`` (text),
``fps``, ``weight`` (float64), ``wrap_heading`` (bool), ``joint_names`` [J] (text), ``root_pos_w``
[T, 3] m, ``root_quat_w`` [T, 4] wxyz, ``joint_pos`` [T, J] rad in the order of ``joint_names``
(float64).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any, Dict, Union

import numpy as np

from amp_sdk._files import atomic_write
from amp_sdk.errors import InputError
from amp_sdk.motion.clip import MotionClip
from amp_sdk.motion.formats.raw import MAX_NUMBERS, RawMotion
from amp_sdk.robots import RobotSpec

NAME = "amp-sdk .npz"
_TAG, _VERSION = "amp_sdk.motion", 1
_TEXTS = ("name", "robot", "source", "loop")
_KINDS = {
    **dict.fromkeys(("format", "joint_names", *_TEXTS), "U"),
    **dict.fromkeys(("fps", "weight", "root_pos_w", "root_quat_w", "joint_pos"), "f"),
    "version": "iu",
    "wrap_heading": "b",
}


def save(clip: MotionClip, path: Union[str, Path]) -> None:
    """Write ``clip``, whole or not at all. Raises InputError where it cannot be written."""
    if Path(path).suffix != ".npz":
        raise InputError(f"cannot write {path}: expected a file name that ends in .npz")
    with atomic_write(path) as file:
        np.savez(
            file,
            format=_TAG,
            version=_VERSION,
            name=clip.name,
            robot=clip.robot,
            source=clip.source,
            loop=clip.loop,
            fps=clip.fps,
            weight=clip.weight,
            wrap_heading=clip.wrap_heading,
            joint_names=np.array(clip.joint_names),
            root_pos_w=clip.root_pos_w,
            root_quat_w=clip.root_quat_w,
            joint_pos=clip.joint_pos,
        )


def recognises(data: bytes) -> bool:
    """Whether ``data`` is a zip file, as every ``.npz`` is."""
    return data[:2] == b"PK"


def parse(data: bytes, where: str, robot: RobotSpec) -> RawMotion:
    """Read a clip of ``robot``. Raises InputError."""
    content = _arrays(data, where)
    text = {key: str(content[key]) for key in _TEXTS}
    if text["robot"] != robot.name:
        raise InputError(
            f"{where}: expected a clip of {robot.name}, found one of {text['robot']}; "
            f"use it with that robot"
        )
    frames = len(np.atleast_1d(content["joint_pos"]))
    shapes = {
        "root_pos_w": (frames, 3),
        "root_quat_w": (frames, 4),
        "joint_pos": (frames, content["joint_names"].size),
    }
    for key, shape in shapes.items():
        if content[key].shape != shape:
            raise InputError(f"{where}: {key}: expected {shape}, found {content[key].shape}")
    return RawMotion(
        format=NAME,
        source=where,
        name=text["name"],
        joint_names=tuple(map(str, np.atleast_1d(content["joint_names"]))),
        root_pos_w=content["root_pos_w"],
        root_quat_w=content["root_quat_w"],
        joint_pos=content["joint_pos"],
        fps=float(content["fps"]),
        loop=text["loop"],
        wrap_heading=bool(content["wrap_heading"]),
        weight=float(content["weight"]),
    )


def _arrays(data: bytes, where: str) -> Dict[str, Any]:
    """The arrays of the file by name, all present and of the right kind."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 8 * MAX_NUMBERS:
                raise InputError(f"{where}: more than {MAX_NUMBERS} numbers; not a motion clip")
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            missing = sorted(set(_KINDS) - set(archive.files))
            if missing:
                raise InputError(
                    f"{where}: expected an {NAME} ('python -m amp_sdk.motion convert' writes it), "
                    f"but it has no {', '.join(missing)}; found {', '.join(archive.files)}"[:500]
                )
            content = {key: archive[key] for key in _KINDS}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{where}: the file is truncated or damaged ({error}); expected a whole {NAME}; "
            "copy it again"
        ) from error
    for key, kinds in _KINDS.items():
        single = key not in ("joint_names", "root_pos_w", "root_quat_w", "joint_pos")
        if content[key].dtype.kind not in kinds or (single and content[key].shape != ()):
            found = f"{content[key].dtype} {content[key].shape}"
            raise InputError(f"{where}: {key}: expected {NAME} version {_VERSION}, found {found}")
    if str(content["format"]) != _TAG or int(content["version"]) != _VERSION:
        raise InputError(
            f"{where}: expected format {_TAG} version {_VERSION}, found {content['format']} "
            f"version {content['version']}; a newer amp-sdk may read it"[:300]
        )
    return content
