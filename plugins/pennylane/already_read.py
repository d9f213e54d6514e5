"""Which events a crawl has already seen the effect of.

A crawl's bookmark lies a few minutes before its beginning, so its first change read meets events of rows the crawl has
read since. An event that entered the pipeline before the crawl began, of a row that was read as new as the event says
or newer, changes nothing: following it would cost requests for what is known. Anything less certain is followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from duebridge.core.api import Json, Raw, Record
from duebridge.plugins.pennylane.instants import parsed, written
from duebridge.plugins.pennylane.paging import identity

#: More rows than this changed within minutes: reading them once more is cheaper than remembering them.
MOST = 1000


@dataclass(frozen=True, slots=True)
class AlreadyRead:
    """`rows` maps ids of rows read by a crawl begun at `until` to their `updated_at`; None when there were too many."""

    until: datetime | None = None
    rows: Mapping[str, datetime] | None = field(default_factory=dict)

    def with_rows(self, rows: Iterable[Raw | Record], since: datetime | None) -> AlreadyRead:
        """With those of `rows` that changed after `since` too."""
        if self.rows is None or since is None:
            return self
        recent = {identity(row): at for row in rows if (at := _updated(row)) is not None and at >= since}
        known = {**self.rows, **recent}
        return AlreadyRead(self.until, known if len(known) <= MOST else None)

    def covers(self, row: str, processed: datetime, updated: datetime | None) -> bool:
        """Whether an insert or update of `row`, `processed` at that instant, is in what the crawl read."""
        read = (self.rows or {}).get(row)
        if read is None or updated is None or self.until is None:
            return False
        return processed <= self.until and updated <= read

    def position(self) -> dict[str, Json]:
        """As JSON, for a cursor."""
        if not self.rows or self.until is None:
            return {}
        rows = {row: written(at) for row, at in self.rows.items()}
        return {"read": {"until": written(self.until), "rows": rows}}


def already_read(position: Mapping[str, Json]) -> AlreadyRead:
    """What a cursor's position says was read; nothing when it says nothing."""
    read = position.get("read")
    if not isinstance(read, dict):
        return AlreadyRead()
    rows = {row: at for row, said in read["rows"].items() if (at := parsed(said)) is not None}
    return AlreadyRead(parsed(read["until"]), rows)


def _updated(row: Raw | Record) -> datetime | None:
    if isinstance(row, Record):
        at: datetime | None = getattr(row, "updated_at", None)
        return at
    return parsed(row.get("updated_at"))
