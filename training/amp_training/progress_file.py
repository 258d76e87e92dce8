"""``progress.csv``: one row an iteration, in step with the checkpoint that a run goes on from."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Dict, List, Optional

from amp_sdk._files import atomic_write

NAME = "progress.csv"


def read_rows(path: Path) -> List[Dict[str, str]]:
    """The rows of a progress file, without a last one that was cut short."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if None not in row.values()]


class ProgressFile:
    """Appends rows; those after ``iterations`` (written after the last checkpoint) are dropped."""

    def __init__(self, path: Path, iterations: int) -> None:
        self._path = path
        self._kept = [row for row in read_rows(path) if int(row["iteration"]) <= iterations]
        self._writer: Optional[csv.DictWriter] = None
        self._file = path.open("a", newline="", encoding="utf-8")

    def write(self, row: Dict[str, float]) -> None:
        """Append ``row``; the first one also decides on the columns. Raises OSError."""
        if self._writer is None:
            self._begin(list(row))
        assert self._writer is not None
        self._writer.writerow(row)
        self._file.flush()

    def _begin(self, columns: List[str]) -> None:
        """Write the kept rows anew, with the columns that this version of the package has."""
        self._file.close()
        with atomic_write(self._path, binary=False) as file:
            writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self._kept)
        self._kept = []
        self._file = self._path.open("a", newline="", encoding="utf-8")
        self._writer = csv.DictWriter(self._file, columns)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()
