"""How is a run's end kept when the database may refuse it? What ended the run is what its operator sees."""

from __future__ import annotations

from collections.abc import Callable

from duebridge.core.engine.report import Report
from duebridge.core.errors import RunError


def keep_end(report: Report, keep: Callable[[], None]) -> None:
    """Call `keep`, which stores how the run ended; when it can't, `report` says so beside what went wrong before."""
    try:
        keep()
    except RunError as error:
        if report.error is None:
            report.fail(error, "incomplete")
        report.note(f"how this run ended could not be kept, so `duebridge runs` shows it as running: {error}")
