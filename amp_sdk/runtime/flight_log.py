"""Reads flight records; ``amp_sdk.runtime.flight_header`` describes the file."""

from __future__ import annotations

import os
import warnings
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Dict, List, Tuple, Union

import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.runtime.flight_header import END, HEAD, POLICY, TICK, read_header, record_dtype


class DamagedRecordWarning(UserWarning):
    """A flight record was cut, or is damaged; what comes before is read."""


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
        self.header, start = read_header(path)
        self._cells = self._map(start)
        kinds = self._cells["head"]["kind"]
        self.complete = bool(len(kinds) and kinds[-1] == END)
        self.lost_cells = _gaps(self._cells["head"]["number"])

    @cached_property
    def ticks(self) -> np.ndarray:
        """Every tick, ``[N]``, with the fields of the header, such as ``state.joint_pos [J]``."""
        ticks = self._cells["payload"][self._cells["head"]["kind"] == TICK]
        room = self.header.cell_bytes - HEAD.itemsize
        return np.ascontiguousarray(ticks).view(record_dtype(self.header.tick_fields, room))[:, 0]

    @cached_property
    def policies(self) -> Dict[int, PolicyRecords]:
        """The policies' answers by slot. One that lost a part is left out."""
        dtype = record_dtype(self.header.policy_fields, self.header.policy_bytes)
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
        index = np.flatnonzero(head["kind"] == POLICY)
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
            [("head", HEAD), ("payload", "u1", (self.header.cell_bytes - HEAD.itemsize,))]
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


def _whole_cells(cells: np.ndarray) -> int:
    """How many cells from the first on are as they were written."""
    size, crc = cells.dtype.itemsize, cells["head"]["crc"].tolist()
    raw = cells.view(np.uint8).data
    for i, expected in enumerate(crc):
        if zlib.crc32(raw[i * size + 4 : (i + 1) * size]) != expected:
            return i
    return len(cells)


def _gaps(numbers: np.ndarray) -> int:
    """How many cells are missing between the first number (0) and the last."""
    return int(numbers[-1]) + 1 - len(numbers) if len(numbers) else 0
