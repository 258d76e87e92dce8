from __future__ import annotations

import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amp_sdk.errors import InputError
from amp_sdk.motion.formats import safe_pickle

PLAIN = {
    "fps": 30,
    "frames": [[0.0, 1.5, -2.0], [3, 4, 5.5]],
    "name": "a walk",
    "nested": {"loop": True, "none": None, "pair": (1, 2.0), "big": 2**70},
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_data_comes_back(protocol):
    read = safe_pickle.load(pickle.dumps(PLAIN, protocol), "a file")
    assert read == {**PLAIN, "nested": {**PLAIN["nested"], "pair": [1, 2.0]}}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<i8", "u1", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_numbers_come_back(protocol, dtype, order):
    array = np.array(np.arange(12).reshape(3, 4) % 7, dtype=dtype, order=order)
    read = safe_pickle.load(pickle.dumps({"a": array, "b": array[1, ::2]}, protocol), "a file")
    for name, expected in (("a", array), ("b", array[1, ::2])):
        assert read[name].dtype == array.dtype and np.array_equal(read[name], expected)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_numpy_numbers_become_plain_ones(protocol):
    read = safe_pickle.load(pickle.dumps([np.float64(2.5), np.int32(7)], protocol), "a file")
    assert read == [2.5, 7] and type(read[0]) is float and type(read[1]) is int


def test_module_names_of_both_generations_of_numpy_are_known():
    data = pickle.dumps(np.arange(3.0), protocol=2)
    names = (b"numpy.core.multiarray", b"numpy._core.multiarray")
    assert any(name in data for name in names)
    for name in names:
        for other in names:
            same = safe_pickle.load(data.replace(other, name), "a file")
            assert np.array_equal(same, np.arange(3.0))


class _Runs:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_foreign_name_is_not_run(tmp_path, protocol):
    mark = tmp_path / "it_ran"
    for attack in (_Runs(os.mkdir, str(mark)), _Runs(eval, f"open({str(mark)!r}, 'w')")):
        data = pickle.dumps({"frames": [attack]}, protocol)
        with pytest.raises(InputError, match=r"names (posix\.mkdir|\w+\.eval), which was not run"):
            safe_pickle.load(data, "a file")
        assert not mark.exists()


@pytest.mark.parametrize(
    "value",
    [
        OrderedDict(a=1),
        {1, 2},
        np.array([None, 1], dtype=object),
        np.zeros(2, "i4,f8"),
        np.dtype("f8"),
        np.datetime64("2020-01-01"),
        np.ndarray,
        1j,
        slice(3),
        bytearray(b"x"),
    ],
)
def test_what_is_no_plain_data_is_refused(value):
    with pytest.raises(InputError, match="a file: the pickle"):
        safe_pickle.load(pickle.dumps([value]), "a file")


def test_a_pickle_cut_off_anywhere_is_refused():
    data = pickle.dumps({**PLAIN, "a": np.arange(5.0)}, protocol=4)
    for length in range(len(data)):
        with pytest.raises(InputError, match="truncated or damaged"):
            safe_pickle.load(data[:length], "a file")


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_pickle_gives_a_value_or_one_kind_of_error(data):
    protocol = data.draw(st.integers(0, pickle.HIGHEST_PROTOCOL))
    content = bytearray(pickle.dumps({**PLAIN, "a": np.arange(5.0)}, protocol))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        safe_pickle.load(bytes(content), "a file")
    except InputError:
        pass


@pytest.mark.parametrize(
    "program",
    [
        b"\x80\x02Nr\xff\xff\xff\x7f.",  # a memo of 2**31 entries
        b"\x80\x04\x96\x00\x00\x00\x00\x00\x01\x00\x00.",  # a bytearray of a terabyte
        b"\x80\x02cnumpy\nndarray\n(K\x01K\x02tR.",  # an array made by its constructor
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n}X\x01\x00\x00\x00aK\x01sb.",  # set a state
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nN}X\x0c\x00\x00\x00__defaults__K\x01s\x86b.",
    ],
)
def test_programs_that_are_no_data_are_refused(program):
    with pytest.raises(InputError):
        safe_pickle.load(program, "a file")


def test_what_refers_to_itself_does_not_explode():
    level: list = [1.0]
    for _ in range(12):
        level = [level] * 10  # 10**12 numbers, if written out
    read = safe_pickle.load(pickle.dumps(level), "a file")
    assert len(read) == 10
    circle: list = []
    circle.append(circle)
    again = safe_pickle.load(pickle.dumps(circle), "a file")
    assert again[0] is again
    deep: list = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(InputError, match="nested"):
        safe_pickle.load(pickle.dumps(deep), "a file")
