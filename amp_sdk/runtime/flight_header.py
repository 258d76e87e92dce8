"""The format of flight records, and their header, which Python writes and the loop appends to.

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
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Tuple, Union

import numpy as np

from amp_sdk.config import from_mapping, to_mapping
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError

MAGIC, VERSION = b"AMPFLOG\n", 1
HEAD = np.dtype([("crc", "<u4"), ("kind", "<u2"), ("part", "<u2"), ("number", "<u8")])
TICK, POLICY, END = 1, 2, 3
_PREFIX = struct.Struct("<8s4I")
_MAX_HEADER = 256 * 1024 * 1024


@dataclass(frozen=True)
class Field:
    """One member of a record: NumPy type, length (0: a number), and where it begins."""

    name: str
    type: str
    count: int
    offset: int

    def __post_init__(self) -> None:
        if self.type not in ("<f8", "<f4", "<i8", "<u8", "<u4"):
            raise InputError(f"type of {self.name!r} is {self.type!r}; expected a known one")
        if not 0 <= self.count <= 4096 or not 0 <= self.offset <= 65536:
            raise InputError(f"count or offset of {self.name!r} is out of range")


@dataclass(frozen=True)
class RecordedPolicy:
    """A policy of the run: its slot, contract as JSON, file and that file's SHA-256 (or "")."""

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
        room = self.cell_bytes - HEAD.itemsize
        if not 0 < room <= 65536 or not 0 < self.policy_bytes <= 65536:
            raise InputError(f"cells of {self.cell_bytes} bytes; expected 17 to 65552")
        for fields, size in ((self.tick_fields, room), (self.policy_fields, self.policy_bytes)):
            dtype = record_dtype(fields, size)
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


def read_header(path: Union[str, Path]) -> Tuple[Header, int]:
    """The header and where the cells begin. Raises InputError for any other file."""
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


def record_dtype(fields: Tuple[Field, ...], size: int) -> np.dtype:
    """The NumPy type of a record of ``size`` bytes. Raises InputError where it is none."""
    spec: Any = {
        "names": [field.name for field in fields],
        "formats": [f.type if f.count == 0 else (f.type, (f.count,)) for f in fields],
        "offsets": [field.offset for field in fields],
        "itemsize": size,
    }
    try:
        return np.dtype(spec)
    except ValueError as error:
        raise InputError(f"the fields of its records do not fit ({error})") from error
