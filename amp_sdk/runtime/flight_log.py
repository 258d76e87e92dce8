"""Flight records: the header that Python writes, and the reader of what the loop recorded.

One file holds one run. Its layout, which ``csrc/include/amp/runtime/recorder.hpp`` shares:

======== ========= ========================================================================
magic    8 bytes   ``AMPFLOG`` and a line feed
version  u32       1
start    u32       where the cells begin, a multiple of 4096
size     u32       bytes of JSON
crc      u32       CRC-32 of the JSON
JSON               ``Header``; zeros follow up to ``start``
cells              each ``cell_bytes`` long: crc u32 (of the rest), kind u16 (1 tick, 2 policy,
                   3 end), part u16, number u64, payload
======== ========= ========================================================================

All numbers are little-endian. A tick record is the payload of one cell. A policy record (one for
each answer of the policy that the loop used) ends with the observation and takes as many cells as
it needs, their payloads joined in the order of ``part``. ``number`` counts up by one; a gap is as
many cells that were lost because the disk could not keep up. The end cell holds the number of lost
cells, u64, and is there when the loop ended in order. A file cut anywhere reads up to its last
whole cell.
"""

from __future__ import annotations

import json
import os
import struct
import warnings
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Dict, List, Tuple, Union

import numpy as np

from amp_sdk.config import from_mapping, to_mapping
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError

MAGIC, VERSION = b"AMPFLOG\n", 1
_PREFIX = struct.Struct("<8s4I")
_HEAD = np.dtype([("crc", "<u4"), ("kind", "<u2"), ("part", "<u2"), ("number", "<u8")])
_TICK, _POLICY, _END = 1, 2, 3
_MAX_HEADER = 256 * 1024 * 1024


class DamagedRecordWarning(UserWarning):
    """A flight record was cut, or is damaged; what comes before is read."""


@dataclass(frozen=True)
class Field:
    """One member of a record: NumPy type, how many, and where it begins in the record."""

    name: str
    type: str
    count: int
    offset: int

    def __post_init__(self) -> None:
        if self.type not in ("<f8", "<f4", "<i8", "<u8", "<u4"):
            raise InputError(f"type of {self.name!r} is {self.type!r}; expected a known one")
        if not 1 <= self.count <= 4096 or not 0 <= self.offset <= 65536:
            raise InputError(f"count or offset of {self.name!r} is out of range")


@dataclass(frozen=True)
class RecordedPolicy:
    """A policy of the run: its slot, its file, the file's SHA-256 and its contract as JSON."""

    slot: int
    path: str
    sha256: str
    contract: str


@dataclass(frozen=True)
class Header:
    """What is known before the first tick. ``joint_names`` is the order of all joint arrays."""

    robot: str
    variant: str
    joint_names: Tuple[str, ...]
    loop_period_s: float
    created_utc: str
    sdk_version: str
    onnxruntime_version: str
    machine: str
    policies: Tuple[RecordedPolicy, ...]
    cell_bytes: int
    policy_bytes: int
    tick_fields: Tuple[Field, ...]
    policy_fields: Tuple[Field, ...]

    def __post_init__(self) -> None:
        room = self.cell_bytes - _HEAD.itemsize
        if not 0 < room <= 65536 or not 0 < self.policy_bytes <= 65536:
            raise InputError(f"cells of {self.cell_bytes} bytes; expected 17 to 65552")
        for fields, size in ((self.tick_fields, room), (self.policy_fields, self.policy_bytes)):
            dtype = _dtype(fields, size)
            if any(field.name not in (dtype.names or ()) for field in fields):
                raise InputError("the fields of its records do not fit into its cells")

    def contract(self, slot: int) -> PolicyContract:
        """The contract of the policy in ``slot``. Raises InputError where there is none."""
        for policy in self.policies:
            if policy.slot == slot:
                return PolicyContract.from_json(policy.contract, policy.path)
        raise InputError(f"the record names no policy in slot {slot}")


def write_header(path: Union[str, Path], header: Header) -> None:
    """Begin a flight record: a new file with a header, to which the loop appends.

    Raises InputError where it cannot be written or is there already: a record is never replaced.
    """
    text = json.dumps(to_mapping(header)).encode("utf-8")
    start = -(-(_PREFIX.size + len(text)) // 4096) * 4096
    prefix = _PREFIX.pack(MAGIC, VERSION, start, len(text), zlib.crc32(text))
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as file:
            file.write((prefix + text).ljust(start, b"\0"))
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise InputError(f"{path} is there already; name a new file for this flight record") from (
            error
        )
    except OSError as error:
        raise InputError(
            f"cannot write the flight record {path}: {error.strerror or error}; choose a folder "
            "with room that you may write to"
        ) from error


@dataclass(frozen=True)
class PolicyRecords:
    """The answers of one policy slot, in order; ``rows`` has the fields of the header.

    ``observation [N, obs_dim]`` and ``rows["action"] [N, J]`` are float32, bit for bit what the
    network read and returned.
    """

    slot: int
    rows: np.ndarray
    observation: np.ndarray


class FlightLog:
    """A flight record, mapped into memory; nothing of it is run or trusted."""

    def __init__(self, path: Union[str, Path]) -> None:
        """Open and check. Raises InputError for a file that is no flight record.

        A damaged one gives a DamagedRecordWarning and is read up to its last whole cell.
        """
        self.path = str(path)
        self.header, start = _read_header(path)
        self._cells = self._map(start)
        kinds = self._cells["head"]["kind"]
        self.complete = bool(len(kinds) and kinds[-1] == _END)
        self.lost_cells = _gaps(self._cells["head"]["number"])

    @cached_property
    def ticks(self) -> np.ndarray:
        """Every tick, ``[N]``, with the fields of the header, such as ``state.joint_pos [J]``."""
        ticks = self._cells["payload"][self._cells["head"]["kind"] == _TICK]
        room = self.header.cell_bytes - _HEAD.itemsize
        return np.ascontiguousarray(ticks).view(_dtype(self.header.tick_fields, room))[:, 0]

    @cached_property
    def policies(self) -> Dict[int, PolicyRecords]:
        """The policies' answers by slot. One that lost a part is left out."""
        dtype = _dtype(self.header.policy_fields, self.header.policy_bytes)
        groups: Dict[Tuple[int, int], List[bytes]] = {}
        for record in self._policy_bytes():
            row = np.frombuffer(record[: dtype.itemsize], dtype)[0]
            size = int(row["obs_size"])
            whole = dtype.itemsize + 4 * size
            if whole <= len(record) < whole + self.header.cell_bytes:
                groups.setdefault((int(row["policy"]), size), []).append(record[:whole])
        found: Dict[int, PolicyRecords] = {}
        for (slot, size), records in groups.items():
            both = np.dtype([("row", dtype), ("observation", "<f4", (size,))])
            joined = np.frombuffer(b"".join(records), both)
            if slot in found:
                raise InputError(f"{self.path}: policy slot {slot} has two sizes of observations")
            found[slot] = PolicyRecords(slot, joined["row"], joined["observation"])
        return found

    def _policy_bytes(self) -> List[bytes]:
        head = self._cells["head"]
        index = np.flatnonzero(head["kind"] == _POLICY)
        records: List[bytearray] = []
        expected = -1  # the cell's number that continues the last record
        for i in index:
            part, number = int(head["part"][i]), int(head["number"][i])
            payload = self._cells["payload"][i].tobytes()
            if part == 0:
                records.append(bytearray(payload))
            elif number == expected and records:
                records[-1] += payload
            else:
                continue
            expected = number + 1
        return [bytes(record) for record in records]

    def _map(self, start: int) -> np.ndarray:
        size = os.path.getsize(self.path) - start
        cell = np.dtype(
            [("head", _HEAD), ("payload", "u1", (self.header.cell_bytes - _HEAD.itemsize,))]
        )
        count, rest = divmod(max(0, size), cell.itemsize)
        if not count:
            self._warn("it has no records" + (f", only {rest} bytes of one" if rest else ""))
            return np.zeros(0, cell)
        cells = np.memmap(self.path, dtype=cell, mode="r", offset=start, shape=(count,))
        good = _whole_cells(cells)
        if good < count:
            self._warn(f"record {good} of {count} is damaged; what comes before is read")
        elif rest:
            self._warn(f"it ends within a record ({rest} bytes of {cell.itemsize})")
        return cells[:good]

    def _warn(self, what: str) -> None:
        warnings.warn(f"{self.path}: {what}", DamagedRecordWarning, stacklevel=4)


def _read_header(path: Union[str, Path]) -> Tuple[Header, int]:
    foreign = "expected a flight record of amp-sdk (its first bytes are 'AMPFLOG')"
    try:
        with open(path, "rb") as file:
            prefix = file.read(_PREFIX.size)
            if len(prefix) < _PREFIX.size or prefix[: len(MAGIC)] != MAGIC:
                raise InputError(f"{path} is another kind of file; {foreign}")
            _, version, start, size, crc = _PREFIX.unpack(prefix)
            if version != VERSION:
                raise InputError(
                    f"{path} is a flight record of version {version}; this amp-sdk reads version "
                    f"{VERSION}; update amp-sdk"
                )
            if size > _MAX_HEADER or start < _PREFIX.size + size:
                raise InputError(f"{path}: the header is damaged; nothing of it can be read")
            text = file.read(size)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    if len(text) < size or zlib.crc32(text) != crc:
        raise InputError(f"{path}: the header is cut or damaged; nothing of it can be read")
    try:
        mapping = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: the header is no JSON ({error}); {foreign}") from error
    return from_mapping(Header, mapping, str(path)), start


def _dtype(fields: Tuple[Field, ...], size: int) -> np.dtype:
    spec = {
        "names": [field.name for field in fields],
        "formats": [f.type if f.count == 1 else (f.type, (f.count,)) for f in fields],
        "offsets": [field.offset for field in fields],
        "itemsize": size,
    }
    try:
        return np.dtype(spec)
    except ValueError as error:
        raise InputError(f"the fields of its records do not fit ({error})") from error


def _whole_cells(cells: np.ndarray) -> int:
    """How many cells from the first on are as they were written."""
    size, crc = cells.dtype.itemsize, cells["head"]["crc"].tolist()
    raw = memoryview(cells).cast("B")
    for i, expected in enumerate(crc):
        if zlib.crc32(raw[i * size + 4 : (i + 1) * size]) != expected:
            return i
    return len(cells)


def _gaps(numbers: np.ndarray) -> int:
    """How many cells are missing between the first number (0) and the last."""
    return int(numbers[-1]) + 1 - len(numbers) if len(numbers) else 0
