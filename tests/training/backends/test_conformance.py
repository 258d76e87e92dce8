"""Every backend against the contract: the checks that users run on their simulator too."""

from __future__ import annotations

import pytest

from amp_training.backends.conformance import CASES


def fails(name: str, backend: str) -> list[str]:
    """The measurements that are out of their tolerance."""
    measured = CASES[name].run(backend, "cpu")
    assert measured
    return [str(m) for m in measured if not m.passed]


@pytest.mark.parametrize("name", CASES)
def test_mujoco(name: str) -> None:
    assert not fails(name, "mujoco")


@pytest.mark.parametrize("name", CASES)
def test_mujoco_warp_on_its_cpu_device(name: str) -> None:
    pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
    assert not fails(name, "mujoco_warp")


@pytest.mark.parametrize("name", CASES)
def test_isaac_gym_through_the_stand_in(name: str, isaacgym: None) -> None:
    assert not fails(name, "isaacgym")
