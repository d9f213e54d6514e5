"""How a record counts in the report of a run: once, with its latest outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from duebridge.core.engine.changes import Change
from duebridge.core.engine.report import Report
from duebridge.core.store.records import Records, Stored

#: What was removed at the target because it is no longer eligible is still at the source, and left out from then on.
_AGAIN = {"created": "unchanged", "updated": "unchanged", "deleted": "skipped"}


class Counting:
    """Counts records for one run; a row marked with the run has been counted before."""

    def __init__(self, report: Report) -> None:
        """Count in `report`."""
        self._report = report
        self._run = report.run
        self._gone: set[str] = set()

    def record(self, kind: str, stored: Stored | None, outcome: str, code: str) -> None:
        """Count a record, or move it from the outcome it was counted with."""
        if stored is None or stored.run != self._run:
            self._report.count(kind, outcome, code)
        elif stored.gone:  # it was not among those read, and is back within the same run
            self._take_back(stored)
            self._report.count(kind, outcome, code)
        else:
            self._report.move(kind, (stored.outcome, stored.code), (outcome, code))

    def _take_back(self, stored: Stored) -> None:
        if stored.key in self._gone:
            self._gone.remove(stored.key)
            self._report.aside(stored.kind, "gone", -1)

    def vanished(self, change: Change) -> None:
        """Count a record no longer at the source, when it is held and newly gone; it is not among those read."""
        stored = change.stored
        if stored is None or stored.gone:
            return
        if stored.run == self._run:
            self._report.uncount(stored.kind, stored.outcome, stored.code)
        if stored.held and not change.due:
            self._gone.add(stored.key)
            self._report.aside(stored.kind, "gone")

    def unchanged(self, records: Records, rows: Sequence[Stored], crawl: int | None) -> None:
        """Count rows read again without a change, and mark them."""
        values: dict[str, Any] = {"run": self._run} if crawl is None else {"run": self._run, "crawl": crawl}
        settled: list[int] = []
        others: list[int] = []
        for row in rows:
            outcome = row.outcome
            if row.run != self._run:
                outcome = _read_again(row)
                self._report.count(row.kind, outcome, row.code)
            (settled if outcome == "unchanged" else others).append(row.n)
        records.touch(settled, values | {"outcome": "unchanged"})
        records.touch(others, values)

    def counted(self, rows: Sequence[Stored], crawl: int | None) -> dict[str, Stored]:
        """Return by key what `unchanged` has made of rows, for those who look at them afterwards."""
        return {
            row.key: row._replace(
                run=self._run,
                outcome=row.outcome if row.run == self._run else _read_again(row),
                crawl=row.crawl if crawl is None else crawl,
            )
            for row in rows
        }


def _read_again(row: Stored) -> str:
    """How a row of an earlier run counts when it is read again without a change."""
    return _AGAIN.get(row.outcome, row.outcome)
