"""The Python side: interpreter, installation, required packages and extras."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Tuple

import amp_sdk
from amp_sdk.doctor._finding import NOTE, PROBLEM, Finding, probe

DISTRIBUTION = "amp-sdk"
# libraries that can be installed and still fail to load, and how to import each
_TRIED = {
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "pyyaml": "yaml",
    "torch": "torch",
    "mujoco": "mujoco",
    "onnx": "onnx",
    "imageio-ffmpeg": "imageio_ffmpeg as f; f.get_ffmpeg_exe()",
}
_USES = ("train", "sim")


class Requirement(NamedTuple):
    """One line of the installed metadata; ``extra`` is empty for a base requirement."""

    name: str
    minimum: str
    extra: str
    python: str


def python() -> Iterator[Finding]:
    """The interpreter."""
    found = f"{'.'.join(map(str, sys.version_info[:3]))} ({sys.executable})"
    if sys.version_info >= (3, 11):
        yield Finding("Python", found)
    else:
        yield Finding(
            "Python",
            found,
            NOTE,
            "3.11 or newer for MuJoCo (training on the CPU, sim2sim); 3.8 is for Isaac Gym",
            "make a virtual environment with a newer Python",
            ("sim",) if sys.version_info < (3, 9) else _USES,
        )


def installation() -> Iterator[Finding]:
    """The package itself: is it this one, and is the rest of it there."""
    folder = Path(amp_sdk.__file__).parent
    yield Finding("amp_sdk", f"{amp_sdk.__version__} ({folder})")
    try:
        installed = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        yield Finding(
            "installation",
            f"amp_sdk is read from {folder} without being installed",
            NOTE,
            f"a distribution {DISTRIBUTION} {amp_sdk.__version__}",
            f"in the checkout: {_pip()} -e '.[train]'",
        )
        return
    if installed != amp_sdk.__version__:
        yield Finding(
            "installation",
            f"the distribution {DISTRIBUTION} {installed} beside amp_sdk {amp_sdk.__version__}",
            PROBLEM,
            "one version; the public package index has an unrelated project of this name",
            f"{sys.executable} -m pip uninstall {DISTRIBUTION}, then in the checkout: {_pip()} .",
        )


def requirements() -> List[Requirement]:
    """What the installed metadata asks for; empty where the package is not installed."""
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    return [r for r in map(_parse, lines) if r.name != DISTRIBUTION]


def _parse(line: str) -> Requirement:
    name = re.match(r"[A-Za-z0-9._-]+", line.strip())
    minimum = re.search(r">=\s*([0-9.]+)", line.split(";")[0])
    extra = re.search(r"extra\s*==\s*[\"']([^\"']+)", line)
    python_version = re.search(r"python_version\s*>=\s*[\"']([0-9.]+)", line)
    return Requirement(
        re.sub(r"[-_.]+", "-", name.group(0)).lower() if name else line,
        minimum.group(1) if minimum else "0",
        extra.group(1) if extra else "",
        python_version.group(1) if python_version else "0",
    )


def packages() -> Iterator[Finding]:
    """Base requirements, then those of the extras that a user (not a developer) wants."""
    by_name: Dict[str, Requirement] = {}
    extras: Dict[str, List[str]] = {}
    for requirement in requirements():
        here = sys.version_info >= _numbers(requirement.python)
        if here and requirement.extra in ("", *_USES):
            by_name.setdefault(requirement.name, requirement)
            extras.setdefault(requirement.name, []).append(requirement.extra)
    missing: List[Requirement] = []
    for name, requirement in by_name.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(requirement)
            continue
        uses = "" if requirement.extra == "" else f" ({', '.join(extras[name])})"
        yield _present(name + uses, requirement, version)
    base = [r for r in missing if r.extra == ""]
    if base:
        yield _missing("required packages", base, PROBLEM, ())
    for use in _USES:
        lacking = [r for r in missing if use in extras[r.name]]
        if lacking:
            yield _missing(f"packages to {use}", lacking, NOTE, (use,))


def _present(what: str, requirement: Requirement, version: str) -> Finding:
    name = requirement.name
    if _numbers(version) < _numbers(requirement.minimum):
        expected = f"{name} >= {requirement.minimum}"
        return Finding(what, version, PROBLEM, expected, f"{_pip()} {_quoted([requirement])}")
    if name in _TRIED:
        works, complaint = probe(f"import {_TRIED[name]}")
        if not works:
            found = f"{version}, which does not load: {complaint}"
            again = f"{_pip()} --force-reinstall {name}"
            return Finding(what, found, PROBLEM, "a package that loads", again)
    return Finding(what, version)


def _missing(
    what: str, requirements: List[Requirement], level: str, uses: Tuple[str, ...]
) -> Finding:
    names = ", ".join(r.name for r in requirements)
    expected = "; ".join(f"{r.name} >= {r.minimum}" for r in requirements)
    advice = f"{_pip()} {_quoted(requirements)}"
    return Finding(what, f"not installed: {names}", level, expected, advice, uses)


def _quoted(requirements: List[Requirement]) -> str:
    return " ".join(f"'{r.name}>={r.minimum}'" for r in requirements)


def _numbers(version: str) -> Tuple[int, ...]:
    """Leading numbers of a version: ``2.13.0+cpu`` is (2, 13, 0)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match.group(0).split(".")) if match else (0,)


def _pip() -> str:
    return f"{sys.executable} -m pip install"
