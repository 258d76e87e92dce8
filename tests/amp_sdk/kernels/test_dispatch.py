"""Threads, instruction sets, processes, and torch in place of CUDA."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
import threading
import types
import warnings

import numpy as np
import pytest
import torch
from kernel_inputs import rollout, windows

from amp_sdk import _core, kernels
from amp_sdk.errors import InputError
from amp_sdk.kernels import _dispatch, _native, _torch

OPTIONS = {"heading_invariant": True, "root_height": True}


@pytest.fixture
def threads():
    """Puts the number of threads back."""
    before = kernels.num_threads()
    yield
    kernels.set_num_threads(before)


@pytest.fixture
def instruction_set():
    """Puts the instruction set back."""
    before = _core.isa()
    yield
    _core.select_isa(before)


def results() -> list[np.ndarray]:
    return [
        *kernels.gae(*rollout(32, 5000), 0.99, 0.95),
        kernels.disc_obs(*windows(300, 10, 13, 12, 4), **OPTIONS),
    ]


def test_the_same_bits_for_every_number_of_threads_and_instruction_set(threads, instruction_set):
    expected = results()
    for name in ("baseline", "avx2", "avx512"):
        if not _core.select_isa(name):
            continue
        for count in (1, 2, 3, 7):
            kernels.set_num_threads(count)
            assert kernels.num_threads() == count
            for found, want in zip(results(), expected, strict=True):
                np.testing.assert_array_equal(found, want)


def test_unknown_instruction_sets_are_refused(instruction_set):
    before = _core.isa()
    assert not _core.select_isa("pentium")
    assert _core.isa() == before


def test_several_python_threads_at_once(threads):
    kernels.set_num_threads(3)
    expected = results()
    wrong: list[str] = []

    def run() -> None:
        for _ in range(5):
            for found, want in zip(results(), expected, strict=True):
                if not np.array_equal(found, want):
                    wrong.append("differs")

    callers = [threading.Thread(target=run) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
def test_works_in_a_forked_process(threads):
    code = (
        "import os, numpy as np\n"
        "from amp_sdk import kernels\n"
        "kernels.set_num_threads(3)\n"
        "one = np.ones((64, 20000), np.float32)\n"
        "run = lambda: kernels.gae(one, one, one, one, one, 0.9, 0.9)[0].sum()\n"
        "first = run()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if run() == first else 1)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


@pytest.mark.parametrize("bad", [0, -1, "many", None, 5000])
def test_thread_counts_are_checked(bad, threads):
    with pytest.raises(InputError, match="integer from 1 to 1024"):
        kernels.set_num_threads(bad)


@pytest.mark.parametrize(("value", "status"), [("3", 0), ("x", 1)])
def test_the_environment_sets_the_threads(value, status):
    code = "from amp_sdk import kernels; assert kernels.num_threads() == 3"
    environment = {**os.environ, _native.THREADS_VARIABLE: value}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.returncode == status
    assert (_native.THREADS_VARIABLE in done.stderr.decode()) == bool(status)


def test_importing_the_kernels_imports_no_torch_and_no_core():
    code = (
        "import sys, amp_sdk.kernels\n"
        "assert not {'torch', 'amp_sdk._core', 'amp_sdk._cuda'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


ALLOCATE = functools.partial(torch.empty, dtype=torch.float32)


def test_torch_gae_gives_what_the_compiled_one_gives():
    for steps, columns in [(1, 1), (9, 40)]:
        inputs = [torch.from_numpy(a) for a in rollout(steps, columns, done=0.3)]
        inputs[0][-1, 0] = float("nan")  # hidden behind the end before it, or not
        inputs[4][:-1, 0] = True
        expected = kernels.gae(*inputs, 0.99, 0.95)
        found = _torch.gae(*inputs, 0.99, 0.95, None, ALLOCATE, 0)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("heading", [False, True])
@pytest.mark.parametrize("height", [False, True])
def test_torch_disc_obs_gives_what_the_compiled_one_gives(heading, height):
    for shape in [(1, 1, 0, 0, 0), (5, 3, 4, 2, 2)]:
        inputs = [torch.from_numpy(a) for a in windows(*shape)]
        expected = kernels.disc_obs(*inputs, heading_invariant=heading, root_height=height)
        out = torch.empty_like(expected)
        found = _torch.disc_obs(*inputs, heading, height, out, ALLOCATE, 0)
        assert found is out
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_torch_checks_as_the_compiled_modules_do():
    inputs = [torch.from_numpy(a) for a in rollout(3, 4)]
    inputs[1] = inputs[1].double()
    with pytest.raises(kernels.ArrayError, match="gae: values must be float32"):
        _torch.gae(*inputs, 0.99, 0.95, None, ALLOCATE, 0)


class OnSecondDevice(torch.Tensor):
    """A CPU tensor that says it is on cuda:1."""

    is_cuda = True  # type: ignore[assignment]

    def get_device(self) -> int:
        return 1


def test_cuda_tensors_use_their_own_device_and_its_current_stream(monkeypatch):
    current = [0]
    calls: list[tuple] = []

    @contextlib.contextmanager
    def device(index):
        before, current[0] = current[0], index
        yield
        current[0] = before

    def module(index):
        assert index == current[0]
        return types.SimpleNamespace(gae=lambda *args: calls.append((current[0], *args[-3:])))

    monkeypatch.setattr(torch.cuda, "current_device", lambda: current[0])
    monkeypatch.setattr(torch.cuda, "device", device)
    monkeypatch.setattr(
        torch.cuda, "current_stream", lambda: types.SimpleNamespace(cuda_stream=100 + current[0])
    )
    monkeypatch.setattr(_dispatch, "cuda", module)
    array = torch.zeros(2, 3).as_subclass(OnSecondDevice)
    for start in (0, 1):
        current[0] = start
        kernels.gae(array, array, array, array, array, 0.9, 0.9)
        (where, out, allocate, stream) = calls.pop()
        assert (where, out, stream) == (1, None, 101)
        assert allocate((4, 5)).shape == (4, 5)
        assert current[0] == start


def test_a_missing_cuda_module_warns_once_and_says_why(monkeypatch):
    monkeypatch.setitem(sys.modules, "amp_sdk._cuda", None)
    _native.cuda.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="cannot be loaded.*plain torch.*AMP_SDK_CUDA=on"):
            assert _native.cuda(0) is None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert _native.cuda(0) is None
    finally:
        _native.cuda.cache_clear()


def test_a_cuda_module_that_cannot_run_warns(monkeypatch):
    pytest.importorskip("amp_sdk._cuda", reason="the CUDA module is not built here")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU that works")
    _native.cuda.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="plain torch"):
            assert _native.cuda(0) is None
    finally:
        _native.cuda.cache_clear()
