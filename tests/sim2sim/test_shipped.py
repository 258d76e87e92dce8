"""Every policy that ships passes the basic check on its own robot."""

from __future__ import annotations

import pytest

import amp_sdk
from amp_sdk.policy import resolve, shipped
from amp_sim2sim.check import BasicCheck
from amp_sim2sim.verify import Settings, verify


def test_a_walking_policy_ships() -> None:
    assert "go2_trot" in shipped()


@pytest.mark.parametrize("name", shipped())
def test_passes_the_basic_check(name: str) -> None:
    assert resolve(name).stat().st_size < 2e6
    results = verify(amp_sdk.load_policy(name), Settings(episodes=4), BasicCheck()).results
    assert results.passed, [criterion.text for criterion in results.criteria]
