"""What a verification prints: progress for a person on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from amp_sim2sim.measures import measures
from amp_sim2sim.verify import Results


@contextlib.contextmanager
def progress(title: str, total: int) -> Iterator[Callable[..., None]]:
    """A function to call, with anything, for each of ``total`` finished things."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        print(f"{title}: {total}", file=sys.stderr, flush=True)
        yield lambda *_: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda *_: bar.advance(task)


def print_results(results: Results) -> None:
    """Verdict and measures, a line each."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(f"{results.policy} on {results.robot} ({results.variant})")
    for c in results.criteria:
        word, colour = "    ", "none"
        if c.passed is not None:
            word, colour = ("pass", "green") if c.passed else ("FAIL", "bold red")
        console.print(f"  {word}", style=colour, end="")
        console.print(f"  {c.name:<24}  {c.text}")
    for name, value, meaning in measures(results.summary, results.targets):
        console.print(f"        {name:<24}  {value}  ({meaning})")
    falls = [e for e in results.episodes if e.fall is not None]
    for e in falls[:5]:
        assert e.fall is not None
        console.print(f"        episode {e.number} ended at {e.fall.time_s:.2f} s: {e.fall.reason}")
    if len(falls) > 5:
        console.print(f"        and {len(falls) - 5} more")
    if results.passed:
        console.print("passed", style="bold green")
    else:
        console.print("failed", style="bold red")
