"""What all tests share: reference data where there is some, rendering without a screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# before any test imports mujoco, which reads it once
os.environ.setdefault("MUJOCO_GL", "egl")

# the same examples every time, and no time limit on a shared machine
settings.register_profile("suite", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("suite")

ROOT = Path(__file__).resolve().parent.parent

_RENDER = """
import mujoco
model = mujoco.MjModel.from_xml_string("<mujoco/>")
with mujoco.Renderer(model, 8, 8) as renderer:
    renderer.render()
"""


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data: ``$AMP_SDK_SHARED``, or ``shared`` beside the checkout."""
    folder = Path(os.environ.get("AMP_SDK_SHARED", str(ROOT.parent / "shared")))
    if not folder.is_dir():
        pytest.skip(f"no reference data in {folder} (set AMP_SDK_SHARED to its folder)")
    return folder


@pytest.fixture(scope="session")
def renderer() -> None:
    """Skips where MuJoCo cannot render; tried in a process of its own, since it may crash."""
    done = subprocess.run([sys.executable, "-c", _RENDER], capture_output=True, text=True)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        pytest.skip(f"no rendering with MUJOCO_GL={os.environ['MUJOCO_GL']}: {why}")


@pytest.fixture
def page() -> Iterator:
    """A page of a headless Chromium (playwright), which draws WebGL without a GPU; skips where
    there is none."""
    reason = "no page is looked at: playwright is not installed (extra 'test')"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    with playwright.sync_playwright() as library:
        try:
            browser = library.chromium.launch(
                executable_path=found,
                args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
            )
        except playwright.Error as error:
            pytest.skip(f"no page is looked at: no Chromium ({str(error).splitlines()[0]})")
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(120_000)
        yield page
        browser.close()
