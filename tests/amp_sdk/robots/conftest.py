"""The public reference models, which are not part of the repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest


@pytest.fixture(scope="session")
def reference_mjcf() -> Callable[[str], str]:
    """The text of a reference model without its meshes, which are not there; skips without it."""
    beside = Path(__file__).resolve().parents[4] / "shared"
    folder = Path(os.environ.get("AMP_SDK_SHARED", str(beside))) / "robots"

    def read(file: str) -> str:
        path = folder / file
        if not path.is_file():
            pytest.skip(f"no reference model {path} (set AMP_SDK_SHARED)")
        root = ElementTree.parse(path).getroot()
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag in ("mesh", "geom") and (
                    "mesh" in child.attrib or child.tag == "mesh"
                ):
                    parent.remove(child)
                elif child.get("type") == "mesh":
                    del child.attrib["type"]
        return ElementTree.tostring(root, encoding="unicode")

    return read
