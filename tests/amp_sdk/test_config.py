"""Typed configuration: round trips, and one error that names the key for whatever is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Literal, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_sdk.config import from_mapping, load_yaml, to_mapping, with_overrides
from amp_sdk.errors import InputError


@dataclass(frozen=True)
class Inner:
    rate: float = 1e-3
    hidden: Tuple[int, ...] = (64, 32)
    bounds: Optional[Tuple[float, float]] = None

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise InputError(f"rate must be positive, found {self.rate}")


@dataclass(frozen=True)
class Outer:
    name: str
    steps: int = 10
    fast: bool = False
    loss: Literal["lsgan", "bce"] = "lsgan"
    level: Literal[1, 2] = 1
    gains: Dict[str, float] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)
    parts: Tuple[Inner, ...] = ()


def read(**values) -> Outer:
    return from_mapping(Outer, {"name": "n", **values}, "r.yaml")


finite = st.floats(allow_nan=False, allow_infinity=False)
inner = st.builds(
    Inner,
    rate=finite.filter(lambda x: x > 0),
    hidden=st.lists(st.integers()).map(tuple),
    bounds=st.none() | st.tuples(finite, finite),
)
outer = st.builds(
    Outer,
    name=st.text(),
    steps=st.integers(),
    fast=st.booleans(),
    loss=st.sampled_from(["lsgan", "bce"]),
    gains=st.dictionaries(st.text(), finite),
    inner=inner,
    parts=st.lists(inner, max_size=3).map(tuple),
)


@given(outer)
def test_mapping_and_back_is_the_same(config: Outer) -> None:
    assert from_mapping(Outer, to_mapping(config), "x") == config


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.0e-4", 1e-4),
        ("3", 3.0),
        ("+2E3", 2000.0),
        (".5", 0.5),
        ("-1_000.5", -1000.5),
    ],
)
def test_every_spelling_of_a_number(text: str, value: float) -> None:
    mapping = with_overrides({"name": "n"}, [f"inner.rate={text.lstrip('-')}"])
    assert from_mapping(Outer, mapping, "x").inner.rate == abs(value)


@pytest.mark.parametrize("text", ["1e3", "1000.0", "1.0e+3", "1000", "1_000"])
def test_whole_numbers_in_every_spelling(text: str) -> None:
    steps = from_mapping(Outer, with_overrides({"name": "n"}, [f"steps={text}"]), "x").steps
    assert steps == 1000 and type(steps) is int


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"stpes": 3}, r"r.yaml: unknown key 'stpes'; did you mean 'steps'\? valid: fast, gains"),
        ({"inner": {"rat": 3}}, r"unknown key 'inner.rat'; did you mean 'rate'"),
        ({"parts": [{}, {"rat": 1}]}, r"unknown key 'parts\[1\].rat'"),
        ({"inner": {"rate": -1}}, r"^r.yaml: 'inner': rate must be positive, found -1.0$"),
        ({"parts": [{"rate": 0}]}, r"^r.yaml: 'parts\[0\]': rate must be positive, found 0.0$"),
        ({"inner": 3}, "'inner': expected keys and values, found 3"),
        ({"inner": {"rate": "fast"}}, "'inner.rate': expected a finite number, found 'fast'"),
        ({"inner": {"rate": float("nan")}}, "'inner.rate': expected a finite number, found nan"),
        ({"inner": {"rate": "nan"}}, "expected a finite number, found 'nan'"),
        ({"inner": {"rate": "1e999"}}, "expected a finite number"),
        ({"inner": {"rate": 10**400}}, "expected a finite number"),
        ({"inner": {"rate": True}}, "expected a finite number, found True"),
        ({"inner": {"rate": None}}, "expected a finite number, found None"),
        ({"inner": {"rate": b"1"}}, "expected a finite number"),
        ({"inner": {"hidden": 64}}, r"'inner.hidden': expected a list such as \[a, b\], found 64"),
        ({"inner": {"hidden": "64"}}, "expected a list"),
        ({"inner": {"hidden": [64, 0.5]}}, r"'inner.hidden\[1\]': expected a whole number"),
        ({"inner": {"bounds": [1]}}, r"'inner.bounds': expected 2 values, found 1"),
        ({"inner": {"bounds": [1, "b"]}}, r"'inner.bounds\[1\]': expected a finite number"),
        ({"steps": True}, "'steps': expected a whole number, found True"),
        ({"steps": 1.5}, "'steps': expected a whole number, found 1.5"),
        ({"steps": "many"}, "'steps': expected a whole number, found 'many'"),
        ({"steps": float("inf")}, "'steps': expected a whole number, found inf"),
        ({"fast": 1}, "'fast': expected true or false, found 1"),
        ({"fast": "true"}, "'fast': expected true or false, found 'true'"),
        ({"loss": "lsgann"}, r"'loss': unknown value 'lsgann'; did you mean 'lsgan'\? valid: bce"),
        ({"loss": ["bce"]}, "'loss': unknown value"),
        ({"level": True}, "'level': unknown value True"),
        ({"level": 1.0}, "'level': unknown value 1.0"),
        ({"gains": [1]}, r"'gains': expected keys and values, found \[1\]"),
        ({"gains": {"hip": "x"}}, "'gains.hip': expected a finite number"),
        ({"name": 3}, "'name': expected text, found 3"),
        ({"name": None}, "'name': expected text, found None"),
    ],
)
def test_each_mistake_is_one_error_that_names_the_key(values: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(**values)
    assert str(caught.value).startswith("r.yaml: ") and "\n" not in str(caught.value)


def test_a_missing_key_and_a_file_that_is_no_mapping() -> None:
    with pytest.raises(InputError, match="^r.yaml: missing key 'name'$"):
        from_mapping(Outer, {}, "r.yaml")
    with pytest.raises(InputError, match="^r.yaml: expected keys and values, found 3"):
        from_mapping(Outer, 3, "r.yaml")  # type: ignore[arg-type]


def test_an_empty_section_takes_its_defaults() -> None:
    assert read(inner=None, gains={}).inner == Inner()


def test_a_field_that_cannot_be_configured_is_a_mistake_of_the_programmer() -> None:
    @dataclass(frozen=True)
    class Wrong:
        values: List[int] = field(default_factory=list)

    from_mapping.__globals__.setdefault("List", List)
    with pytest.raises(TypeError, match="values: configuration fields cannot be annotated"):
        from_mapping(Wrong, {"values": [1]}, "x")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: 1\na: 2\n", "key 'a' twice"),
        (b"a: {b: 1, b: 2}\n", "key 'b' twice"),
        (b"1: 2\n", "key 1 is not text"),
        (b"? [1, 2]\n: 3\n", "is not text"),
        (b"a: &x 1\nb: *x\n", "anchors and aliases are not allowed"),
        (b"a: &x [*x]\n", "anchors and aliases are not allowed"),
        (b"<<: {a: 1}\n", "not valid YAML"),
        (b"a: [1, 2\n", "not valid YAML"),
        (b"a: 1\n---\nb: 2\n", "not valid YAML"),
        (b"a: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
        (b"a: 2024-99-99\n", "not valid YAML"),
        (b"a: " + b"[" * 10_000, "not valid YAML"),
        (b"a: " + b"9" * 10_000 + b"\n", "not valid YAML"),
        (b"a: \x01\n", "not valid YAML"),
        (b"- 1\n", "expected a mapping of keys to values, found list"),
        (b"", "found an empty file"),
        (b"\xff\xfe\x00", "expected YAML text, found binary data"),
    ],
)
def test_broken_files_are_one_error(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "r.yaml"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        load_yaml(file)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)


def test_good_and_missing_files(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: {b: [1, x, null, true]}\n")
    assert load_yaml(file) == {"a": {"b": [1, "x", None, True]}}
    with pytest.raises(InputError, match="No such file"):
        load_yaml(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="Is a directory"):
        load_yaml(tmp_path)


def test_overrides_change_a_copy() -> None:
    mapping = {"inner": {"rate": 1.0}, "gains": None}
    changed = with_overrides(mapping, ["inner.rate=2", "gains.hip=3", "inner.hidden=[1, 2]", "n="])
    assert changed == {"inner": {"rate": 2, "hidden": [1, 2]}, "gains": {"hip": 3}, "n": None}
    assert mapping == {"inner": {"rate": 1.0}, "gains": None}
    assert with_overrides(mapping, ["inner={rate: 5}"])["inner"] == {"rate": 5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "expected key.path=value"),
        ("=3", "expected key.path=value"),
        ("a..b=3", "expected key.path=value"),
        ("inner.rate.x=3", "'rate' is a value and has no keys below it"),
        ("a=[1", "the value is not valid YAML"),
        ("a=" + "[" * 5000, "the value is not valid YAML"),
    ],
)
def test_wrong_overrides_are_one_error(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        with_overrides({"inner": {"rate": 1.0}}, [text])
    assert "--set" in str(caught.value) and "\n" not in str(caught.value)
