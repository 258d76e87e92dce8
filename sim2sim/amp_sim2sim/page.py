"""Pieces of a self-contained HTML page: nothing in it is loaded from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from pathlib import Path

MAX_EMBEDDED_BYTES = 30 * 1024 * 1024

_STYLE = """
:root { color-scheme: light; --ink: #1d2733; --soft: #5d6b7a; --line: #dfe4e9; }
body { margin: 0; background: #f4f6f8; color: var(--ink);
       font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1020px; margin: 0 auto; padding: 28px 20px 60px; }
header { display: flex; align-items: center; gap: 18px; margin-bottom: 18px; flex-wrap: wrap; }
h1 { font-size: 25px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 10px; } h3 { font-size: 14px; margin: 18px 0 6px; }
section { background: #fff; border: 1px solid var(--line); border-radius: 10px;
          padding: 18px 20px; margin: 14px 0; overflow-x: auto; }
.badge { font-weight: 700; letter-spacing: .05em; color: #fff; border-radius: 8px;
         padding: 7px 16px; }
.pass { background: #1e8a4c; } .fail { background: #c0392b; } .info { background: #7d8a97; }
td .badge { padding: 1px 9px; font-size: 12px; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line);
         vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: 13px; }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
img, video { width: 100%; height: auto; display: block; border-radius: 6px; }
p.note, summary { color: var(--soft); } p.note { margin: 8px 0 0; } summary { cursor: pointer; }
"""


def document(title: str, body: Iterable[str]) -> str:
    """The whole page; ``body`` holds HTML."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def section(title: str, content: str) -> str:
    """A titled box around HTML ``content``."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def details(summary: str, content: str) -> str:
    """HTML ``content`` that opens with a click on ``summary``."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def note(text: str) -> str:
    """A remark below a figure; nothing for an empty text."""
    return f'<p class="note">{escape(text)}</p>' if text else ""


def image(svg: str, title: str) -> str:
    """An SVG text as an image."""
    # as an image, so that the identifiers inside several figures cannot meet
    data = base64.b64encode(svg.encode()).decode("ascii")
    return f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{data}">'


def film(folder: Path, video: Path | None, why: str) -> str:
    """A film inside of a page of ``folder``, or linked where it is too large; ``why`` there is
    none."""
    if video is None:
        return note(why)
    source = video.name
    if video.stat().st_size <= MAX_EMBEDDED_BYTES:
        data = base64.b64encode(video.read_bytes()).decode("ascii")
        source = f"data:video/mp4;base64,{data}"
    elif video.parent.resolve() != folder.resolve():
        source = video.resolve().as_uri()
    return f'<video controls autoplay muted loop playsinline src="{source}"></video>' + note(why)


def table(head: Iterable[str], rows: Iterable[list[str]]) -> str:
    """A table; ``head`` is text, the cells of ``rows`` are HTML."""
    top = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _cells(row: list[str]) -> str:
    return "".join(f'<td class="n">{v}</td>' if i else f"<td>{v}</td>" for i, v in enumerate(row))
