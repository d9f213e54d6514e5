"""How far is a run? A bar on a terminal, a plain line now and then elsewhere; always on stderr."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from duebridge.core.cli.output import console_for_progress, say
from duebridge.core.engine.report import Report

_BAR_SECONDS = 0.2
_LINE_SECONDS = 10.0

Begun = Callable[[Report], None]


@contextmanager
def progress() -> Iterator[Begun]:
    """Yield what is to be called with the report of a run as it begins; its counts are shown until the block ends."""
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def begun(report: Report) -> None:
        watch = _bar if sys.stderr.isatty() else _lines
        thread = threading.Thread(target=watch, args=(report, ended), name="progress", daemon=True)
        threads.append(thread)
        thread.start()

    try:
        yield begun
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def counts(report: Report) -> tuple[int, int]:
    """Return how many records were read so far, and how many of them wait to be written."""
    tallies = list(report.kinds.values())
    return sum(tally.read for tally in tallies), sum(tally.outcomes["planned"] for tally in tallies)


def _bar(report: Report, ended: threading.Event) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console_for_progress(), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        most = 0
        while not ended.wait(_BAR_SECONDS):
            read, waiting = counts(report)
            most = max(most, waiting)
            if waiting < most:
                bar.update(task, description=f"{waiting} to write", total=most, completed=most - waiting)
            else:
                bar.update(task, description=f"{read} read")


def _lines(report: Report, ended: threading.Event) -> None:
    while not ended.wait(_LINE_SECONDS):
        read, waiting = counts(report)
        say(f"{report.connection}: {read} records read, {waiting} to write")
