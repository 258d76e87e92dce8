"""Skips the training layer's tests where it cannot run; a tiny session for the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("torch", reason="the training layer needs torch")
pytest.importorskip("mujoco.batch", reason="the CPU backend needs mujoco 4 (Python 3.11)")


@pytest.fixture
def session():
    """A tiny session."""
    from small_session import small_recipe

    from amp_training.build import build_session

    return build_session(small_recipe())


@pytest.fixture
def threads() -> Iterator[None]:
    """Puts the threads of the whole process back, of torch and of the kernels."""
    import torch

    from amp_sdk import kernels

    before = kernels.num_threads(), torch.get_num_threads()
    yield
    kernels.set_num_threads(before[0])
    torch.set_num_threads(before[1])
