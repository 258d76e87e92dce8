"""Simulators of training beside MuJoCo on the CPU: MuJoCo Warp and Isaac Gym."""

from __future__ import annotations

import importlib.util
import sys
from typing import Iterator

from amp_sdk.doctor._finding import NOTE, Finding, probe

# its kernels compile on first use, which is not for a doctor; their compiler is in the package
_WARP = """
import mujoco, warp
warp.config.log_level = warp.LOG_ERROR
import mujoco_warp
warp.init()
print("mujoco_warp", mujoco_warp.__version__, "with warp", warp.__version__ + ",",
      "GPU" if warp.is_cuda_available() else "no GPU: the CPU is for tests")
major = mujoco.__version__.split(".")[0]
assert mujoco_warp.__version__.split(".")[0] == major, "not of the release of MuJoCo"
"""
_ISAACGYM = """
from isaacgym import gymapi, gymtorch
gymapi.acquire_gym()
import torch
print("loads;", "GPU pipeline" if torch.cuda.is_available() else "CPU pipeline only")
"""


def mujoco_warp() -> Iterator[Finding]:
    """MuJoCo Warp, for training on a GPU."""
    if importlib.util.find_spec("mujoco") is None or sys.version_info < (3, 11):
        return  # reported with the packages
    works, text = probe(_WARP)
    if works:
        yield Finding("MuJoCo Warp", text.splitlines()[-1])
    else:
        yield Finding(
            "MuJoCo Warp",
            text,
            NOTE,
            "mujoco-warp of MuJoCo's release (for training on an NVIDIA GPU only)",
            f"in the checkout: {sys.executable} -m pip install '.[warp]'",
        )


def isaacgym() -> Iterator[Finding]:
    """Isaac Gym, which runs on Python 3.8 and older only."""
    if importlib.util.find_spec("isaacgym") is None:
        if sys.version_info < (3, 9):
            advice = "unpack Isaac Gym Preview 4 and run: pip install -e isaacgym/python"
            expected = "Isaac Gym Preview 4"
            yield Finding("Isaac Gym", "not installed", NOTE, expected, advice, ("train",))
        return
    works, text = probe(_ISAACGYM)
    if works:
        check = "check it: python -m amp_training.backends.conformance --backend isaacgym"
        yield Finding("Isaac Gym", f"{text.splitlines()[-1]}; {check}")
    else:
        yield Finding(
            "Isaac Gym",
            text,
            NOTE,
            "a module that loads",
            "Preview 4 needs Python 3.6 to 3.8 and their libpython on LD_LIBRARY_PATH "
            "(conda: export LD_LIBRARY_PATH=$CONDA_PREFIX/lib)",
            ("train",),
        )
