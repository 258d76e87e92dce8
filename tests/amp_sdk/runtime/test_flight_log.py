"""What the recorder wrote is read back to the bit; cut and damaged files up to the last record."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from flight_runs import Run, loop_config, random_tick
from hypothesis import given
from hypothesis import strategies as st

from amp_sdk.errors import InputError
from amp_sdk.runtime._native import native
from amp_sdk.runtime.flight_header import write_header
from amp_sdk.runtime.flight_log import DamagedRecordWarning, FlightLog
from amp_sdk.runtime.flight_start import make_header

JOINTS, OBSERVATION, TICKS = 3, 700, 40


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory):
    """(file, the ticks in it): random numbers, the observation longer than a cell."""
    path = tmp_path_factory.mktemp("flight") / "run.flight"
    rng = np.random.default_rng(3)
    ticks = [random_tick(rng, JOINTS, OBSERVATION) for _ in range(TICKS)]
    run = Run(path, (), ("a", "b", "c"))
    for tick in ticks:
        run.recorder.record(tick)
    run.close()
    return path, ticks


def same_bits(a, b) -> bool:
    return np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()


def test_every_member_comes_back(record) -> None:
    path, ticks = record
    log = FlightLog(path)
    assert log.complete and log.lost_cells == 0 and len(log.ticks) == TICKS
    for field in log.header.tick_fields:
        for found, tick in zip(log.ticks[field.name], ticks, strict=True):
            part, _, name = field.name.partition(".")
            written = tick["status"]["timing"] if part == "timing" else tick[part]
            written = written[name] if name else written
            written = written[:JOINTS] if written.shape == (64,) else written
            assert same_bits(found, written), field.name


def test_answers_come_back_with_their_observations(record) -> None:
    path, ticks = record
    answers = [tick["target"] for tick in ticks if tick["has_target"]]
    (records,) = FlightLog(path).policies.values()
    assert records.slot == 1 and len(records.rows) == len(answers) > 5
    assert records.observation.nbytes > 2 * len(answers) * FlightLog(path).header.cell_bytes
    for row, observation, answer in zip(records.rows, records.observation, answers, strict=True):
        assert same_bits(observation, answer["observation"][:OBSERVATION])
        assert same_bits(row["action"], answer["action"][:JOINTS])
        assert same_bits(row["sequence"], answer["sequence"])


def test_all_members_of_the_messages_are_recorded() -> None:
    layout = native().record_layout(5)
    names = {name for name, _, _, _ in layout["tick"]}
    dtype = native().DTYPES["TickRecord"]
    for part in ("state", "operator_input", "command", "status"):
        missing = {f"{part}.{name}" for name in dtype[part].names} - names
        assert missing <= {f"{part}.reserved", "status.timing"}
    assert {f"timing.{name}" for name in dtype["status"]["timing"].names} <= names
    policy = {name for name, _, _, _ in layout["policy"]}
    assert set(dtype["target"].names) - policy == {"observation"}


def test_fields_neither_overlap_nor_leave_the_cell() -> None:
    for joints in (1, 12, 29, 64):
        layout = native().record_layout(joints)
        end = 0
        for _, kind, count, offset in layout["tick"]:
            assert offset == end
            end = offset + int(kind[2]) * max(1, count)
        assert 16 + end <= layout["cell_bytes"] < 16 + end + 8


@given(st.integers(0, 20_000))
def test_a_file_cut_anywhere_reads_to_its_last_whole_record(record, lost: int) -> None:
    path, _ = record
    whole = FlightLog(path)
    data = path.read_bytes()[: max(0, path.stat().st_size - lost)]
    cut = path.with_name("cut.flight")
    cut.write_bytes(data)
    cells, rest = divmod(len(data) - start(path), whole.header.cell_bytes)
    kinds = whole._cells["head"]["kind"][:cells]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        log = FlightLog(cut)
    assert len(caught) == (1 if rest or not cells else 0)
    assert log.complete == (not lost) and len(log.ticks) == int((kinds == 1).sum())
    assert log.ticks.tobytes() == whole.ticks[: len(log.ticks)].tobytes()
    found, everything = log.policies.get(1), whole.policies[1]
    answers = 0 if found is None else len(found.rows)
    parts = int(whole._cells["head"]["part"].max()) + 1
    assert answers == int((kinds == 2).sum()) // parts
    if found is not None:
        assert same_bits(found.observation, everything.observation[:answers])


def start(path: Path) -> int:
    """Where the cells begin."""
    return struct.unpack_from("<I", path.read_bytes(), 12)[0]


@pytest.mark.parametrize("at", [4, 16, 100])
def test_damage_ends_what_is_read_and_is_named(record, tmp_path: Path, at: int) -> None:
    path, _ = record
    data = bytearray(path.read_bytes())
    cell = FlightLog(path).header.cell_bytes
    data[start(path) + 9 * cell + at] ^= 1
    damaged = tmp_path / "damaged.flight"
    damaged.write_bytes(data)
    with pytest.warns(DamagedRecordWarning, match="record 9 of"):
        log = FlightLog(damaged)
    assert len(log._cells) == 9 and not log.complete


def test_other_files_are_one_error(tmp_path: Path, record) -> None:
    path, _ = record
    good = path.read_bytes()
    cases = {
        b"": "another kind",
        b"\x89PNG" * 100: "another kind",
        good[:40]: "header is cut",
        good[:8] + struct.pack("<I", 2) + good[12:]: "version 2",
        good[:30] + b"x" + good[31:]: "damaged",
        good[:12] + struct.pack("<2I", 2**31, 2**31 - 1) + good[20:]: "damaged",
    }
    for data, part in cases.items():
        file = tmp_path / "other"
        file.write_bytes(data)
        with pytest.raises(InputError, match=part) as info:
            FlightLog(file)
        assert "\n" not in str(info.value)
    with pytest.raises(InputError, match="cannot read"):
        FlightLog(tmp_path / "none")


def test_a_record_is_never_replaced(record) -> None:
    path, _ = record
    with pytest.raises(InputError, match="already"):
        write_header(path, make_header("toy", "toy_1", ("a",), (), 0.002))


def test_a_recorder_needs_its_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no flight record"):
        native().FlightRecorder(str(tmp_path / "none" / "x"), loop_config(3))
    Run(tmp_path / "run", (), ("a", "b", "c")).close()
    with pytest.raises(RuntimeError, match="just begun"):
        native().FlightRecorder(str(tmp_path / "run"), loop_config(3))


RECORD_FOREVER = """
import sys, time
import numpy as np
from flight_runs import Run, random_tick
rng = np.random.default_rng(0)
tick = random_tick(rng, 3, 48)
run = Run(sys.argv[1], (), ("a", "b", "c"))
n = 0
while True:
    tick["status"]["tick"] = n
    run.recorder.record(tick)
    print(n, time.monotonic(), flush=True)
    n += 1
    time.sleep(0.002)
"""


def test_a_killed_process_loses_less_than_a_second(tmp_path: Path) -> None:
    path = tmp_path / "killed.flight"
    helpers = str(Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": helpers}
    child = subprocess.Popen(
        [sys.executable, "-c", RECORD_FOREVER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert child.stdout is not None
    lines = []
    begin = time.monotonic()
    for line in child.stdout:
        lines.append(line)
        if time.monotonic() - begin > 1.5 and len(lines) > 50:
            break
    child.send_signal(signal.SIGKILL)
    lines += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedRecordWarning)  # it may have been cut in a record
        log = FlightLog(path)
    times = {int(n): float(t) for n, t in (x.split() for x in lines if len(x.split()) == 2)}
    numbers = log.ticks["status.tick"].tolist()
    assert numbers == list(range(len(numbers))) and numbers
    assert times[max(times)] - times[numbers[-1]] < 1.0
    assert not log.complete and log.lost_cells == 0
