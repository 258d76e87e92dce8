"""Plain text tables for terminals."""

from __future__ import annotations

from typing import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "  ") -> str:
    """Aligned columns under ``head``; columns of numbers to the right, text to the left."""
    columns = list(zip(head, *rows))
    widths = [max(len(cell) for cell in column) for column in columns]
    numeric = [all(_is_number(cell) for cell in column[1:]) for column in columns]

    def line(cells: Sequence[str]) -> str:
        aligned = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric)
        ]
        return (indent + "  ".join(aligned)).rstrip()

    return "\n".join(line(cells) for cells in (head, *rows))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell in ("", "-")
    return True
