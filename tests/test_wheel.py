"""The wheel: what is in it, and that it works on its own in another folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "amp_sdk": ROOT / "amp_sdk",
    "amp_training": ROOT / "training/amp_training",
    "amp_sim2sim": ROOT / "sim2sim/amp_sim2sim",
    "amp_sim2real": ROOT / "sim2real/amp_sim2real",
}
DATA = {".py", ".pyi", ".yaml", ".xml", ".onnx", ".json", ".html", ".csv", ".npz"}
BACKEND = """
import json, sys
from scikit_build_core import build
print(getattr(build, "build_" + sys.argv[1])(sys.argv[2], json.loads(sys.argv[3])))
"""


def build(kind: str, folder: Path) -> Path:
    """A wheel or sdist of the checkout, with the build tools of this environment."""
    for tool in ("scikit_build_core", "pybind11"):
        pytest.importorskip(tool, reason=f"building needs {tool} (make test installs it)")
    # nvcc takes minutes, and the wheel has the same rules for one compiled module as for two
    settings = {"build-dir": str(folder / "build"), "cmake.define.AMP_SDK_CUDA": "off"}
    done = subprocess.run(
        [sys.executable, "-c", BACKEND, kind, str(folder), json.dumps(settings)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


def tracked(folder: Path) -> Iterator[str]:
    """Files of a package that git knows or would add; all of them in an unpacked sdist."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "."]
    try:
        listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        yield from listed.stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        for path in folder.rglob("*"):
            if path.suffix in DATA:
                yield path.relative_to(folder).as_posix()


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = set(archive.namelist())
    tops = {name.split("/")[0] for name in files}
    information = {top for top in tops if top.endswith(".dist-info")}
    assert tops - information == set(PACKAGES) and len(information) == 1
    expected = {
        f"{package}/{file}"
        for package, folder in PACKAGES.items()
        for file in tracked(folder)
        if (folder / file).is_file()
    }
    inside = {name for name in files if name.split("/")[0] in PACKAGES}
    # the loop process, where the system is POSIX, and that for robots, where CycloneDDS is there
    program = {"amp_sdk/_loop", "amp_sdk/_loop_dds"} & inside
    compiled = program | {name for name in inside if name.endswith((".so", ".pyd"))}
    assert inside - compiled == expected
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    assert f"amp_sdk/_core{suffix}" in compiled
    modules = {f"amp_sdk/{name}{suffix}" for name in ("_core", "_cuda", "_dds")}
    assert compiled - program <= modules
    assert (f"amp_sdk/_dds{suffix}" in compiled) == ("amp_sdk/_loop_dds" in program)
    assert any(name.endswith("licenses/LICENSE") for name in files)


@pytest.mark.skipif(os.name != "posix", reason="the runtime needs POSIX")
def test_the_loop_process_is_in_the_wheel_and_may_be_run(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        mode = archive.getinfo("amp_sdk/_loop").external_attr >> 16
    assert mode & 0o111 == 0o111


def test_a_robot_installs_three_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    required = [x for x in metadata.splitlines() if x.startswith("Requires-Dist: ")]
    base = {x.split()[1].split(">")[0].lower() for x in required if "extra ==" not in x}
    assert base == {"numpy", "onnxruntime", "pyyaml"}
    assert "Requires-Python: >=3.8" in metadata


# run where the checkout is not, and without what a robot does not have
INSTALLED = """
import sys
for name in ("torch", "mujoco", "onnx", "rich", "tensorboard", "scipy", "matplotlib", "PIL"):
    sys.modules[name] = None
import numpy as np
import amp_sdk, amp_sim2real
from amp_sdk import kernels, robots
from amp_sdk.policy import load_policy, shipped
assert amp_sdk.__file__.startswith(sys.prefix), amp_sdk.__file__
from amp_sdk import _core
assert _core.__file__.startswith(sys.prefix), _core.__file__
go2 = robots.load("go2")
assert go2.mjcf_path.is_file() and len(go2.joint_names) == 12
one = np.ones((4, 3), np.float32)
no = np.zeros((4, 3), bool)
advantages, returns = kernels.gae(one, 0 * one, 0 * one, no, no, 1.0, 1.0)
assert advantages[:, 0].tolist() == [4.0, 3.0, 2.0, 1.0], advantages
for name in shipped():
    policy = load_policy(name)
    assert np.isfinite(policy.act(np.zeros(policy.contract.obs_dim, np.float32))).all()
"""


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel, and no trace of the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = folder / f"lib/python3.{sys.version_info[1]}/site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # numpy and the others, found after the wheel; .pth files over there have no effect
    (site / "rest.pth").write_text(sysconfig.get_path("platlib") + "\n")
    return folder / "bin" / "python"


def run(python: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess:
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [str(python), *arguments], cwd=folder, env=clean, capture_output=True, text=True
    )


def test_the_wheel_works_in_another_folder(environment: Path, tmp_path: Path) -> None:
    done = run(environment, "-c", INSTALLED, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_recipes_come_with_the_wheel(environment: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the training layer needs torch")
    code = (
        "from amp_training.config import load_recipe, recipe_names\n"
        "print([load_recipe(name).name for name in recipe_names()])"
    )
    done = run(environment, "-c", code, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "go2_trot" in done.stdout


def test_a_missing_extra_is_named(environment: Path, tmp_path: Path) -> None:
    code = (
        "import runpy, sys\n"
        "sys.modules['torch'] = None\n"
        "sys.argv = ['train', '--help']\n"
        "runpy.run_module('amp_sdk.train', run_name='__main__')"
    )
    done = run(environment, "-c", code, folder=tmp_path)
    assert done.returncode == 2
    assert "needs the package 'torch' (extra 'train')" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_sdist_holds_what_a_build_and_its_tests_need(tmp_path: Path) -> None:
    archive = build("sdist", tmp_path)
    with tarfile.open(archive) as packed:
        names = {name.split("/", 1)[1] for name in packed.getnames()}
    needed = {"pyproject.toml", "CMakeLists.txt", "LICENSE", "README.md", "Makefile", "PKG-INFO"}
    assert needed <= names
    for part in (*PACKAGES.values(), ROOT / "csrc", ROOT / "tests"):
        assert {(part / f).relative_to(ROOT).as_posix() for f in tracked(part)} <= names, part
    junk = [n for n in names if n.split("/")[0] in (".venv", "build", "runs", "dist", ".git")]
    assert not junk and archive.stat().st_size < 20e6
