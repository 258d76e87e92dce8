"""Arrays that a kernel cannot use: one clear error each, nothing written, no crash."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from kernel_inputs import rollout, windows

from amp_sdk import kernels
from amp_sdk.errors import InputError

GAE = rollout(3, 4)
WINDOWS = windows(2, 3, 4, 5, 6)
OPTIONS = {"heading_invariant": True, "root_height": True}


def misaligned(array: np.ndarray) -> np.ndarray:
    raw = np.zeros(array.nbytes + 1, np.uint8)
    return np.frombuffer(raw.data, array.dtype, array.size, offset=1).reshape(array.shape)


BAD: dict[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "float64": (lambda a: a.astype(np.float64), "float64"),
    "float16": (lambda a: a.astype(np.float16), "float16"),
    "int64": (lambda a: a.astype(np.int64), "int64"),
    "complex": (lambda a: a.astype(np.complex64), "complex64"),
    "object": (lambda a: a.astype(object), "object"),
    "big endian": (lambda a: a.astype(">f4"), ">f4"),
    "one dimension fewer": (lambda a: a[0], "must have shape"),
    "one dimension more": (lambda a: a[None], "must have shape"),
    "eight dimensions": (lambda a: a.reshape(*a.shape, *[1] * (8 - a.ndim)), "must have shape"),
    "no dimension": (lambda a: np.float32(1) + np.zeros((), np.float32), "must"),
    "another length": (lambda a: np.concatenate([a, a]), "must have shape"),
    "empty": (lambda a: a[:0], "[0,"),
    "every second": (lambda a: np.repeat(a, 2, 0)[::2], "not contiguous"),
    "reversed": (lambda a: a[::-1], "not contiguous"),
    "Fortran order": (np.asfortranarray, "not contiguous"),
    "broadcast": (lambda a: np.broadcast_to(a[:1], a.shape), "not contiguous"),
    "misaligned": (misaligned, "aligned"),
    "list": (lambda a: a.tolist(), "found list"),
    "nothing": (lambda a: None, "found NoneType"),
    "text": (lambda a: "rewards", "found str"),
    "float64 tensor": (lambda a: torch.from_numpy(a).double(), "torch"),
    "tensor with gradient": (lambda a: torch.zeros(a.shape, requires_grad=True), ".detach()"),
    "sparse tensor": (lambda a: torch.zeros(a.shape).to_sparse(), "sparse"),
    "meta tensor": (lambda a: torch.zeros(a.shape, device="meta"), "device 'meta'"),
    "another kind": (torch.from_numpy, "one kind"),
}
FLAGS = (3, 4)  # of gae: misalignment cannot happen to bytes


def gae(inputs=GAE, gamma=0.9, lam=0.9, **kwargs):
    return kernels.gae(*inputs, gamma, lam, **kwargs)


def disc_obs(inputs=WINDOWS, **kwargs):
    return kernels.disc_obs(*inputs, **{**OPTIONS, **kwargs})


def swap(inputs, index, make):
    arrays = list(inputs)
    arrays[index] = make(arrays[index])
    return arrays


@pytest.mark.parametrize(
    ("index", "bad"),
    [(i, bad) for i in range(5) for bad in BAD if not (bad == "misaligned" and i in FLAGS)],
)
def test_gae_names_the_argument_and_what_is_wrong(index, bad):
    make, text = BAD[bad]
    with pytest.raises(kernels.ArrayError) as raised:
        gae(swap(GAE, index, make))
    message = str(raised.value)
    # when the first argument is the odd one out, the second is where it shows
    assert message.startswith(f"gae: {GAE._fields[index]} ") or index == 0, message
    assert text in message or index == 0, message


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("index", range(7))
def test_disc_obs_names_the_argument_and_what_is_wrong(index, bad):
    make, text = BAD[bad]
    with pytest.raises(kernels.ArrayError) as raised:
        disc_obs(swap(WINDOWS, index, make))
    message = str(raised.value)
    assert message.startswith(f"disc_obs: {WINDOWS._fields[index]} ") or index == 0, message
    assert text in message or index == 0, message


@pytest.mark.parametrize("bad", [b for b in BAD if b not in ("nothing",)])
def test_output_buffers_are_checked(bad):
    make, _ = BAD[bad]
    good = np.zeros((3, 4), np.float32)
    for out in [(make(good), good), (good, make(good))]:
        with pytest.raises(kernels.ArrayError):
            gae(out=out)
    with pytest.raises(kernels.ArrayError, match="disc_obs: out "):
        disc_obs(out=make(disc_obs()))


def read_only(array):
    array = array.copy()
    array.setflags(write=False)
    return array


def test_read_only_outputs_are_refused_and_read_only_inputs_are_fine():
    good = np.zeros((3, 4), np.float32)
    with pytest.raises(kernels.ArrayError, match="read-only"):
        gae(out=(good, read_only(good)))
    with pytest.raises(kernels.ArrayError, match="read-only"):
        disc_obs(out=read_only(disc_obs()))
    np.testing.assert_array_equal(gae([read_only(a) for a in GAE]), gae())
    np.testing.assert_array_equal(disc_obs([read_only(a) for a in WINDOWS]), disc_obs())


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_outputs_that_share_memory_are_refused(kind):
    block = np.zeros((5, 4), np.float32)
    inputs = [kind(a) for a in GAE]
    pairs = [
        (kind(block[:3]), kind(block[2:])),
        (kind(block[:3]), kind(block[:3])),
        (inputs[0], kind(block[:3])),
        (kind(block[:3]), inputs[2]),
    ]
    for out in pairs:
        with pytest.raises(kernels.ArrayError, match="shares memory"):
            gae(inputs, out=out)
    # the flags too: bytes inside the buffer
    buffer = np.zeros((3, 4), np.float32)
    failed = buffer.view(np.uint8).ravel()[-12:].reshape(3, 4)
    with pytest.raises(kernels.ArrayError, match="shares memory with failed"):
        gae(GAE._replace(failed=failed), out=(np.zeros_like(buffer), buffer))


@pytest.mark.parametrize("out", [3, (1,), np.zeros((2, 3, 4), np.float32), {}, (None, None)])
def test_gae_wants_a_pair_of_buffers(out):
    with pytest.raises(kernels.ArrayError, match="out"):
        gae(out=out)


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan"), float("inf"), "0.9", None, [0.9]])
def test_discounts_lie_in_the_unit_interval(bad):
    with pytest.raises(kernels.ArrayError, match=r"gamma must be a number in \[0, 1\]"):
        gae(gamma=bad)
    with pytest.raises(kernels.ArrayError, match=r"lam must be a number in \[0, 1\]"):
        gae(lam=bad)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("bad", [1, "yes", None, np.zeros(2, bool)])
def test_options_are_true_or_false(name, bad):
    with pytest.raises(kernels.ArrayError, match=f"{name} must be True or False"):
        disc_obs(**{name: bad})


def test_the_error_is_an_input_error_and_a_value_error():
    assert issubclass(kernels.ArrayError, InputError) and issubclass(kernels.ArrayError, ValueError)


def test_an_error_leaves_the_buffers_alone():
    out = (np.full((3, 4), 7, np.float32), np.full((3, 4), 7, np.float32))
    with pytest.raises(kernels.ArrayError):
        gae(GAE._replace(done=GAE.done[:, :2]), out=out)
    assert np.all(np.stack(out) == 7)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.floats(), max_size=2),
    st.builds(
        lambda shape, dtype, fortran: np.zeros(shape, dtype, order="F" if fortran else "C"),
        st.lists(st.integers(0, 4), max_size=5),
        st.sampled_from(["f4", "f8", ">f4", "?", "u1", "i8", "O", "U3", "M8[s]", "f4,i4"]),
        st.booleans(),
    ),
    st.builds(
        lambda shape, dtype: torch.zeros(shape, dtype=dtype),
        st.lists(st.integers(0, 4), max_size=5),
        st.sampled_from([torch.float32, torch.bfloat16, torch.bool, torch.int64]),
    ),
)


@given(st.data())
def test_anything_at_all_is_an_array_error_or_works(data):
    """Any one or two arguments of either kernel replaced by anything."""
    call, inputs = data.draw(st.sampled_from([(gae, GAE), (disc_obs, WINDOWS)]))
    arrays = list(inputs)
    for _ in range(data.draw(st.integers(1, 2))):
        arrays[data.draw(st.integers(0, len(arrays) - 1))] = data.draw(ANYTHING)
    out = data.draw(st.one_of(st.none(), ANYTHING))
    try:
        call(arrays, out=out)
    except kernels.ArrayError as error:
        assert str(error).startswith(("gae: ", "disc_obs: "))
