"""CUDA tensors: agreement, streams, graphs and errors. Needs a GPU."""

from __future__ import annotations

import itertools
import warnings

import kernel_reference as reference
import pytest
import torch
from kernel_inputs import relative_error, rollout, windows

from amp_sdk import kernels

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device"),
]

GAMMA, LAM = 0.99, 0.95
OPTIONS = [
    {"heading_invariant": heading, "root_height": height}
    for heading, height in itertools.product((False, True), repeat=2)
]


def on_gpu(arrays):
    return [torch.from_numpy(a).cuda() for a in arrays]


@pytest.mark.parametrize(("steps", "columns"), [(1, 1), (7, 1), (17, 33), (32, 4096)])
@pytest.mark.parametrize("done", [0.0, 0.1, 1.0])
def test_gae_agrees_with_the_reference(steps, columns, done):
    inputs = rollout(steps, columns, done=done)
    expected = reference.gae(*inputs, GAMMA, LAM)
    for found, want in zip(kernels.gae(*on_gpu(inputs), GAMMA, LAM), expected, strict=True):
        assert found.is_cuda and found.dtype == torch.float32
        assert relative_error(found.cpu(), want) < 1e-5


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("shape", [(1, 1, 0, 0, 0), (3, 2, 1, 1, 0), (65, 10, 30, 29, 5)])
def test_disc_obs_agrees_with_the_reference(shape, options):
    inputs = windows(*shape)
    found = kernels.disc_obs(*on_gpu(inputs), **options)
    assert found.is_cuda and found.dtype == torch.float32
    assert relative_error(found.cpu(), reference.disc_obs(*inputs, **options)) < 1e-5


def test_work_goes_to_the_current_stream():
    inputs = on_gpu(windows(64, 10, 30, 29, 5))
    expected = kernels.disc_obs(*inputs, **OPTIONS[3])
    torch.cuda.synchronize()
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(50_000_000)  # the work must queue behind this
        inputs[5].zero_()
        found = kernels.disc_obs(*inputs, **OPTIONS[3])
        assert not stream.query()
    stream.synchronize()
    changed = (found != expected).view(64, 10, -1)
    assert changed[..., -29:].any() and not changed[..., :-29].any()


def test_a_cuda_graph_captures_both_kernels():
    motion, returns = on_gpu(windows(8, 10, 4, 3, 2)), on_gpu(rollout(9, 40))

    def work():
        return kernels.disc_obs(*motion, **OPTIONS[3]), *kernels.gae(*returns, GAMMA, LAM)

    work()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = work()
    for array in (motion[2], returns[0]):
        array.normal_()
    graph.replay()
    for found, want in zip(captured, work(), strict=True):
        torch.testing.assert_close(found, want, rtol=0, atol=0)


def test_arrays_on_different_devices_are_refused():
    inputs = on_gpu(rollout(3, 4))
    inputs[2] = inputs[2].cpu()
    with pytest.raises(kernels.ArrayError, match="next_values is on the CPU but rewards is"):
        kernels.gae(*inputs, GAMMA, LAM)
    with pytest.raises(kernels.ArrayError, match="is on"):
        kernels.gae(*[inputs[2], *on_gpu(rollout(3, 4))[1:]], GAMMA, LAM)


def test_bad_cuda_tensors_are_refused():
    inputs = on_gpu(windows(2, 3, 4, 5, 6))
    for index, bad in [(0, inputs[0].double()), (1, inputs[1].transpose(0, 1)), (4, inputs[3])]:
        arrays = [*inputs]
        arrays[index] = bad
        with pytest.raises(kernels.ArrayError):
            kernels.disc_obs(*arrays, **OPTIONS[3])
    size = kernels.disc_obs(*inputs, **OPTIONS[3]).numel()
    block = torch.ones(size, device="cuda")
    inputs[4] = block[: inputs[4].numel()].view_as(inputs[4])
    with pytest.raises(kernels.ArrayError, match="shares memory with joint_rot"):
        kernels.disc_obs(*inputs, **OPTIONS[3], out=block.view(2, -1))


def test_the_cuda_module_is_in_use_where_it_is_built():
    pytest.importorskip("amp_sdk._cuda", reason="the CUDA module is not built here")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kernels.gae(*on_gpu(rollout(3, 4)), GAMMA, LAM)
