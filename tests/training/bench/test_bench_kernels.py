"""The kernel bench: its alternatives compute the same, its limits are checked."""

from __future__ import annotations

import json

import pytest
import torch
from kernel_inputs import rollout, windows

from amp_sdk import bench, kernels
from amp_sdk._timing import median_times
from amp_sdk.errors import CheckFailedError
from amp_training.bench import cases, torch_chains
from amp_training.bench import kernels as bench_kernels
from amp_training.bench.cases import Case, Limits


@pytest.fixture(autouse=True)
def threads():
    """The bench sets the threads of the whole process; puts them back."""
    before = kernels.num_threads(), torch.get_num_threads()
    yield
    kernels.set_num_threads(before[0])
    torch.set_num_threads(before[1])


def test_the_loop_is_gae():
    arrays = [torch.from_numpy(a) for a in rollout(9, 7, done=0.3)]
    found = torch_chains.gae_loop(*arrays[:3], arrays[3].float(), arrays[4].float(), 0.9, 0.8)
    for one, other in zip(found, kernels.gae(*arrays, 0.9, 0.8), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("heading", [False, True])
@pytest.mark.parametrize("height", [False, True])
def test_the_chain_is_disc_obs(heading, height):
    arrays = [torch.from_numpy(a) for a in windows(3, 4, 5, 2, 2)]
    expected = kernels.disc_obs(*arrays, heading_invariant=heading, root_height=height)
    found = torch_chains.disc_obs_chain(*arrays, heading, height)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_a_case_counts_the_bytes_that_move():
    case = cases.gae_case(3, 5, "cpu", compiled=False, limits=Limits())
    assert case.bytes_moved == 3 * 5 * (5 * 4 + 2)
    case = cases.disc_obs_case(2, "cpu", compiled=False, limits=Limits())
    # the sizes of one step of the G1: 13 + 4 * 30 + 29 + 15 in, 239 out
    assert case.bytes_moved == 2 * 10 * (177 + 239) * 4
    assert {cases.KERNEL, cases.EAGER, cases.SCRIPT, cases.COPY} == set(case.ways)


def test_medians_of_calls_in_turns():
    calls: list[str] = []
    ways = {name: lambda name=name: calls.append(name) for name in ("a", "b")}
    times = median_times(ways, rounds=2)
    assert set(times) == {"a", "b"} and all(0.0 < t < 1.0 for t in times.values())
    # more than one turn each
    assert calls.index("b") < len(calls) - 1 - calls[::-1].index("a")


def test_limits():
    case = Case("thing", 8, {}, Limits(times_faster=("torch", 10.0), times_copy=3.0))
    assert bench_kernels.missed(case, {"kernel": 1.0, "torch": 10.0, "copy": 0.5}) == []
    missed = bench_kernels.missed(case, {"kernel": 1.0, "torch": 9.0, "copy": 0.25})
    assert missed == [
        "thing: 9.0x faster than torch, wanted 10x",
        "thing: 4.00 times the copy, wanted at most 3",
    ]
    graphs = {"kernel on device": 1.0, "copy on device": 0.9}
    assert not bench_kernels.missed(case, {"kernel": 9.0, "torch": 90.0, "copy": 1.0, **graphs})


def tiny(limits: Limits):
    return lambda device, compiled: [cases.gae_case(3, 5, device, False, limits)]


def test_the_command_writes_json_and_checks(monkeypatch, tmp_path, capsys):
    target = tmp_path / "kernels.json"
    arguments = ["--rounds", "1", "--threads", "2", "--check", "--json", str(target)]
    monkeypatch.setattr(bench_kernels, "cases", tiny(Limits()))
    assert bench_kernels.main(arguments) == 0
    result = json.loads(target.read_text())["results"][0]
    assert result["case"] == "gae [3, 5]" and set(result["seconds"]) == {"kernel", "torch", "copy"}
    assert "gae [3, 5]" in capsys.readouterr().out
    monkeypatch.setattr(bench_kernels, "cases", tiny(Limits(times_faster=("torch", 1e9))))
    with pytest.raises(CheckFailedError, match="faster than torch, wanted 1e"):
        bench_kernels.main(arguments)


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        ([], 2, "usage"),
        (["--help"], 0, "kernels"),
        (["kernel"], 2, "did you mean 'kernels'"),
        (["kernels", "--rounds", "0"], 2, "--rounds must be at least 1"),
    ],
)
def test_the_entry(arguments, status, text, capsys):
    assert bench.main(arguments) == status
    output = capsys.readouterr()
    assert text in output.out + output.err


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_one_error(capsys):
    assert bench.main(["kernels", "--device", "cuda"]) == 2
    assert "torch finds no CUDA device" in capsys.readouterr().err
