"""Two processes learn as one that was fed the union of their rollouts, and stay equal."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from small_session import small_recipe

from amp_sdk import kernels
from amp_sdk.errors import InputError
from amp_training import workers
from amp_training.backends.registry import resolve_device
from amp_training.progress_file import read_rows

SCRIPT = Path(__file__).parent / "two_processes.py"

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available() or not torch.distributed.is_gloo_available(),
    reason="this torch has no gloo",
)


@pytest.mark.parametrize(
    ("given", "processes", "kernel_threads", "torch_threads"),
    [(0, 1, 5, 3), (6, 1, 6, 6), (6, 2, 3, 3), (1, 2, 1, 1), (0, 2, 2, 3)],
)
def test_threads_are_of_torch_and_kernels_and_are_shared(
    given, processes, kernel_threads, torch_threads, threads, monkeypatch
) -> None:
    kernels.set_num_threads(5)
    torch.set_num_threads(3)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
    workers.share_threads(given)
    assert (kernels.num_threads(), torch.get_num_threads()) == (kernel_threads, torch_threads)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[str, dict]:
    """What one process alone and each of two found, by "rank of size"."""
    folder, port = tmp_path_factory.mktemp("workers"), free_port()
    started = []
    for size in (1, 2):
        for rank in range(size):
            told = {"RANK": rank, "WORLD_SIZE": size, "MASTER_PORT": port, "OMP_NUM_THREADS": 1}
            paths = os.pathsep.join([str(SCRIPT.parent), os.environ.get("PYTHONPATH", "")])
            environment = {**os.environ, "MASTER_ADDR": "127.0.0.1", "PYTHONPATH": paths}
            environment |= {name: str(value) for name, value in told.items()}
            line = [sys.executable, str(SCRIPT), str(folder)]
            started.append(subprocess.Popen(line, env=environment, stderr=subprocess.PIPE))
    for process in started:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors.decode()
    found = {f"{r}of{s}": torch.load(folder / f"{r}of{s}.pt") for r, s in ((0, 1), (0, 2), (1, 2))}
    found["rows"] = read_rows(folder / "run" / "progress.csv")
    return found


@pytest.mark.parametrize("part", ["policy", "prior"])
def test_two_halves_are_one_whole(part: str, results) -> None:
    """Gradients, the learning rate by the KL, and the statistics of the normaliser."""
    whole = results["0of1"][part]
    for rank in ("0of2", "1of2"):
        for name, value in whole.items():
            torch.testing.assert_close(
                results[rank][part][name], value, atol=1e-6, rtol=1e-5, msg=f"{rank} {name}"
            )


def test_processes_stay_equal_and_see_different_robots(results) -> None:
    stay_equal(results["0of2"]["run"], results["1of2"]["run"])


def stay_equal(one: dict, two: dict) -> None:
    """Networks and statistics are those of one learner; rollouts are each process's own."""
    for name in one:
        assert torch.equal(one[name], two[name]) is (name != "own"), name
    assert float(one["samples"]) == 2 * 2 * 48  # both processes' samples are in the statistics


def test_torchrun_on_mujoco_warp(tmp_path) -> None:
    pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
    paths = os.pathsep.join([str(SCRIPT.parent), os.environ.get("PYTHONPATH", "")])
    line = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    line += [str(SCRIPT), str(tmp_path), "simulation.backend=mujoco_warp"]
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    stay_equal(*(torch.load(tmp_path / f"{rank}of2.pt")["run"] for rank in (0, 1)))
    assert len(read_rows(tmp_path / "run" / "progress.csv")) == 2


def test_each_process_of_a_machine_has_a_gpu_of_its_own(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    for rank in (0, 1):
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        for wanted in (None, "cuda"):
            assert resolve_device("mujoco_warp", wanted) == torch.device("cuda", rank)
        assert resolve_device("mujoco", None) == torch.device("cpu")
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(InputError, match="process 3 of 3"):
        resolve_device("mujoco_warp", None)
    with pytest.raises(InputError, match="share one GPU"):
        workers.join("cuda:0")


def test_the_first_process_writes_and_counts_all_samples(results) -> None:
    assert [row["samples"] for row in results["rows"]] == ["96", "192"]


def test_one_process_is_left_alone(monkeypatch) -> None:
    assert workers.size() == 1 and workers.rank() == 0
    x = torch.randn(4, 3)
    assert workers.total(x) is x and workers.mean(x) is x
    assert workers.agreed(True) and not workers.agreed(False)
    mean, std = workers.mean_and_std(x)
    assert torch.equal(mean, x.mean()) and torch.equal(std, x.std())
    assert small_recipe().seed == 1
    monkeypatch.setenv("WORLD_SIZE", "two")
    with pytest.raises(InputError, match="torchrun"):
        workers.join()
