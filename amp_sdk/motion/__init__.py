"""Reference motion: clips, their file formats, a library to sample them and a gait generator."""

from amp_sdk.motion.clip import MotionClip
from amp_sdk.motion.dataset import is_dataset, load_dataset
from amp_sdk.motion.generate import GENERATORS, GaitParameters, generate
from amp_sdk.motion.library import MotionLibrary, MotionState
from amp_sdk.motion.load import load_clip, read_raw, to_clip

__all__ = [
    "GENERATORS",
    "GaitParameters",
    "MotionClip",
    "MotionLibrary",
    "MotionState",
    "generate",
    "is_dataset",
    "load_clip",
    "load_dataset",
    "read_raw",
    "to_clip",
]
