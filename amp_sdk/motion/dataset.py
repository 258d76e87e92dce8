"""Weighted data sets of clips: a YAML file that lists them, as MimicKit has it.

    motions:
      - file: walk.pkl
        weight: 2.0
      - file: run.pkl

Files are relative to the YAML file; the name of a generator will do too. ``fps`` and ``loop``
override what a file says.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import List, Literal, Optional, Tuple, Union

from amp_sdk.config import from_mapping, load_yaml
from amp_sdk.errors import InputError
from amp_sdk.motion.clip import MotionClip
from amp_sdk.motion.generate import GENERATORS
from amp_sdk.motion.load import load_clip
from amp_sdk.robots import RobotSpec

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class ClipEntry:
    """One clip of a data set; ``weight`` is how often it is sampled, relative to the others."""

    file: str
    weight: float = 1.0
    fps: Optional[float] = None
    loop: Optional[Literal["wrap", "clamp"]] = None

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise InputError(f"weight of {self.file!r}: expected above zero, found {self.weight}")


@dataclass(frozen=True)
class MotionDataset:
    """The clips of a data set, one or more."""

    motions: Tuple[ClipEntry, ...]

    def __post_init__(self) -> None:
        if not self.motions:
            raise InputError("motions: expected at least one clip, found none")


def is_dataset(source: Union[str, Path]) -> bool:
    """Whether ``source`` names a data set and not a clip."""
    return Path(source).suffix in SUFFIXES


def load_dataset(
    path: Union[str, Path], robot: RobotSpec, fps: Optional[float] = None
) -> List[MotionClip]:
    """The clips of a data set with its weights as their own.

    ``fps`` is for files that do not store a rate and have none in the data set.
    Raises InputError for a data set or a clip that cannot be used.
    """
    dataset = from_mapping(MotionDataset, load_yaml(path), str(path))
    folder, clips = Path(path).parent, []
    for entry in dataset.motions:
        source = entry.file if entry.file in GENERATORS else str(folder / entry.file)
        rate = fps if entry.fps is None else entry.fps
        clip = load_clip(source, robot, fps=rate, loop=entry.loop)
        clips.append(dataclasses.replace(clip, weight=entry.weight))
    return clips
