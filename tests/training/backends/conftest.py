"""Isaac Gym's stand-in, for tests that ask for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from gym_standin import modules, stubs

_DRIVER = ("isaacgym", "isaacgym_scene", "isaacgym_actors")


@pytest.fixture
def isaacgym(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The stand-in in place of ``isaacgym``, and the driver imported on top of it."""
    if not stubs.installed():
        pytest.skip("needs the package isaacgym-stubs")
    for name, module in modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    for name in _DRIVER:
        monkeypatch.delitem(sys.modules, f"amp_training.backends.{name}", raising=False)
    yield
    for name in _DRIVER:
        sys.modules.pop(f"amp_training.backends.{name}", None)
