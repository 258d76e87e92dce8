"""What works here: compiled kernels, policies, simulation, rendering, GPU."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from typing import Iterator

from amp_sdk.doctor._finding import NOTE, PROBLEM, Finding, probe, run_command

_RENDER = """
import mujoco
model = mujoco.MjModel.from_xml_string(
    "<mujoco><worldbody><light pos='0 0 3'/><geom type='sphere' size='.5'/></worldbody></mujoco>")
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 64, 64) as renderer:
    renderer.update_scene(data)
    image = renderer.render()
assert image.max() > image.min(), "the picture is empty"
"""
_BATCH = """
import mujoco
from mujoco import batch
print(batch.Batch.__name__)
"""
_POLICIES = """
from amp_sdk.policy import load_policy, shipped
for name in shipped():
    load_policy(name)
print(", ".join(shipped()))
"""


def kernels() -> Iterator[Finding]:
    """The compiled core and, where there is a GPU, its CUDA side."""
    works, text = probe(
        "from amp_sdk.kernels._native import core\n"
        "c = core(); print(f'{c.isa()} instructions, {c.num_threads()} threads')"
    )
    if works:
        yield Finding("kernels (C++)", text)
    else:
        yield Finding(
            "kernels (C++)",
            text,
            PROBLEM,
            "the compiled module amp_sdk._core, built for this Python",
            f"in the checkout: {sys.executable} -m pip install . (needs a C++17 compiler); run "
            "outside the checkout's folder unless it is an editable installation",
        )
    present = importlib.util.find_spec("amp_sdk._cuda") is not None
    if present:
        works, text = probe("import amp_sdk._cuda")
        level = NOTE if not works else "ok"
        found = "built" if works else f"built, but does not load: {text}"
        advice = "install the NVIDIA driver, or ignore this on a machine without a GPU"
        yield Finding("kernels (CUDA)", found, level, "a module that loads", advice)
    elif shutil.which("nvidia-smi"):
        yield Finding(
            "kernels (CUDA)",
            "not built",
            NOTE,
            "the module amp_sdk._cuda on a machine with an NVIDIA GPU",
            "put nvcc (CUDA 12 or newer) on PATH and install again from the checkout",
        )


def robots() -> Iterator[Finding]:
    """The drivers of Unitree's robots, which need CycloneDDS."""
    works, text = probe(
        "import pathlib; from amp_sdk import unitree; module = unitree.native()\n"
        "program = pathlib.Path(module.__file__).with_name('_loop_dds')\n"
        "assert program.is_file(), f'{program} is missing'"
    )
    if works:
        yield Finding("robots (DDS)", "drivers of Go2 and G1")
        return
    missing = "built without" in text
    yield Finding(
        "robots (DDS)",
        "not built" if missing else text,
        NOTE,
        "the module amp_sdk._dds, to run policies on a Go2 or G1",
        "install CycloneDDS 0.10 (Debian, Ubuntu: apt install cyclonedds-dev cyclonedds-tools), "
        "then amp-sdk again from the checkout",
    )


def policies() -> Iterator[Finding]:
    """onnxruntime and the policies in the package, run against their recorded actions."""
    works, text = probe(
        "import onnxruntime; print(', '.join(onnxruntime.get_available_providers()))"
    )
    if not works:
        return  # reported with the packages
    if "CPUExecutionProvider" in text:
        yield Finding("onnxruntime providers", text)
    else:
        advice = "install the package onnxruntime from the package index"
        yield Finding("onnxruntime providers", text, PROBLEM, "CPUExecutionProvider", advice)
    works, text = probe(_POLICIES)
    if works:
        yield Finding("shipped policies", f"{text or 'none'}: as recorded" if text else "none")
    else:
        again = "install amp-sdk again: a policy file or onnxruntime is damaged"
        yield Finding("shipped policies", text, PROBLEM, "the recorded actions", again)


def simulation() -> Iterator[Finding]:
    """MuJoCo's batched stepping, and rendering without a screen."""
    if importlib.util.find_spec("mujoco") is None:
        return  # reported with the packages
    works, text = probe(_BATCH)
    if works:
        yield Finding("MuJoCo batch stepping", "available")
    else:
        yield Finding(
            "MuJoCo batch stepping",
            text,
            NOTE,
            "mujoco.batch, which MuJoCo 4 brings",
            f"{sys.executable} -m pip install 'mujoco>=4'",
            ("train",),
        )
    how = os.environ.get("MUJOCO_GL", "egl")
    works, text = probe(_RENDER, {"MUJOCO_GL": how})
    if works:
        yield Finding("rendering", f"works with MUJOCO_GL={how}")
    else:
        yield Finding(
            "rendering",
            f"fails with MUJOCO_GL={how}: {text}",
            NOTE,
            "a picture without a screen (needed for --video only)",
            "install EGL (Debian, Ubuntu: apt install libegl1 libgl1-mesa-dri), or with "
            "libosmesa6 set MUJOCO_GL=osmesa",
        )


def gpu() -> Iterator[Finding]:
    """NVIDIA GPUs, and whether torch sees them."""
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    if shutil.which(query[0]) is None:
        yield Finding("GPU", "none (training runs on the CPU)")
        return
    works, text = run_command(query)
    if not works or not text:
        advice = "check the NVIDIA driver: nvidia-smi"
        yield Finding("GPU", text or "none listed", NOTE, "a working NVIDIA driver", advice)
        return
    for line in text.splitlines():
        yield Finding("GPU", line)
    if importlib.util.find_spec("torch") is None:
        return
    works, text = probe(
        "import torch; print(torch.__version__, torch.version.cuda, torch.cuda.device_count())"
    )
    if works and int(text.split()[2]) > 0:
        version, cuda, count = text.split()
        yield Finding("torch on the GPU", f"{version}, CUDA {cuda}, {count} device(s)")
    else:
        yield Finding(
            "torch on the GPU",
            f"torch ({text}) sees no GPU",
            NOTE,
            "a torch built for CUDA and for this driver",
            "install torch as https://pytorch.org/get-started says for your CUDA version",
        )
